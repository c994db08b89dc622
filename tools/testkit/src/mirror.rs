//! A public registry of crates, on this machine and in containers.

use camino::Utf8Path;
use fs_err as fs;

use crate::crates::archive;
use crate::served::Served;

/// A sparse registry, which runs until it is dropped.
#[derive(Debug)]
pub struct Mirror(Served);

impl Mirror {
    /// Serves `crates`: for each its name, its version, and the source of its library.
    ///
    /// # Panics
    /// If there is no free port, or no `tar`.
    #[track_caller]
    pub fn start(crates: &[(&str, &str, &str)]) -> Self {
        let served = Served::start();
        Self::write(served.folder(), crates);
        let config = format!(
            r#"{{"dl":"{}/{{crate}}-{{version}}.crate"}}"#,
            served.http()
        );
        fs::write(served.folder().join("index/config.json"), config).expect("it can be written");
        Self(served)
    }

    /// Writes a registry with such crates to a folder.
    ///
    /// # Panics
    /// If writing fails.
    #[track_caller]
    pub fn write(folder: &Utf8Path, crates: &[(&str, &str, &str)]) {
        for (name, version, source) in crates {
            let (archive, sum) = archive(name, version, source);
            let index = folder.join("index").join(&name[..2]).join(&name[2..4]);
            fs::create_dir_all(&index).expect("a folder can be made");
            let index = index.join(name);
            let known = fs::read_to_string(&index).unwrap_or_default();
            let entry = format!(
                "{{\"name\":\"{name}\",\"vers\":\"{version}\",\"deps\":[],\"cksum\":\"{sum}\",\"features\":{{}},\"yanked\":false}}\n"
            );
            fs::write(&index, known + &entry).expect("a file can be written");
            let file = folder.join(format!("{name}-{version}.crate"));
            fs::write(file, archive).expect("a file can be written");
        }
    }

    /// Returns the URL of its index.
    pub fn index(&self) -> String {
        format!("sparse+{}/index/", self.0.http())
    }
}
