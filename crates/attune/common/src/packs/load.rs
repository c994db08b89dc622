use std::{
    collections::{BTreeMap, HashSet},
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

use super::{
    Action, Pack, Packs, Problem, Sensor, entry,
    manifest::{ActionFile, PackFile, SensorFile},
    parameters,
};

/// The maximum size of a manifest. Real ones are far smaller; a larger file is there by mistake.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// Reads every pack in `dir`, in the order of names. It also reads the packs in the folder beside `dir` with the
/// suffix `.dev`, which are edited in place and take precedence. A missing `dir` is reported like any other problem; a
/// missing `.dev` folder is not. Blocks on the file system.
pub fn load(dir: &Path) -> Packs {
    let mut packs = Packs::default();
    let mut folders = match visible(dir) {
        Ok(paths) => by_name(paths, dir),
        Err(error) => {
            packs.problems.push(Problem {
                path: dir.display().to_string(),
                message: match error.kind() {
                    io::ErrorKind::NotFound => {
                        "the packs folder does not exist; mount it or set ATTUNE_PACKS_DIR".into()
                    }
                    _ => format!("the packs folder cannot be read: {error}"),
                },
            });
            return packs;
        }
    };
    let mut dev = dir.as_os_str().to_owned();
    dev.push(".dev");
    // Paths in its problems include the folder's name, to distinguish them from the others.
    let beside = dir.parent().unwrap_or(dir);
    match visible(Path::new(&dev)) {
        Ok(paths) => folders.extend(by_name(paths, beside)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => packs.problems.push(Problem {
            path: Path::new(&dev).display().to_string(),
            message: format!("the folder of packs in development cannot be read: {error}"),
        }),
    }
    for (root, folder) in folders.values() {
        match (Loader { root, pack: folder }).pack() {
            Ok(pack) => packs.packs.push(pack),
            Err(problem) => packs.problems.push(problem),
        }
    }
    packs
}

/// Returns the folders among `paths` by name, each with the folder that paths in its problems are relative to.
fn by_name(paths: Vec<PathBuf>, root: &Path) -> BTreeMap<OsString, (&Path, PathBuf)> {
    let folders = paths.into_iter().filter(|path| path.is_dir());
    let named = folders.map(|path| {
        let name = path.file_name().unwrap_or_default().to_owned();
        (name, (root, path))
    });
    named.collect()
}

struct Loader<'a> {
    root: &'a Path,
    pack: &'a Path,
}

impl Loader<'_> {
    fn pack(&self) -> Result<Pack, Problem> {
        let path = self.pack.join("pack.yaml");
        let file: PackFile = read(&path).map_err(|m| self.problem(&path, m))?;
        let reference = file.reference;
        if !is_name(&reference) {
            return Err(self.problem(&path, format!("ref \"{reference}\" {NAME_RULE}")));
        }
        if self.pack.file_name() != Some(OsStr::new(&reference)) {
            let message = format!("ref \"{reference}\" must equal the name of the pack's folder");
            return Err(self.problem(&path, message));
        }
        let mut problems = Vec::new();
        let actions = self.each("actions", &mut problems, |folder, file: ActionFile| {
            self.belongs(&reference, &file.reference)?;
            if file.timeout_seconds == 0 {
                return Err("timeout_seconds must be at least 1".into());
            }
            parameters::check(&file.parameters)?;
            let action = Action {
                entry_point: entry::resolve(self.pack, folder, &file.entry_point)?,
                reference: file.reference,
                description: file.description,
                runner: file.runner,
                timeout_seconds: file.timeout_seconds,
                parameters: file.parameters,
            };
            Ok((action.reference.clone(), action))
        });
        let sensors = self.each("sensors", &mut problems, |folder, file: SensorFile| {
            self.belongs(&reference, &file.reference)?;
            let sensor = Sensor {
                entry_point: entry::resolve(self.pack, folder, &file.entry_point)?,
                reference: file.reference,
                description: file.description,
                environment: file.environment,
            };
            Ok((sensor.reference.clone(), sensor))
        });
        Ok(Pack {
            reference,
            name: file.name,
            version: file.version,
            description: file.description,
            actions,
            sensors,
            problems,
        })
    }

    /// Reads every YAML file of one kind. `check` returns the ref and the value to keep.
    fn each<F: DeserializeOwned, T>(
        &self,
        kind: &str,
        problems: &mut Vec<Problem>,
        check: impl Fn(&Path, F) -> Result<(String, T), String>,
    ) -> Vec<T> {
        let folder = self.pack.join(kind);
        let files = match visible(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                problems.push(self.problem(&folder, format!("cannot be read: {error}")));
                return Vec::new();
            }
        };
        let mut found: Vec<(String, T)> = Vec::new();
        let mut seen = HashSet::new();
        for path in files.iter().filter(|p| is_yaml(p)) {
            let item = read(path).and_then(|file| check(&folder, file));
            match item {
                Ok((reference, _)) if !seen.insert(reference.clone()) => {
                    let message = format!("ref \"{reference}\" is taken by another file");
                    problems.push(self.problem(path, message));
                }
                Ok(item) => found.push(item),
                Err(message) => problems.push(self.problem(path, message)),
            }
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found.into_iter().map(|(_, item)| item).collect()
    }

    fn belongs(&self, pack: &str, reference: &str) -> Result<(), String> {
        match reference.split_once('.') {
            Some((owner, name)) if owner == pack && is_name(name) => Ok(()),
            _ => Err(format!(
                "ref \"{reference}\" must be \"{pack}.<name>\", where the name {NAME_RULE}"
            )),
        }
    }

    fn problem(&self, path: &Path, message: String) -> Problem {
        let path = path.strip_prefix(self.root).unwrap_or(path);
        Problem {
            path: path.display().to_string(),
            message,
        }
    }
}

