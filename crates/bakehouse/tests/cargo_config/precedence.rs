//! A table of layouts: the configuration that is read here is the one that the host's Cargo reads, and layouts that
//! Cargo refuses are refused here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use bakehouse::graph::cargo_config::{CargoConfig, ConfigFile, Value, files};
use camino::Utf8PathBuf;

/// Files of a repository; each sets a variable named after the file, and one that all of them set.
struct Layout {
    folder: tempfile::TempDir,
    names: Vec<&'static str>,
}

/// Returns the name of a file as the name of a variable.
fn variable(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(letter).collect()
}

impl Layout {
    fn of(files: &[(&'static str, &str)], links: &[(&str, &str)]) -> Self {
        let layout = Self {
            folder: tempfile::tempdir().unwrap(),
            names: files.iter().map(|(name, _)| *name).collect(),
        };
        for (name, text) in files {
            let path = layout.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = format!(
                "{text}\n[env]\nwho = \"{name}\"\n{} = \"1\"\n",
                variable(name)
            );
            fs::write(path, text).unwrap();
        }
        for (name, target) in links {
            std::os::unix::fs::symlink(target, layout.path(name)).unwrap();
        }
        fs::create_dir_all(layout.path("work/space")).unwrap();
        layout
    }

    fn path(&self, inside: &str) -> Utf8PathBuf {
        let folder = self.folder.path().canonicalize().unwrap();
        Utf8PathBuf::from_path_buf(folder).unwrap().join(inside)
    }

    /// Returns the variables that Cargo reports, or its refusal.
    fn said_by_cargo(&self) -> Result<BTreeMap<String, String>, String> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args([
                "-Zunstable-options",
                "config",
                "get",
                "--format",
                "json",
                "env",
            ])
            .current_dir(self.path("work/space"))
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_HOME", self.path("home"));
        let output = cargo.output().unwrap();
        if !output.status.success() {
            let said = String::from_utf8(output.stderr).unwrap();
            return match said.contains("is not set") {
                true => Ok(BTreeMap::new()),
                false => Err(said),
            };
        }
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let env = json["env"].as_object().unwrap().iter();
        Ok(env
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect())
    }

    fn read(&self) -> Result<Vec<ConfigFile>, String> {
        files(&self.path("work/space"), &self.path("")).map_err(|problem| problem.to_string())
    }
}

/// Returns the value of a variable in the first file that has it.
fn first(files: &[ConfigFile], name: &str) -> Option<String> {
    let entries = files.iter().flat_map(|file| &file.entries);
    let mut entries = entries.filter(|entry| entry.name() == format!("env.{name}"));
    match &entries.next()?.value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn files_are_found_and_win_as_cargo_has_it() {
    type Files = &'static [(&'static str, &'static str)];
    type Links = &'static [(&'static str, &'static str)];
    const NEAR: &str = "work/space/.cargo/config.toml";
    let table: [(Files, Links); 22] = [
        (&[], &[]),
        (&[(NEAR, "")], &[]),
        (&[(NEAR, ""), ("work/space/.cargo/config", "")], &[]),
        (&[("work/space/.cargo/config", "")], &[]),
        (
            &[(NEAR, "")],
            &[("work/space/.cargo/config", "config.toml")],
        ),
        (&[("work/space/.cargo/config", "")], &[(NEAR, "config")]),
        (
            &[
                (NEAR, ""),
                (".cargo/config.toml", ""),
                ("work/.cargo/config", ""),
            ],
            &[],
        ),
        (
            &[
                (NEAR, ""),
                ("work/.cargo/config", ""),
                ("work/.cargo/config.toml", ""),
            ],
            &[],
        ),
        (
            &[
                (NEAR, "include = [\"a.toml\"]"),
                ("work/space/.cargo/a.toml", ""),
            ],
            &[],
        ),
        (
            &[
                (NEAR, "include = [\"a.toml\", { path = \"../b.toml\" }]"),
                ("work/space/.cargo/a.toml", ""),
                ("work/space/b.toml", ""),
                ("work/.cargo/config.toml", ""),
            ],
            &[],
        ),
        // The last include wins, also for variables that the including file does not set.
        (
            &[
                (".cargo/config.toml", "include = [\"a.toml\", \"b.toml\"]"),
                (".cargo/a.toml", "include = [\"c.toml\"]\nenv.x = \"a\""),
                (".cargo/b.toml", "env.x = \"b\""),
                (".cargo/c.toml", "env.x = \"c\"\nenv.y = \"c\""),
            ],
            &[],
        ),
        (
            &[(NEAR, "include = [{ path = \"a.toml\", optional = true }]")],
            &[],
        ),
        (
            &[
                (NEAR, "include = [{ path = \"a.toml\", optional = true }]"),
                ("work/space/.cargo/a.toml", ""),
            ],
            &[],
        ),
        // Layouts that Cargo refuses.
        (&[(NEAR, "include = [\"a.toml\"]")], &[]),
        (
            &[(NEAR, "include = [{ path = \"a.toml\", optional = false }]")],
            &[],
        ),
        (
            &[
                (NEAR, "include = \"a.toml\""),
                ("work/space/.cargo/a.toml", ""),
            ],
            &[],
        ),
        (
            &[(NEAR, "include = [\"a\"]"), ("work/space/.cargo/a", "")],
            &[],
        ),
        (&[(NEAR, "include = [\"*.toml\"]")], &[]),
        (&[(NEAR, "include = [{ optional = true }]")], &[]),
        (&[(NEAR, "include = [1]")], &[]),
        (
            &[
                (NEAR, "include = [\"a.toml\"]"),
                ("work/space/.cargo/a.toml", "include = [\"config.toml\"]"),
            ],
            &[],
        ),
        (
            &[
                (NEAR, "include = [\"a.toml\", \"b.toml\"]"),
                ("work/space/.cargo/a.toml", "include = [\"b.toml\"]"),
                ("work/space/.cargo/b.toml", ""),
            ],
            &[],
        ),
    ];
    let mut refused = 0;
    for (given, links) in table {
        let given: Vec<(&str, String)> = given
            .iter()
            // TOML does not allow a header for a table that dotted keys have defined.
            .map(|(name, text)| (*name, text.replace("env.", "[env]\n").to_owned()))
            .collect();
        let given: Vec<(&'static str, &str)> = given
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let texts: Vec<String> = given.iter().map(|(_, text)| (*text).to_owned()).collect();
        let layout = Layout::of(&given, links);
        // Variables of a row go into the table that the layout starts.
        for (name, text) in layout.names.iter().zip(&texts) {
            let (head, own) = text.split_once("[env]\n").unwrap_or((text, ""));
            let own = own.replace("[env]\n", "");
            let text = format!(
                "{head}\n[env]\n{own}\nwho = \"{name}\"\n{} = \"1\"\n",
                variable(name)
            );
            fs::write(layout.path(name), text).unwrap();
        }
        match (layout.said_by_cargo(), layout.read()) {
            (Ok(said), Ok(read)) => {
                let names: BTreeSet<&String> = said.keys().collect();
                for name in names {
                    let found = first(&read, name);
                    assert_eq!(found.as_ref(), said.get(name), "{name} of {texts:?}");
                }
                for file in &read {
                    let own = file.entries.iter().map(|entry| entry.key[1].as_str());
                    for name in own {
                        assert!(said.contains_key(name), "{name} of {texts:?}");
                    }
                }
            }
            (Err(_), Err(_)) => refused += 1,
            (said, read) => panic!("{texts:?}: Cargo: {said:?}, here: {read:?}"),
        }
    }
    assert_eq!(refused, 9);
}

#[test]
fn profiles_are_laid_above_the_manifest_as_cargo_does() {
    let layout = Layout::of(
        &[
            (
                "work/space/.cargo/config.toml",
                "[profile.dist]\ninherits = \"release\"\nlto = true",
            ),
            (
                ".cargo/config.toml",
                "[profile.dist]\nlto = false\ndebug = 1\n[profile.release.package.x]\nopt-level = 1",
            ),
        ],
        &[],
    );
    let config = CargoConfig::read(&layout.path("work/space"), &layout.path(""), None).unwrap();
    let manifest = "[profile.dist]\ndebug = 2\nstrip = true\n[profile.release.package.x]\nopt-level = 3\ndebug = 1";
    let merged = config.profiles_above(&manifest.parse().unwrap());
    let expected = "[profile.dist]\ninherits = \"release\"\nlto = true\ndebug = 1\nstrip = true\n[profile.release.package.x]\nopt-level = 1\ndebug = 1";
    assert_eq!(merged, expected.parse::<toml::Table>().unwrap());
}
