//! Types for names. All of them are text, but a name of one kind must not be used in place of another.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

/// Defines a type for the names of one kind of thing. It can be read as text everywhere, but is only created from text
/// explicitly.
macro_rules! names {
    ($($(#[$about:meta])+ $name:ident;)+) => {$(
        $(#[$about])+
        #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Creates the name from its text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<Utf8Path> for $name {
            fn as_ref(&self) -> &Utf8Path {
                Utf8Path::new(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl From<&$name> for String {
            fn from(name: &$name) -> Self {
                name.0.clone()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<String> for $name {
            fn borrow(&self) -> &String {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<$name> for String {
            fn eq(&self, other: &$name) -> bool {
                *self == other.0
            }
        }

        impl PartialEq<$name> for str {
            fn eq(&self, other: &$name) -> bool {
                self == other.0
            }
        }

        impl PartialEq<$name> for &str {
            fn eq(&self, other: &$name) -> bool {
                *self == other.0
            }
        }
    )+};
}

names! {
    /// The name of a local package, as in its manifest.
    PackageName;
    /// The name of a binary target of a package.
    BinaryName;
    /// The name of a stage of the Dockerfile, e.g. `lib-common` or `build-api`.
    StageName;
    /// The name of a target of the Bake file. For a service, this is the name of an image: `api`, `pack-base-probe`.
    TargetName;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_name_is_found_by_its_text_and_written_as_it() {
        let names = BTreeMap::from([(PackageName::new("api"), 1)]);
        assert_eq!(names.get("api"), Some(&1));
        let (name, _) = names.first_key_value().unwrap_or_else(|| unreachable!());
        assert_eq!(format!("{name:>5}|{}", name.len()), "  api|3");
        assert_eq!(
            serde_json::to_string(&names).ok().as_deref(),
            Some("{\"api\":1}")
        );
    }
}
