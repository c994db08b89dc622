//! Changes of the values of `[package]`: version, description and the like.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::reason::{Explained, Reason, turned};
use super::{Output, WorkspaceState};
use crate::plan::about::one_line;
use crate::plan::inherit;

impl Explained<'_> {
    /// Returns the reason why a label has changed that comes from `field` of the manifest of the output's package.
    /// `None` if the output now belongs to another package, which is a reason of its own.
    pub fn label(&self, field: &str, old: Option<&str>, new: Option<&str>) -> Option<Reason> {
        if self.was.package != self.is.package {
            return None;
        }
        let inherits = |state: WorkspaceState<'_>, output: Output<'_>| {
            let member = &state.workspace.members[output.package];
            inherit::keys(&member.manifest).contains(&format!("package.{field}"))
        };
        let both = inherits(self.then, self.was) && inherits(self.now, self.is);
        let member = &self.now.workspace.members[self.is.package];
        Some(Reason {
            file: if both {
                member.workspace.join("Cargo.toml").into_string()
            } else {
                member.path("Cargo.toml").into_string()
            },
            what: if both {
                shared(field, old, new)
            } else {
                own(field, old, new)
            },
            chain: self.now.chain(self.is, self.is.package),
        })
    }
}

fn own(field: &str, old: Option<&str>, new: Option<&str>) -> String {
    format!("{field} {}", turned(old, new))
}

fn shared(field: &str, old: Option<&str>, new: Option<&str>) -> String {
    format!("[workspace.package] {}", own(field, old, new))
}

/// Describes the change of `field` in `[workspace.package]`, given as TOML; `None` if it is not a string.
pub fn inherited(field: &str, old: Option<&str>, new: Option<&str>) -> Option<String> {
    let text = |toml: Option<&str>| match toml {
        None => Some(None),
        Some(toml) => {
            let table: Table = format!("value = {toml}").parse().ok()?;
            Some(Some(one_line(table["value"].as_str()?)))
        }
    };
    let (old, new) = (text(old)?, text(new)?);
    Some(shared(field, old.as_deref(), new.as_deref()))
}

/// Describes the change between two texts of a manifest: each value of `[package]` on its own if nothing else changed.
pub fn changes(old: &str, new: &str) -> BTreeSet<String> {
    let modified = || BTreeSet::from(["modified".to_owned()]);
    let parsed = |text: &str| text.parse::<Table>().ok();
    let (Some(mut old), Some(mut new)) = (parsed(old), parsed(new)) else {
        return modified();
    };
    let (was, is) = (package(&mut old), package(&mut new));
    if old != new {
        return modified();
    }
    let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let mut changes = BTreeSet::new();
    for key in keys {
        let (old, new) = (was.get(key), is.get(key));
        if old == new {
            continue;
        }
        match (line(old), line(new)) {
            (Some(old), Some(new)) => changes.insert(own(key, old.as_deref(), new.as_deref())),
            _ => return modified(),
        };
    }
    if changes.is_empty() {
        return modified();
    }
    changes
}

fn package(manifest: &mut Table) -> Table {
    match manifest.remove("package") {
        Some(Value::Table(package)) => package,
        _ => Table::new(),
    }
}

/// Returns a value as one line; `None` if it is not a string.
fn line(value: Option<&Value>) -> Option<Option<String>> {
    match value {
        None => Some(None),
        Some(value) => Some(Some(one_line(value.as_str()?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_where_nothing_else_changed() {
        let base = "[package]\nname = \"a\"\nversion = \"1\"\n";
        let table = [
            (
                "[package]\nname = \"a\"\nversion = \"2\"\n",
                vec!["version 1 → 2"],
            ),
            (
                "[package]\nname = \"a\"\nversion = \"2\"\nlicense = \"MIT\"\n",
                vec!["license not set → MIT", "version 1 → 2"],
            ),
            (
                "[package]\nname = \"a\"\nversion = \"2\"\n[dependencies]\nb = \"1\"\n",
                vec!["modified"],
            ),
            (
                "[package]\nname = \"a\"\nversion = { workspace = true }\n",
                vec!["modified"],
            ),
            (
                "# other words\n[package]\nname = \"a\"\nversion = \"1\"\n",
                vec!["modified"],
            ),
        ];
        for (new, expected) in table {
            let said = changes(base, new);
            assert_eq!(said.iter().collect::<Vec<_>>(), expected, "{new}");
        }
    }

    #[test]
    fn what_is_inherited_is_told_as_text_alone() {
        let said = inherited("version", Some("\"1\""), Some("\"2\""));
        assert_eq!(said.as_deref(), Some("[workspace.package] version 1 → 2"));
        assert_eq!(inherited("publish", Some("true"), Some("false")), None);
    }
}
