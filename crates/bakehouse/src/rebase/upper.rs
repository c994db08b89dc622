//! The layers of an image above its base.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use super::elf::{Needs, is_elf};
use super::layer::{HIDING, Kind, content, each};

/// Everything in the layers that meets the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upper {
    /// The paths of files, folders and links, and of the folders that they lie in.
    pub paths: BTreeSet<String>,
    /// The needs of the programs and libraries, by their paths.
    pub needs: BTreeMap<String, Needs>,
    /// The names of the files, among which programs find their own libraries.
    pub files: BTreeSet<String>,
}

impl Upper {
    /// Adds a layer.
    ///
    /// # Errors
    /// The layer cannot be read, or hides something of those below.
    pub fn add(&mut self, media_type: &str, layer: &mut dyn Read) -> io::Result<()> {
        each(media_type, layer, |mut item| {
            let name = item.path.rsplit('/').next().unwrap_or_default().to_owned();
            if name.starts_with(HIDING) {
                let what = format!("{} hides a file of a layer below", item.path);
                return Err(io::Error::other(what));
            }
            let mut path = item.path.as_str();
            while !path.is_empty() {
                self.paths.insert(path.to_owned());
                path = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            }
            if item.kind == Kind::Folder {
                return Ok(());
            }
            self.files.insert(name);
            if item.kind == Kind::File {
                let content = content(&mut item)?;
                if is_elf(&content) {
                    let needs = Needs::of(&content).map_err(|error| {
                        io::Error::other(format!("{} cannot be read: {error}", item.path))
                    })?;
                    self.needs.insert(item.path, needs);
                }
            }
            Ok(())
        })
    }
}
