//! Which target-specific dependencies a build for given platforms can follow.

use cargo_metadata::cargo_platform::{Cfg, CfgExpr, Platform};

/// Whether a dependency under `[target.<target>]` can be used on any of `platforms`, such as `linux/amd64`. What
/// cannot be told without asking the compiler counts as used.
///
/// Without platforms images are for the builder's own, which runs Linux.
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
        let known = Known {
            os,
            arch: arch(rest.split('/').next().unwrap_or(rest)),
        };
        match target {
            Platform::Name(triple) => known.is_triple(triple),
            Platform::Cfg(expression) => known.holds(expression) != Some(false),
        }
    })
}

/// Rust's name of a platform's architecture.
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

/// What is known of a platform.
struct Known<'a> {
    os: &'a str,
    arch: Option<&'static str>,
}

impl Known<'_> {
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

    /// The value of `expression`; `None` when it depends on what is not known.
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

    /// `decisive` when one of `inner` is that, its opposite when all are the opposite.
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
    fn a_dependency_is_left_out_only_where_it_cannot_apply() {
        let amd64 = ["linux/amd64".to_owned()];
        let both = ["linux/amd64".to_owned(), "linux/arm64".to_owned()];
        let rows: [(&str, &[String], bool); 18] = [
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
            ("cfg(tokio_unstable)", &amd64, true),
            ("x86_64-unknown-linux-gnu", &amd64, true),
            ("aarch64-apple-darwin", &both, false),
            ("x86_64-pc-windows-msvc", &both, false),
        ];
        for (target, platforms, expected) in rows {
            let target: Platform = target.parse().unwrap();
            assert_eq!(may_apply(&target, platforms), expected, "{target}");
        }
    }
}
