//! The current builder, as `docker buildx inspect` describes it.

use semver::Version;

use crate::engine::Engine;
use crate::engine::usage::bytes;

/// A builder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Builder {
    pub driver: String,
    /// The versions of BuildKit that its nodes report.
    pub buildkit: Vec<Version>,
    /// The platforms of all its nodes.
    pub platforms: Vec<String>,
    /// The rules by which its cache is collected, in the order in which they apply.
    pub rules: Vec<Rule>,
}

/// A rule of the garbage collector; sizes are bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Record types that the rule is limited to; empty for all.
    pub filters: String,
    /// The time for which a record is kept, as buildx prints it, e.g. `48h0m0s`.
    pub keep: Option<String>,
    pub most: Option<u64>,
    /// Bytes that the rule always leaves, however full the disk is.
    pub reserved: u64,
    pub free: Option<u64>,
}

impl Rule {
    /// Returns whether the rule is for cache mounts in particular.
    pub fn is_for_mounts(&self) -> bool {
        self.filters.contains("type==exec.cachemount")
    }
}

impl Builder {
    /// Returns the current builder; none if buildx does not describe it.
    pub fn of(engine: &Engine) -> Option<Self> {
        let said = engine.output(&["buildx", "inspect"]).ok()?;
        Some(Self::read(&said))
    }

    fn read(said: &str) -> Self {
        let mut builder = Self::default();
        for line in said.lines() {
            let Some((key, value)) = line.trim().split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key {
                "Driver" => builder.driver = value.to_owned(),
                "BuildKit version" => builder.buildkit.extend(release(value)),
                "Platforms" => {
                    // A star marks platforms that the user configured.
                    let names = value
                        .split(',')
                        .map(|name| name.trim().trim_end_matches('*'));
                    builder.platforms.extend(names.map(str::to_owned));
                }
                key if key.starts_with("GC Policy rule#") => builder.rules.push(Rule::default()),
                _ => {
                    if let Some(rule) = builder.rules.last_mut() {
                        match key {
                            "Filters" => value.clone_into(&mut rule.filters),
                            "Keep Duration" => rule.keep = Some(value.to_owned()),
                            // Older versions say `Keep Bytes`.
                            "Max Used Space" | "Keep Bytes" => rule.most = bytes(value),
                            "Reserved Space" => rule.reserved = bytes(value).unwrap_or_default(),
                            "Min Free Space" => rule.free = bytes(value),
                            _ => {}
                        }
                    }
                }
            }
        }
        builder
    }
}

/// Returns the release that a version is of; none for builds without a version, which call themselves `v0.0.0+unknown`.
fn release(said: &str) -> Option<Version> {
    let version = Version::parse(said.trim_start_matches('v')).ok()?;
    let Version {
        major,
        minor,
        patch,
        ..
    } = version;
    let release = Version::new(major, minor, patch);
    (release != Version::new(0, 0, 0)).then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
Name:          default
Driver:        docker

Nodes:
Name:             default
Status:           running
BuildKit version: v0.25.2+ds1
Platforms:        linux/amd64, linux/amd64/v2, linux/arm64*
Labels:
 org.mobyproject.buildkit.worker.snapshotter:          overlayfs
GC Policy rule#0:
 All:            false
 Filters:        type==source.local,type==exec.cachemount,type==source.git.checkout
 Keep Duration:  48h0m0s
 Max Used Space: 3.346GiB
GC Policy rule#1:
 All:            true
 Reserved Space: 24.21GiB
 Max Used Space: 188.1GiB
 Min Free Space: 47.5GiB
";

    #[test]
    fn driver_platforms_and_rules_are_read() {
        let builder = Builder::read(SAID);
        assert_eq!(builder.driver, "docker");
        assert_eq!(builder.buildkit, [Version::new(0, 25, 2)]);
        assert_eq!(release("v0.0.0+unknown"), None);
        assert_eq!(
            builder.platforms,
            ["linux/amd64", "linux/amd64/v2", "linux/arm64"]
        );
        let [mounts, all] = &builder.rules[..] else {
            panic!("{builder:?}");
        };
        assert!(mounts.is_for_mounts() && !all.is_for_mounts());
        assert_eq!(mounts.keep.as_deref(), Some("48h0m0s"));
        assert_eq!(mounts.most, Some(3_592_740_143));
        assert_eq!(all.free, Some(51_002_736_640));
        assert_eq!((mounts.reserved, all.reserved), (0, 25_995_289_559));
    }
}
