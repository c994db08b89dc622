//! Decides which target-specific dependencies a build for given platforms can follow.

use std::collections::BTreeSet;

use cargo_metadata::cargo_platform::{Cfg, CfgExpr, Platform};

/// Returns the platforms that the architecture of a builder is taken from where nobody names one.
pub fn usual() -> [String; 2] {
    ["linux/amd64", "linux/arm64"].map(str::to_owned)
}

/// Returns whether a dependency under `[target.<target>]` can be used on any of `platforms`, such as `linux/amd64`. If
/// only the compiler can say, it counts as used.
///
/// Without `platforms`, images are built for the builder's own platform, which runs Linux.
pub fn may_apply(target: &Platform, platforms: &[String]) -> bool {
    let own = ["linux/".to_owned()];
    let platforms = if platforms.is_empty() {
        &own
    } else {
        platforms
    };
    platforms.iter().any(|platform| {
        let (os, rest) = platform
            .split_once('/')
            .unwrap_or((platform.as_str(), "amd64"));
        let known = PlatformFacts {
            os,
            arch: arch(rest.split('/').next().unwrap_or(rest)),
        };
        match target {
            Platform::Name(triple) => known.is_triple(triple),
            Platform::Cfg(expression) => known.holds(expression) != Some(false),
        }
    })
}

/// Returns `target` with every `cfg` resolved that no compiler sets by itself: it is true if a flag of Cargo's
/// configuration sets it, and false otherwise. `flags` lists those flags as they are written. A build script cannot
/// switch on a dependency.
pub fn decided(target: &Platform, flags: &BTreeSet<String>) -> Platform {
    match target {
        Platform::Name(_) => target.clone(),
        Platform::Cfg(expression) => Platform::Cfg(with_own(expression, flags)),
    }
}

fn with_own(expression: &CfgExpr, flags: &BTreeSet<String>) -> CfgExpr {
    let all = |inner: &[CfgExpr]| inner.iter().map(|inner| with_own(inner, flags)).collect();
    let set = |on| if on { CfgExpr::True } else { CfgExpr::False };
    match expression {
        CfgExpr::Not(inner) => CfgExpr::Not(Box::new(with_own(inner, flags))),
        CfgExpr::All(inner) => CfgExpr::All(all(inner)),
        CfgExpr::Any(inner) => CfgExpr::Any(all(inner)),
        CfgExpr::Value(cfg) if !is_the_compilers(cfg) => {
            let same = |flag: &String| flag.parse::<Cfg>().is_ok_and(|flag| flag == *cfg);
            set(flags.iter().any(same))
        }
        CfgExpr::Value(_) | CfgExpr::True | CfgExpr::False => expression.clone(),
    }
}

/// Returns whether `rustc --print cfg` lists it for some target or flag.
fn is_the_compilers(cfg: &Cfg) -> bool {
    const NAMES: [&str; 5] = [
        "debug_assertions",
        "overflow_checks",
        "ub_checks",
        "unix",
        "windows",
    ];
    const KEYS: [&str; 4] = ["fmt_debug", "panic", "relocation_model", "sanitize"];
    match cfg {
        Cfg::Name(name) => {
            NAMES.contains(&name.as_str())
                || name.as_str().starts_with("target_")
                || name.as_str().starts_with("sanitizer_")
        }
        Cfg::KeyPair(key, _) => KEYS.contains(&key.as_str()) || key.as_str().starts_with("target_"),
    }
}

/// Returns a platform as users write it, such as `linux/arm64`, without the usual variant of an architecture.
pub fn platform_name(os: &str, architecture: &str, variant: Option<&str>) -> String {
    let is_told =
        |variant: &&str| !variant.is_empty() && (architecture, *variant) != ("arm64", "v8");
    let parts = [Some(os), Some(architecture), variant.filter(is_told)];
    Vec::from_iter(parts.into_iter().flatten()).join("/")
}

/// Returns Rust's name of a platform's architecture.
fn arch(docker: &str) -> Option<&'static str> {
    Some(match docker {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "386" => "x86",
        "arm" => "arm",
        "ppc64le" => "powerpc64",
        "riscv64" => "riscv64",
        "s390x" => "s390x",
        _ => return None,
    })
}

/// Returns Rust's name of a platform such as `linux/arm64`, with the GNU C library; `None` if it has none.
pub fn triple(platform: &str) -> Option<String> {
    let (os, docker) = platform.split_once('/')?;
    let (cpu, abi) = match docker {
        "386" => ("i686", "gnu"),
        "arm" | "arm/v7" => ("armv7", "gnueabihf"),
        "arm/v6" => ("arm", "gnueabihf"),
        "arm/v5" => ("armv5te", "gnueabi"),
        "ppc64le" => ("powerpc64le", "gnu"),
        "riscv64" => ("riscv64gc", "gnu"),
        other => (arch(other.split('/').next()?)?, "gnu"),
    };
    (os == "linux").then(|| format!("{cpu}-unknown-linux-{abi}"))
}

/// Known facts about a platform.
struct PlatformFacts<'a> {
    os: &'a str,
    arch: Option<&'static str>,
}

