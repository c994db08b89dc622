//! The sources of packages.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::package::{Dependency, Package, identifier, normal};

/// Lets every compiler accept any `cfg`.
const HEAD: &str = "#![allow(unexpected_cfgs, unused_mut, unused_variables)]\n";

/// Adds the sources of `package`.
pub fn write(package: &Package, files: &mut BTreeMap<String, String>) {
    if package.is_macro {
        files.insert(package.path("src/lib.rs"), package.items.clone());
        return;
    }
    if package.library {
        let path = package.library_path.as_deref().unwrap_or("src/lib.rs");
        let text = format!("{HEAD}{}{}", package.items, tell(package));
        files.insert(normal(&package.path(path)), text);
    }
    for binary in &package.binaries {
        let mut text = HEAD.to_owned();
        let tells = if package.library {
            format!("{}::tell", identifier(&package.name))
        } else {
            text += &package.items;
            text += &tell(package);
            "tell".to_owned()
        };
        let name = &binary.name;
        let _ = write!(
            text,
            "\nfn main() {{\n    let mut out = vec![\"{name} binary {name}_A_\".to_owned()];\n    {tells}(&mut out);\n    \
             out.sort();\n    out.dedup();\n    for line in out {{\n        println!(\"{{}}\", line);\n    }}\n}}\n"
        );
        files.insert(normal(&package.path(&binary.path)), text);
    }
    if !package.script.is_empty() {
        let path = package.script_path.as_deref().unwrap_or("build.rs");
        let text = format!(
            "{HEAD}fn main() {{\n    {}\n}}\n",
            package.script.join("\n    ")
        );
        files.insert(normal(&package.path(path)), text);
    }
}

/// Returns the function that prints everything that the package knows about itself, and calls the same function of its
/// dependencies.
fn tell(package: &Package) -> String {
    let mut text = String::from("\npub fn tell(out: &mut Vec<String>) {\n");
    let name = &package.name;
    for (label, expression) in &package.tells {
        let _ = writeln!(
            text,
            "    out.push(format!(\"{name} {label} {{}}\", {expression}));"
        );
    }
    for feature in package.features.keys() {
        let _ = writeln!(
            text,
            "    out.push(format!(\"{name} feature {feature} {{}}\", cfg!(feature = \"{feature}\")));"
        );
    }
    for dependency in package.dependencies.iter().filter(|one| one.tells) {
        text += &call(dependency);
    }
    text + "}\n"
}

fn call(dependency: &Dependency) -> String {
    let name = identifier(&dependency.name);
    let mut line = String::new();
    if dependency.keys.contains_key("optional") {
        let _ = writeln!(line, "    #[cfg(feature = \"{}\")]", dependency.name);
    }
    if let Some(target) = dependency.table.strip_prefix("target.'") {
        let target = target.split('\'').next().unwrap_or_default();
        let _ = writeln!(line, "    #[{target}]");
    }
    line + &format!("    {name}::tell(out);\n")
}
