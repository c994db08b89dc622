//! A package of a shape.

use std::collections::BTreeMap;

/// A package as it will be on disk.
#[derive(Clone, Debug)]
pub struct Package {
    pub name: String,
    /// Path in the repository; empty for its root.
    pub folder: String,
    pub version: String,
    pub edition: u16,
    /// Set if it takes version, edition, lints and dependencies from the workspace.
    pub inherits: bool,
    pub library: bool,
    pub is_macro: bool,
    pub binaries: Vec<Binary>,
    /// The values that it prints about itself: a label and a Rust expression for each.
    pub tells: Vec<(String, String)>,
    /// Further items of its library, or of its binary if it has no library.
    pub items: String,
    /// Statements of its build script.
    pub script: Vec<String>,
    pub dependencies: Vec<Dependency>,
    pub features: BTreeMap<String, Vec<String>>,
    /// Further lines of `[package]`.
    pub keys: Vec<String>,
    /// Paths of targets, relative to the package, if they are not in Cargo's default places.
    pub library_path: Option<String>,
    pub script_path: Option<String>,
}

/// A binary of a package.
#[derive(Clone, Debug)]
pub struct Binary {
    pub name: String,
    /// Relative to the package.
    pub path: String,
    /// Set if the manifest has to state the path.
    pub said: bool,
}

/// A dependency in a manifest.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// Name used in sources.
    pub name: String,
    /// `dependencies`, `build-dependencies`, `dev-dependencies` or a table of these for a target.
    pub table: String,
    /// Keys and values in TOML; `path` is the folder in the repository.
    pub keys: BTreeMap<&'static str, String>,
    pub features: Vec<String>,
    /// Set if it has the function `tell`.
    pub tells: bool,
}

impl Dependency {
    /// Returns a dependency on a package that has the function `tell`.
    pub fn on(name: &str, folder: &str) -> Self {
        Self::new(name).key("path", folder).telling()
    }

    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            table: "dependencies".to_owned(),
            keys: BTreeMap::new(),
            features: Vec::new(),
            tells: false,
        }
    }

    #[must_use]
    pub fn telling(mut self) -> Self {
        self.tells = true;
        self
    }

    /// Adds a key with a string value; `optional` and `default-features` are not strings.
    #[must_use]
    pub fn key(mut self, key: &'static str, value: &str) -> Self {
        self.keys.insert(key, value.to_owned());
        self
    }

    #[must_use]
    pub fn feature(mut self, feature: &str) -> Self {
        self.features.push(feature.to_owned());
        self
    }

    #[must_use]
    pub fn table(mut self, table: &str) -> Self {
        table.clone_into(&mut self.table);
        self.tells &= table != "build-dependencies" && table != "dev-dependencies";
        self
    }
}

impl Package {
    /// Returns a library that prints a value.
    pub fn library(name: &str, folder: &str, edition: u16) -> Self {
        let mut package = Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            version: "0.1.0".to_owned(),
            edition,
            inherits: false,
            library: true,
            is_macro: false,
            binaries: Vec::new(),
            tells: Vec::new(),
            items: String::new(),
            script: Vec::new(),
            dependencies: Vec::new(),
            features: BTreeMap::new(),
            keys: Vec::new(),
            library_path: None,
            script_path: None,
        };
        package.tell("value", &format!("\"{name}_A_\""));
        package
    }

    /// Returns a package with a binary of the same name.
    pub fn service(name: &str, folder: &str, edition: u16) -> Self {
        let mut package = Self::library(name, folder, edition);
        package.library = false;
        package.binaries.push(Binary {
            name: name.to_owned(),
            path: "src/main.rs".to_owned(),
            said: false,
        });
        package
    }

    pub fn tell(&mut self, label: &str, expression: &str) {
        self.tells.push((label.to_owned(), expression.to_owned()));
    }

    /// Makes its build script set `variable` to the value of the Rust expression `value`, which the package prints.
    pub fn tell_scripted(&mut self, label: &str, variable: &str, value: &str) {
        self.script.push(format!(
            "println!(\"cargo:rustc-env={variable}={{}}\", {value});"
        ));
        self.tell(label, &format!("env!(\"{variable}\")"));
    }

    /// Converts a path in the package to one in the repository.
    pub fn path(&self, inside: &str) -> String {
        join(&self.folder, inside)
    }

    /// Returns the folder of the sources that include files.
    pub fn source_folder(&self) -> String {
        let root = match &self.library_path {
            Some(path) if self.library => path.clone(),
            _ if self.library => "src/lib.rs".to_owned(),
            _ => self.binaries[0].path.clone(),
        };
        parent(&normal(&self.path(&root))).to_owned()
    }
}

/// Joins two relative paths, either of which may be empty.
pub fn join(folder: &str, inside: &str) -> String {
    match (folder, inside) {
        ("", path) | (path, "") => path.to_owned(),
        _ => format!("{folder}/{inside}"),
    }
}

pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns a relative path without `..` inside.
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        match part {
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Returns the relative path from a folder to another path, both in the repository.
pub fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = to.split('/').filter(|part| !part.is_empty()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut way = vec![".."; from.len() - common];
    way.extend(&to[common..]);
    if way.is_empty() {
        ".".to_owned()
    } else {
        way.join("/")
    }
}

/// Returns a package's name as sources spell it.
pub fn identifier(name: &str) -> String {
    name.replace('-', "_")
}
