//! `fetched`: the files of `[fetch]` in `bakehouse.toml`. BuildKit fetches each by its checksum, which is also its cache
//! key: a file that the builder has is not fetched again, even if its address changes.

use crate::documents::dockerfile::model::{Instruction, Stage};
use crate::names::StageName;
use crate::plan::Plan;
use crate::plan::config::fetched::STAGE;

/// Renders the stage, after one for each platform if files differ between platforms.
pub fn stages(plan: &Plan) -> Vec<Stage> {
    let files = &plan.config.fetch;
    if files.is_empty() {
        return Vec::new();
    }
    let comment = format!(
        "{STAGE}: the files of [fetch] in bakehouse.toml. BuildKit compares them with their checksums."
    );
    let usual = |name: &str, platform: &str, comment: Vec<String>| Stage {
        comment,
        from: "scratch".to_owned(),
        name: StageName::new(name),
        instructions: files
            .iter()
            .map(|file| Instruction::Add {
                sha256: file.of(platform).sha256.clone(),
                url: file.of(platform).url.clone(),
                target: file.path(),
            })
            .collect(),
    };
    if files.iter().all(|file| file.platforms.is_empty()) {
        return vec![usual(STAGE, "", vec![comment])];
    }
    let platforms = plan.config.platforms.iter();
    let mut stages: Vec<Stage> = platforms
        .map(|platform| {
            let name = format!("{STAGE}-{}", in_a_name(platform));
            let comment = format!("{name}: the files of [fetch] for {platform}.");
            usual(&name, platform, vec![comment])
        })
        .collect();
    stages.push(Stage {
        comment: vec![comment],
        from: format!("{STAGE}-${{TARGETOS}}-${{TARGETARCH}}${{TARGETVARIANT}}"),
        name: StageName::new(STAGE),
        instructions: Vec::new(),
    });
    stages
}

/// Returns a platform as BuildKit's variables name it, with the variant that it adds or leaves out.
fn in_a_name(platform: &str) -> String {
    let mut parts = platform.split('/');
    let (os, arch) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let variant = match (arch, parts.next()) {
        ("arm", None) => "v7",
        ("amd64", Some("v1")) | ("arm64", Some("v8" | "8")) | (_, None) => "",
        (_, Some(variant)) => variant,
    };
    format!("{os}-{arch}{variant}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_named_as_buildkit_does() {
        let table = [
            ("linux/amd64", "linux-amd64"),
            ("linux/arm64/v8", "linux-arm64"),
            ("linux/arm/v7", "linux-armv7"),
            ("linux/arm", "linux-armv7"),
            ("linux/arm/v5", "linux-armv5"),
        ];
        for (platform, name) in table {
            assert_eq!(in_a_name(platform), name);
        }
    }
}
