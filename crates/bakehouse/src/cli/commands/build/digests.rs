//! `build --push --digests FILE`: the images that a push left in the registries, written down for those that deploy them.

use camino::{Utf8Path, Utf8PathBuf};

use super::names::Names;
use super::table::Row;
use crate::cli::out::out;
use crate::cli::report::json_text;
use crate::documents::handover::digests::VERSION;
use crate::documents::handover::{Digests, PushedImage, Repository};
use crate::engine::Engine;
use crate::engine::published::Published;
use crate::files::whole;
use crate::graph::parallel::parallel_map;
use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::problem::{Code, Problem, Problems};

/// The name that stands for standard output.
const PRINTED: &str = "-";

/// The file that receives the digests.
pub struct DigestsFile {
    path: Utf8PathBuf,
}

impl DigestsFile {
    /// Checks that the file can be written, before anything is built for it.
    ///
    /// # Errors
    /// `file-unwritable`.
    pub fn new(path: &Utf8Path) -> Result<Self, Problem> {
        let file = Self {
            path: path.to_owned(),
        };
        if !file.is_printed() {
            whole::check(path)?;
        }
        Ok(file)
    }

    /// Returns whether the digests go to standard output, where nothing else may then be.
    pub fn is_printed(&self) -> bool {
        self.path == PRINTED
    }

    /// Writes the digests.
    ///
    /// # Errors
    /// `file-unwritable`.
    pub fn write(&self, digests: &Digests) -> Result<(), Problem> {
        let text = json_text(digests);
        if self.is_printed() {
            out!("{text}");
            return Ok(());
        }
        whole::write(&self.path, &text)
    }
}

/// Returns the problem of two documents on standard output.
pub fn both_print() -> Problem {
    let message = "`--digests -` and `--progress json` both print to standard output";
    Problem::new(Code::ConfigValue, message).hint("name a file for the digests")
}

/// A push that succeeded.
pub struct Push<'a> {
    pub engine: &'a Engine,
    pub names: &'a Names,
    pub plan: &'a Plan,
    pub rows: &'a [Row<'a>],
    /// Whether the input hashes cover everything that is in the images.
    pub certain: bool,
}

impl Push<'_> {
    /// Returns the digests of `images`, as their registries have them. Results that are files are left out.
    ///
    /// # Errors
    /// `not-published` for each image that one of its registries does not have.
    pub fn digests(&self, images: &[&BakedImage]) -> Result<Digests, Problems> {
        let images = images.iter().filter(|image| image.target.is_image());
        let images: Vec<&BakedImage> = images.copied().collect();
        let found = parallel_map(&images, |image| self.image(image));
        let mut problems = Vec::new();
        let mut pushed = Vec::new();
        for found in found {
            match found {
                Ok(image) => pushed.push(image),
                Err(problem) => problems.push(problem),
            }
        }
        let digests = Digests {
            version: VERSION,
            images: pushed,
        };
        Problems(problems).or(digests)
    }

    fn image(&self, image: &BakedImage) -> Result<PushedImage, Problem> {
        let name = &image.name;
        let mut rows = self.rows.iter();
        let row = rows.find(|row| row.name == name.as_str());
        let digest = row.and_then(|row| row.digest.clone()).ok_or_else(|| {
            not_published(format!(
                "the digest of `{name}` is not known after its push"
            ))
        })?;
        let (places, tags) = self.names.places(image);
        let mut platforms = None;
        let mut repositories = Vec::new();
        for place in places {
            let found = self.published(&format!("{place}@{digest}"))?;
            platforms.get_or_insert(found.platforms);
            repositories.push(self.repository(place, &tags, &digest));
        }
        let usual = image.target.images(&self.plan.config.registries);
        Ok(PushedImage {
            name: name.to_string(),
            image: usual[0].clone(),
            digest,
            platforms: platforms.unwrap_or_default(),
            repositories,
            input_hash: self.certain.then(|| image.input_hash.clone()),
            result: row.map_or("baked", |row| row.result).to_owned(),
        })
    }

    fn published(&self, reference: &str) -> Result<Published, Problem> {
        match self.engine.find_published(reference) {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(not_published(format!("{reference} is not in its registry"))),
            Err(why) => Err(not_published(format!("{reference} cannot be read: {why}"))),
        }
    }

    /// Returns the repository with the tags that name the image. A push at the same time may have moved one on.
    fn repository(&self, name: String, tags: &[String], digest: &str) -> Repository {
        let own = |tag: &&String| {
            let reference = format!("{name}:{tag}");
            match self.engine.digest(&reference) {
                Ok(found) if found == digest => true,
                Ok(found) => {
                    tracing::warn!(
                        "{reference} is another image by now, {found}: not written down"
                    );
                    false
                }
                Err(why) => {
                    tracing::warn!("{reference} cannot be read and is not written down: {why}");
                    false
                }
            }
        };
        let tags = tags.iter().filter(own).cloned().collect();
        Repository { name, tags }
    }
}

fn not_published(message: String) -> Problem {
    Problem::new(Code::NotPublished, message)
        .hint("push again: what is there already is skipped; no digest was written down")
}
