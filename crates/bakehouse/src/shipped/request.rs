//! Builds of images that the files of a repository ask for.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::place::{Place, normal};

/// The kind of file that asks; what comes first names the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    Bake,
    Workflow,
    Script,
    Compose,
    /// Nobody asks for more than the Dockerfile says.
    Dockerfile,
}

/// A build of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub asker: Asker,
    /// The name that the file gives it: of a target or of a service.
    pub name: Option<String>,
    pub place: Place,
    pub context: Utf8PathBuf,
    pub dockerfile: Utf8PathBuf,
    pub target: Option<String>,
    /// Whether a build says the target, and no file.
    pub target_untold: bool,
    pub args: BTreeMap<String, String>,
    /// Full names of the image, some with a tag.
    pub tags: Vec<String>,
    /// The place of the name if it is another one.
    pub named_at: Option<Place>,
    pub platforms: Vec<String>,
    pub bake: Option<OfBake>,
    pub compose: Option<OfCompose>,
}

/// The settings of a Bake target beside its build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfBake {
    /// The tags, with the variables of the file in them as [`marked`].
    pub tags: Vec<String>,
    pub labels: BTreeMap<String, String>,
    pub outputs: Vec<String>,
    /// The variable that each argument is, if it is one.
    pub variables: BTreeMap<String, String>,
    /// Whether the group `default` has it; none if there is no such group.
    pub default: Option<bool>,
    /// The targets that it inherits from.
    pub parents: BTreeSet<String>,
    /// The stages and images that names in its Dockerfile stand for.
    pub contexts: BTreeMap<String, NamedContext>,
    /// The word that tells the file which is laid over another one, and changes the target.
    pub overlay: Option<String>,
    /// The number of targets of the file whose names its own continues.
    pub continues: usize,
    /// Defaults of the variables in its tags.
    pub defaults: BTreeMap<String, String>,
    /// Its keys that are not proposed.
    pub unsaid: Vec<&'static str>,
    /// Remarks about overrides that calls of Bake have for it.
    pub set: Vec<String>,
    /// The variables that decide about a key without standing in its value.
    pub decided: BTreeMap<&'static str, BTreeSet<String>>,
}

/// A named context of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedContext {
    Target(Box<Request>),
    /// An image, and the line that names it.
    Image(String, Place),
}

/// The signs around the name of a variable in a text.
const SIGNS: [char; 2] = ['\u{1}', '\u{2}'];

/// Returns a text that stands for a variable.
pub fn marked(name: &str) -> String {
    format!("{}{name}{}", SIGNS[0], SIGNS[1])
}

/// Returns the names of the variables that a text has [`marked`].
pub fn variables(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(SIGNS[0]).skip(1);
    parts.filter_map(|part| Some(part.split_once(SIGNS[1])?.0))
}

/// The settings of a service in a Compose file beside its build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfCompose {
    pub entrypoint: Option<Vec<String>>,
    pub command: Option<Vec<String>>,
    pub ports: Vec<u16>,
    pub depends_on: Vec<String>,
    /// Its keys that are not proposed.
    pub left: Vec<&'static str>,
}

impl Request {
    /// Returns a request for a stage of a Dockerfile, or for its last one, and nothing else.
    pub fn new(asker: Asker, place: Place, dockerfile: Utf8PathBuf) -> Self {
        Self {
            asker,
            name: None,
            place,
            context: Utf8PathBuf::new(),
            dockerfile,
            target: None,
            target_untold: false,
            args: BTreeMap::new(),
            tags: Vec::new(),
            named_at: None,
            platforms: Vec::new(),
            bake: None,
            compose: None,
        }
    }

    /// Returns the word of the file that is laid over another one, and asks for this.
    pub fn overlay(&self) -> Option<&str> {
        self.bake.as_ref()?.overlay.as_deref()
    }

    /// Returns the place of the image's name.
    pub fn place_of_name(&self) -> &Place {
        self.named_at.as_ref().unwrap_or(&self.place)
    }

    /// Returns the keys that give an image of `[images]` the name and the tags that this has, where they differ from `name`
    /// and from those of `TAG`.
    pub fn names_of_image(&self, name: &str) -> Vec<String> {
        let image = self.image().filter(|image| *image != name);
        let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut keys: Vec<String> =
            Vec::from_iter(image.map(|image| format!("image = {}", text(image))));
        let written = self.bake.as_ref().map_or(&self.tags, |bake| &bake.tags);
        let fixed = written.iter().filter(|tag| variables(tag).next().is_none());
        let fixed: BTreeSet<&str> = fixed
            .filter_map(|tag| tag.rsplit('/').next()?.split_once(':'))
            .map(|(_, tag)| tag)
            .filter(|tag| !["", "latest"].contains(tag))
            .collect();
        match Vec::from_iter(fixed)[..] {
            [] => {}
            [tag] => keys.push(format!("tag = {}", text(tag))),
            ref tags => keys.push(format!("tag = {}", toml::Value::from(tags.to_vec()))),
        }
        keys
    }

    /// Returns whether the image has a name with a registry or an organisation.
    pub fn is_published(&self) -> bool {
        self.tags
            .iter()
            .any(|tag| split(tag).is_some_and(|(registry, _)| !registry.is_empty()))
    }

    /// Returns the name of the image under its registry.
    pub fn image(&self) -> Option<&str> {
        self.tags
            .iter()
            .find_map(|tag| split(tag))
            .map(|(_, name)| name)
    }
}

/// Parts the name of an image into registry and name, without the tag: `ghcr.io/acme/api:1` is `ghcr.io/acme` and
/// `api`. What a variable would have said may be missing.
pub fn split(tag: &str) -> Option<(&str, &str)> {
    let tag = tag.split('@').next().unwrap_or(tag);
    let (registry, name) = tag.rsplit_once('/').unwrap_or(("", tag));
    let name = name.split(':').next().unwrap_or(name);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!name.is_empty() && name.chars().all(plain)).then_some((registry, name))
}

/// Finds the Dockerfile that a build of `context` means. Paths are relative to the first of `folders` that has one.
pub fn find_dockerfile(
    files: &BTreeSet<Utf8PathBuf>,
    folders: &[&Utf8Path],
    context: &str,
    dockerfile: Option<&str>,
) -> Option<(Utf8PathBuf, Utf8PathBuf)> {
    let name = dockerfile.unwrap_or("Dockerfile");
    let contexts = folders
        .iter()
        .filter_map(|start| normal(&start.join(context)));
    let contexts: Vec<Utf8PathBuf> = contexts.collect();
    let of = |context: &Utf8PathBuf, place: Utf8PathBuf| {
        let place = normal(&place)?;
        files.contains(&place).then(|| (context.clone(), place))
    };
    contexts
        .iter()
        .find_map(|context| of(context, context.join(name)))
        .or_else(|| of(contexts.first()?, name.into()).filter(|_| dockerfile.is_some()))
        .or_else(|| {
            let beside = |folder: &&Utf8Path| of(contexts.first()?, folder.join(name));
            folders.iter().find_map(beside)
        })
}