const NAME_RULE: &str = "must start with a lower-case letter and go on with those, digits, _ or -";

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
}

fn is_yaml(path: &Path) -> bool {
    matches!(
        path.extension().and_then(OsStr::to_str),
        Some("yaml" | "yml")
    )
}

/// Returns the folder's entries by name, except hidden ones, which belong to editors and copying tools.
fn visible(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "is missing; every pack needs one".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    // Opening a pipe would block forever, so the file type is checked first.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("is not a file".into());
    }
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_MANIFEST_BYTES + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_MANIFEST_BYTES {
        return Err(format!("is longer than {MAX_MANIFEST_BYTES} bytes"));
    }
    serde_saphyr::from_str(&text).map_err(|error| format!("is not valid: {error}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    const PACK: &str = "ref: demo\nname: Demo\nversion: 1.0.0\n";

    fn write(root: &TempDir, path: &str, text: &str) {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn script(root: &TempDir, path: &str) {
        write(root, path, "#!/bin/sh\n");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(root.path().join(path), mode).unwrap();
    }

    fn action(name: &str, entry: &str) -> String {
        format!("ref: demo.{name}\nrunner: shell\nentry_point: {entry}\n")
    }

    fn demo() -> TempDir {
        let root = TempDir::new().unwrap();
        write(&root, "demo/pack.yaml", PACK);
        script(&root, "demo/actions/run.sh");
        write(&root, "demo/actions/good.yaml", &action("good", "run.sh"));
        root
    }

    /// Loads a demo pack with one more action file, which must be the only problem.
    fn only_problem(root: &TempDir) -> String {
        let packs = load(root.path());
        let demo = packs.pack("demo").expect("the pack itself loads");
        assert!(packs.action("demo.good").is_some(), "the good action loads");
        assert_eq!(packs.problems, []);
        assert_eq!(demo.problems.len(), 1, "{:?}", demo.problems);
        assert_eq!(demo.problems[0].path, "demo/actions/bad.yaml");
        demo.problems[0].message.clone()
    }

    #[test]
    fn a_good_pack_loads() {
        let root = demo();
        script(&root, "demo/sensors/watch");
        write(
            &root,
            "demo/sensors/watch.yaml",
            "ref: demo.watch\nentry_point: watch\nenvironment: {EVERY: \"5\"}\n",
        );
        let packs = load(root.path());
        assert_eq!(packs.all_problems().count(), 0, "{packs:?}");
        let sensor = packs.sensors().next().unwrap();
        assert_eq!(sensor.environment["EVERY"], "5");
        assert_eq!(packs.action("demo.good").unwrap().timeout_seconds, 60);
    }

    #[test]
    fn paths_that_leave_the_pack_are_refused() {
        for entry in ["../../elsewhere.sh", "/bin/sh", "a/../../../x"] {
            let root = demo();
            script(&root, "elsewhere.sh");
            write(&root, "demo/actions/bad.yaml", &action("bad", entry));
            let message = only_problem(&root);
            assert!(message.contains("leaves the pack"), "{entry}: {message}");
        }
    }

    #[test]
    fn links_that_leave_the_pack_are_refused() {
        let root = demo();
        script(&root, "elsewhere.sh");
        let link = root.path().join("demo/actions/link.sh");
        symlink(root.path().join("elsewhere.sh"), link).unwrap();
        write(&root, "demo/actions/bad.yaml", &action("bad", "link.sh"));
        assert!(only_problem(&root).contains("is a link that leaves the pack"));
    }

    #[test]
    fn entry_points_must_exist_and_be_executable() {
        let root = demo();
        write(&root, "demo/actions/bad.yaml", &action("bad", "no.sh"));
        assert!(only_problem(&root).contains("does not exist"));
        write(&root, "demo/actions/no.sh", "#!/bin/sh\n");
        assert!(only_problem(&root).contains("chmod +x"));
    }

    #[test]
    fn unknown_keys_are_refused() {
        let root = demo();
        let text = action("bad", "run.sh") + "timeout: 5\n";
        write(&root, "demo/actions/bad.yaml", &text);
        assert!(only_problem(&root).contains("timeout"));
    }

    #[test]
    fn refs_belong_to_their_pack_and_are_taken_once() {
        let root = demo();
        let other = action("x", "run.sh").replace("demo.x", "other.x");
        write(&root, "demo/actions/bad.yaml", &other);
        assert!(only_problem(&root).contains("must be \"demo.<name>\""));
        fs::remove_file(root.path().join("demo/actions/bad.yaml")).unwrap();
        write(&root, "demo/actions/twice.yaml", &action("good", "run.sh"));
        let packs = load(root.path());
        let problem = packs.all_problems().next().unwrap();
        assert_eq!(problem.path, "demo/actions/twice.yaml");
        assert!(problem.message.contains("taken by another"), "{problem:?}");
    }

    #[test]
    fn wrong_defaults_are_refused() {
        let root = demo();
        let text = action("bad", "run.sh") + "parameters: {n: {type: integer, default: many}}\n";
        write(&root, "demo/actions/bad.yaml", &text);
        assert!(only_problem(&root).contains("must be an integer"));
    }

    #[test]
    fn a_broken_pack_leaves_the_others() {
        let root = demo();
        write(&root, "alpha/pack.yaml", "ref: [oops\n");
        write(&root, "beta/readme.txt", "no manifest");
        write(&root, "gamma/pack.yaml", PACK);
        write(&root, ".hidden/pack.yaml", "ref: [oops\n");
        let packs = load(root.path());
        assert_eq!(packs.packs.len(), 1);
        let paths: Vec<_> = packs.problems.iter().map(|p| p.path.as_str()).collect();
        assert_eq!(
            paths,
            ["alpha/pack.yaml", "beta/pack.yaml", "gamma/pack.yaml"]
        );
        assert!(
            packs.problems[2]
                .message
                .contains("name of the pack's folder")
        );
    }

    #[test]
    fn an_unreadable_manifest_leaves_the_others() {
        let root = demo();
        // Root can read a file of mode 000, but nobody can read a folder as a file.
        fs::create_dir_all(root.path().join("alpha/pack.yaml")).unwrap();
        let packs = load(root.path());
        assert_eq!(packs.packs.len(), 1);
        assert_eq!(packs.problems[0].message, "is not a file");
    }

    #[test]
    fn packs_in_development_are_there_too_and_win() {
        let parent = TempDir::new().unwrap();
        write(&parent, "packs/demo/pack.yaml", PACK);
        write(
            &parent,
            "packs/other/pack.yaml",
            &PACK.replace("demo", "other"),
        );
        write(
            &parent,
            "packs.dev/demo/pack.yaml",
            &PACK.replace("1.0.0", "2.0.0"),
        );
        write(
            &parent,
            "packs.dev/new/pack.yaml",
            &PACK.replace("demo", "new"),
        );
        write(&parent, "packs.dev/broken/pack.yaml", "ref: [oops\n");
        write(&parent, "packs.dev/.gitignore", "*\n");
        let packs = load(&parent.path().join("packs"));
        let found: Vec<_> = packs
            .packs
            .iter()
            .map(|pack| (pack.reference.as_str(), pack.version.as_str()))
            .collect();
        assert_eq!(
            found,
            [("demo", "2.0.0"), ("new", "1.0.0"), ("other", "1.0.0")]
        );
        assert_eq!(packs.problems.len(), 1, "{:?}", packs.problems);
        assert_eq!(packs.problems[0].path, "packs.dev/broken/pack.yaml");
    }

    #[test]
    fn a_missing_folder_is_empty_with_a_problem() {
        let root = TempDir::new().unwrap();
        let packs = load(&root.path().join("none"));
        assert_eq!(packs.packs, []);
        assert!(packs.problems[0].message.contains("ATTUNE_PACKS_DIR"));
    }
}