impl PlatformFacts<'_> {
    fn is_triple(&self, triple: &str) -> bool {
        let first = triple.split('-').next().unwrap_or_default();
        let arch = match self.arch {
            None => true,
            Some("x86") => first.len() == 4 && first.starts_with('i') && first.ends_with("86"),
            Some("powerpc64" | "riscv64" | "arm") => {
                first.starts_with(&self.arch.unwrap_or_default()[..3])
            }
            Some(arch) => first == arch,
        };
        arch && triple.contains(self.os)
    }

    /// Returns the value of `expression`, or `None` if it depends on something unknown.
    fn holds(&self, expression: &CfgExpr) -> Option<bool> {
        match expression {
            CfgExpr::Not(inner) => self.holds(inner).map(|value| !value),
            CfgExpr::All(inner) => self.decided(inner, false),
            CfgExpr::Any(inner) => self.decided(inner, true),
            CfgExpr::Value(cfg) => self.is(cfg),
            CfgExpr::True => Some(true),
            CfgExpr::False => Some(false),
        }
    }

    /// Returns `decisive` if one of `inner` has that value, and the opposite if none can have it.
    fn decided(&self, inner: &[CfgExpr], decisive: bool) -> Option<bool> {
        let values: Vec<Option<bool>> = inner.iter().map(|inner| self.holds(inner)).collect();
        if values.contains(&Some(decisive)) {
            return Some(decisive);
        }
        values.iter().all(Option::is_some).then_some(!decisive)
    }

    fn is(&self, cfg: &Cfg) -> Option<bool> {
        let windows = self.os == "windows";
        match cfg {
            Cfg::Name(name) if *name == "windows" => Some(windows),
            Cfg::Name(name) if *name == "unix" => Some(!windows),
            Cfg::KeyPair(key, value) => match key.as_str() {
                "target_os" => Some(value == self.os),
                "target_family" => Some(value == if windows { "windows" } else { "unix" }),
                "target_arch" => self.arch.map(|arch| value == arch),
                _ => None,
            },
            Cfg::Name(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_the_names_that_rust_gives_them() {
        let table = [
            ("linux/amd64", Some("x86_64-unknown-linux-gnu")),
            ("linux/amd64/v3", Some("x86_64-unknown-linux-gnu")),
            ("linux/arm64/v8", Some("aarch64-unknown-linux-gnu")),
            ("linux/arm/v7", Some("armv7-unknown-linux-gnueabihf")),
            ("linux/386", Some("i686-unknown-linux-gnu")),
            ("linux/s390x", Some("s390x-unknown-linux-gnu")),
            ("linux/loong64", None),
            ("windows/amd64", None),
            ("linux", None),
        ];
        for (platform, expected) in table {
            assert_eq!(triple(platform).as_deref(), expected, "{platform}");
        }
    }

    #[test]
    fn a_dependency_is_left_out_only_where_it_cannot_apply() {
        let amd64 = ["linux/amd64".to_owned()];
        let both = ["linux/amd64".to_owned(), "linux/arm64".to_owned()];
        let rows: [(&str, &[String], bool); 17] = [
            ("cfg(target_os = \"linux\")", &[], true),
            ("cfg(target_arch = \"aarch64\")", &[], true),
            ("cfg(windows)", &[], false),
            ("cfg(windows)", &amd64, false),
            ("cfg(unix)", &amd64, true),
            ("cfg(not(unix))", &amd64, false),
            ("cfg(target_os = \"macos\")", &both, false),
            ("cfg(all(unix, not(target_os = \"linux\")))", &both, false),
            ("cfg(any(windows, target_os = \"linux\"))", &both, true),
            ("cfg(target_arch = \"aarch64\")", &amd64, false),
            ("cfg(target_arch = \"aarch64\")", &both, true),
            ("cfg(target_arch = \"wasm32\")", &both, false),
            ("cfg(target_env = \"musl\")", &amd64, true),
            ("cfg(not(target_env = \"msvc\"))", &amd64, true),
            ("x86_64-unknown-linux-gnu", &amd64, true),
            ("aarch64-apple-darwin", &both, false),
            ("x86_64-pc-windows-msvc", &both, false),
        ];
        for (target, platforms, expected) in rows {
            let target: Platform = target.parse().unwrap();
            assert_eq!(may_apply(&target, platforms), expected, "{target}");
        }
    }

    #[test]
    fn a_cfg_that_no_compiler_sets_is_off_unless_a_flag_sets_it() {
        let rows: [(&str, &[&str], bool); 11] = [
            ("cfg(fuzzing)", &[], false),
            ("cfg(fuzzing)", &["fuzzing"], true),
            ("cfg(not(loom))", &[], true),
            ("cfg(not(loom))", &["loom"], false),
            ("cfg(any(madsim, unix))", &[], true),
            ("cfg(all(madsim, unix))", &[], false),
            ("cfg(backend = \"b\")", &["backend=\"a\""], false),
            ("cfg(backend = \"b\")", &["backend=\"b\""], true),
            ("cfg(feature = \"std\")", &[], false),
            ("cfg(target_env = \"musl\")", &[], true),
            ("cfg(debug_assertions)", &[], true),
        ];
        for (target, flags, expected) in rows {
            let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
            let target = decided(&target.parse().unwrap(), &flags);
            assert_eq!(may_apply(&target, &[]), expected, "{target} {flags:?}");
        }
    }
}
