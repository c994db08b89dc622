//! Files and programs that compiler flags name, and requests for the native processor.

/// A path in a flag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    pub text: String,
    /// Set if it may be a folder.
    pub folder: bool,
}

/// Everything that a list of flags names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub paths: Vec<Path>,
    /// Programs, under the names by which the linker driver finds them.
    pub programs: Vec<String>,
    /// Set if `target-cpu=native` is among them.
    pub native: bool,
}

/// Options of `-C` and `-Z` whose value is passed to the linker.
const FOR_LINKER: [&str; 5] = [
    "link-arg",
    "link-args",
    "post-link-args",
    "pre-link-arg",
    "pre-link-args",
];

/// Options whose value is a file.
const OF_FILES: [&str; 4] = [
    "codegen-backend",
    "llvm-plugins",
    "profile-sample-use",
    "profile-use",
];

impl Flags {
    /// Parses a list of flags.
    pub fn of(words: &[&str]) -> Self {
        let mut flags = Self::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = |short: &str, long: &str| {
                if word == short || word == long {
                    return words.next();
                }
                let long = word
                    .strip_prefix(long)
                    .and_then(|rest| rest.strip_prefix('='));
                long.filter(|_| long.is_some() && word.starts_with("--"))
                    .or_else(|| word.strip_prefix(short))
            };
            if word.starts_with("-C") || word.starts_with("--codegen") {
                if let Some(option) = value("-C", "--codegen") {
                    flags.option(option);
                }
            } else if word.starts_with("-Z") {
                if let Some(option) = value("-Z", "-Z") {
                    flags.option(option);
                }
            } else if word.starts_with("-L") {
                if let Some(path) = value("-L", "-L") {
                    let path = path.split_once('=').map_or(path, |(_, path)| path);
                    flags.path(path, true);
                }
            } else if let Some(path) = word.strip_prefix('@') {
                flags.path(path, false);
            } else if word.starts_with("--extern") {
                if let Some(path) = value("--extern", "--extern") {
                    flags.path(path.split_once('=').map_or("", |(_, path)| path), false);
                }
            } else if word.starts_with("--sysroot")
                && let Some(path) = value("--sysroot", "--sysroot")
            {
                flags.path(path, true);
            }
        }
        flags
    }

    fn option(&mut self, option: &str) {
        let Some((name, value)) = option.split_once('=') else {
            return;
        };
        let name = name.replace('_', "-");
        match name.as_str() {
            "target-cpu" => self.native |= value == "native",
            "linker" if value.contains('/') => self.path(value, false),
            "linker" => self.programs.push(value.to_owned()),
            name if OF_FILES.contains(&name) => self.path(value, false),
            name if FOR_LINKER.contains(&name) => {
                for word in value.split_ascii_whitespace() {
                    self.for_linker(word);
                }
            }
            _ => {}
        }
    }

    /// Handles an argument of the linker, or of the compiler that drives it.
    fn for_linker(&mut self, word: &str) {
        for start in ["-fuse-ld=", "--ld-path="] {
            match word.strip_prefix(start) {
                Some(path) if path.contains('/') => return self.path(path, false),
                Some(name) if start == "--ld-path=" => return self.programs.push(name.to_owned()),
                Some(name) => return self.programs.push(format!("ld.{name}")),
                None => {}
            }
        }
        let word = word.strip_prefix("-Wl,").unwrap_or(word);
        for part in word.split([',', '=']) {
            let folder = part.strip_prefix("-L");
            let path = folder
                .or_else(|| part.strip_prefix("-T"))
                .or_else(|| part.strip_prefix('@'))
                .unwrap_or(part);
            if !path.starts_with('-') {
                self.path(path, folder.is_some());
            }
        }
    }

    fn path(&mut self, text: &str, folder: bool) {
        if !text.is_empty() {
            self.paths.push(Path {
                text: text.to_owned(),
                folder,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_programs_in_flags_are_found() {
        type Row = (
            &'static [&'static str],
            &'static [&'static str],
            &'static [&'static str],
            bool,
        );
        let table: [Row; 13] = [
            (&["-Clink-arg=-Tlink.x"], &["link.x"], &[], false),
            (&["-C", "link-arg=-Tlink.x"], &["link.x"], &[], false),
            (
                &["-C", "link-args=-T a.x -L lib"],
                &["a.x", "lib"],
                &[],
                false,
            ),
            (
                &["--codegen", "linker=tools/ld.sh"],
                &["tools/ld.sh"],
                &[],
                false,
            ),
            (&["--codegen=linker=clang"], &[], &["clang"], false),
            (&["-Clink-arg=-fuse-ld=mold"], &[], &["ld.mold"], false),
            (&["-Clink-arg=--ld-path=wild"], &[], &["wild"], false),
            (
                &["-Clink-arg=-Wl,--version-script=exports.map,-z,now"],
                &["exports.map", "now"],
                &[],
                false,
            ),
            (
                &["-Lnative=lib", "-L", "other"],
                &["lib/", "other/"],
                &[],
                false,
            ),
            (&["@flags.txt"], &["flags.txt"], &[], false),
            (
                &["-Cprofile-use=pgo.profdata"],
                &["pgo.profdata"],
                &[],
                false,
            ),
            (
                &["-Ctarget-cpu=native", "--cfg", "tokio_unstable"],
                &[],
                &[],
                true,
            ),
            (
                &["-Ctarget-cpu=x86-64-v3", "-D", "warnings", "-C"],
                &[],
                &[],
                false,
            ),
        ];
        for (words, paths, programs, native) in table {
            let flags = Flags::of(words);
            let found: Vec<String> = flags
                .paths
                .iter()
                .map(|path| path.text.clone() + if path.folder { "/" } else { "" })
                .collect();
            assert_eq!(found, paths, "{words:?}");
            assert_eq!(flags.programs, programs, "{words:?}");
            assert_eq!(flags.native, native, "{words:?}");
        }
    }
}
