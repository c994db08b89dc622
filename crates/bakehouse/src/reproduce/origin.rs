//! The origin of an image, as its labels tell it.

use jiff::Timestamp;

use crate::documents::labels::{REVISION_LABEL, TITLE_LABEL};
use crate::plan::config::valid::{INPUT_HASH_LABEL, TOOLCHAIN_LABEL};
use crate::rebase::configuration::{Configuration, common};

/// Everything that a rebuild goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The id of the commit.
    pub revision: String,
    /// Set if the image was baked by `bakehouse build`.
    pub input_hash: Option<String>,
    pub toolchain: Option<String>,
    /// The name of the service.
    pub title: Option<String>,
    /// The time of the image, in seconds since 1970.
    pub epoch: i64,
}

/// The reason why an image cannot be rebuilt, and a remedy.
pub type Refusal = (String, String);

/// The end of a description of a checkout that had changes, as `git describe --dirty` and others write it.
const DIRTY: [&str; 4] = ["-dirty", "+dirty", "-modified", "-broken"];

impl Origin {
    /// Reads the labels of all platforms' images, from their configurations, of which there is at least one.
    ///
    /// # Errors
    /// They do not say which commit the image is of, or say several.
    pub fn of<'a>(configurations: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Refusal> {
        let configurations = configurations.into_iter();
        let configurations: Vec<Configuration> = configurations
            .map(serde_json::from_slice)
            .collect::<Result<_, _>>()
            .map_err(|error| {
                let why = format!("its configuration cannot be read: {error}");
                (why, "name an image that a bake made".to_owned())
            })?;
        let of = |label: &str| {
            let values = configurations.iter();
            let values = values.map(|one| one.config.labels.get(label).cloned());
            one(label, values)
        };
        let revision = of(REVISION_LABEL)?;
        let created = configurations.iter().map(|one| one.created.clone());
        let created = one("created", created)?;
        let created = created.and_then(|text| text.parse::<Timestamp>().ok());
        Ok(Self {
            revision: commit(revision)?,
            input_hash: of(INPUT_HASH_LABEL)?,
            toolchain: of(TOOLCHAIN_LABEL)?,
            title: of(TITLE_LABEL)?,
            epoch: created.map_or(0, Timestamp::as_second),
        })
    }
}

fn one(key: &str, values: impl Iterator<Item = Option<String>>) -> Result<Option<String>, Refusal> {
    common(values).ok_or_else(|| {
        let why = format!("its platforms differ in {key}: they were not baked together");
        let hint = "name the image of one platform, by its digest".to_owned();
        (why, hint)
    })
}

/// Returns the id of a commit that a label holds.
fn commit(revision: Option<String>) -> Result<String, Refusal> {
    let Some(revision) = revision.filter(|revision| !revision.is_empty()) else {
        let why =
            format!("it has no label {REVISION_LABEL}, and nothing says what it was built from");
        let hint = "publish it with REVISION=$(git rev-parse HEAD)".to_owned();
        return Err((why, hint));
    };
    if DIRTY.iter().any(|end| revision.ends_with(end)) {
        let why = format!(
            "its revision {} had changes that were not committed, and that nobody has",
            revision.escape_debug()
        );
        let hint = "publish from a commit".to_owned();
        return Err((why, hint));
    }
    let is_id =
        (7..=64).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id {
        let why = format!(
            "its revision {} is not the id of a commit, and may name another one by now",
            revision.escape_debug()
        );
        let hint = "publish it with REVISION=$(git rev-parse HEAD)".to_owned();
        return Err((why, hint));
    }
    Ok(revision)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(created: &str, labels: &str) -> String {
        format!(
            r#"{{"architecture":"amd64","os":"linux","created":"{created}","config":{{"Labels":{labels}}},"rootfs":{{"type":"layers"}}}}"#
        )
    }

    fn of(configurations: &[String]) -> Result<Origin, String> {
        let bytes = configurations.iter().map(String::as_bytes);
        Origin::of(bytes).map_err(|(why, _)| why)
    }

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn labels_and_time_are_read() {
        let labels = format!(
            r#"{{"{REVISION_LABEL}":"{COMMIT}","{INPUT_HASH_LABEL}":"12","{TOOLCHAIN_LABEL}":"1.95.0","{TITLE_LABEL}":"api"}}"#
        );
        let expected = Origin {
            revision: COMMIT.to_owned(),
            input_hash: Some("12".to_owned()),
            toolchain: Some("1.95.0".to_owned()),
            title: Some("api".to_owned()),
            epoch: 1_700_000_000,
        };
        let one = configuration("2023-11-14T22:13:20Z", &labels);
        assert_eq!(of(&[one.clone(), one]), Ok(expected));
        let bare = format!(r#"{{"{REVISION_LABEL}":"{COMMIT}"}}"#);
        let bare = of(&[configuration("1970-01-01T00:00:00Z", &bare)]).unwrap();
        assert_eq!((bare.epoch, bare.input_hash), (0, None));
    }

    #[test]
    fn labels_that_name_no_commit_are_refused() {
        let revision = |value: &str| {
            configuration(
                "1970-01-01T00:00:00Z",
                &format!(r#"{{"{REVISION_LABEL}":"{value}"}}"#),
            )
        };
        let other = configuration(
            "1970-01-01T00:00:00Z",
            &format!(r#"{{"{REVISION_LABEL}":"{COMMIT}","{INPUT_HASH_LABEL}":"1"}}"#),
        );
        let table = [
            (vec![configuration("", "null")], "it has no label"),
            (vec![revision("")], "it has no label"),
            (vec![revision(&format!("{COMMIT}-dirty"))], "not committed"),
            (vec![revision("v1.2-3-g0123456+dirty")], "not committed"),
            (vec![revision("main")], "main is not the id of a commit"),
            (vec![revision("abc")], "abc is not the id"),
            (
                vec![revision(COMMIT), other],
                "its platforms differ in dev.bakehouse.input-hash",
            ),
            (vec!["{}".to_owned()], "cannot be read"),
        ];
        for (configurations, expected) in table {
            let why = of(&configurations).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }
}
