//! A value that two images have differently.

use serde::Serialize;

/// A value of the published image, and that of the rebuilt one; `None` where an image has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub key: String,
    pub published: Option<String>,
    pub rebuilt: Option<String>,
}

impl Difference {
    /// Returns the difference of two values, if there is one.
    pub fn of(key: &str, published: Option<String>, rebuilt: Option<String>) -> Option<Self> {
        (published != rebuilt).then(|| Self {
            key: key.to_owned(),
            published,
            rebuilt,
        })
    }

    /// Returns both values in a line.
    pub fn values(&self) -> String {
        let value = |value: &Option<String>| match value.as_deref() {
            None => "none".to_owned(),
            Some("") => "empty".to_owned(),
            Some(value) => value.escape_debug().to_string(),
        };
        format!(
            "{} published, {} rebuilt",
            value(&self.published),
            value(&self.rebuilt)
        )
    }
}
