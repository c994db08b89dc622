//! The published images, and what their labels say.

use crate::cli::args::ReproduceArgs;
use crate::plan::baked::BakedImage;
use crate::problem::{Code, Problem, Problems};
use crate::registry::{Client, PlatformImage, Published, Reference, image_unknown};
use crate::reproduce::origin::Origin;

/// A published image that is to be reproduced.
pub struct Original {
    pub name: String,
    pub reference: Reference,
    pub published: Published,
    /// The images of the platforms that were asked for.
    pub images: Vec<PlatformImage>,
    pub origin: Origin,
}

/// The same, and the image of the revision's plan that it is.
pub struct Wanted<'a> {
    /// Its place in the list of arguments.
    pub number: usize,
    pub original: &'a Original,
    pub target: &'a BakedImage,
}

impl Original {
    pub fn platforms(&self) -> Vec<&str> {
        let images = self.images.iter();
        images.map(|image| image.platform.as_str()).collect()
    }
}

/// Fetches all images.
///
/// # Errors
/// `image-unknown`, `reproduce-refused` for each of them; `registry-…`.
pub fn all(client: &Client, arguments: &ReproduceArgs) -> Result<Vec<Original>, Problems> {
    let mut all = Vec::new();
    let mut problems = Vec::new();
    for name in &arguments.images {
        match one(client, name, &arguments.platforms) {
            Ok(original) => all.push(original),
            Err(problem) => problems.push(problem),
        }
    }
    Problems(problems).or(all)
}

fn one(client: &Client, name: &str, platforms: &[String]) -> Result<Original, Problem> {
    let reference = Reference::parse(name)?;
    let repository = client.repository(&reference.repository);
    let published = repository.published(reference.asked())?;
    let published = published.ok_or_else(|| image_unknown(name))?;
    let known: Vec<&str> = published
        .images
        .iter()
        .map(|image| image.platform.as_str())
        .collect();
    if let Some(missing) = platforms.iter().find(|one| !known.contains(&one.as_str())) {
        let why = format!("it has no {missing}");
        return Err(refused(
            name,
            &why,
            &format!("there are {}", known.join(", ")),
        ));
    }
    let is_asked =
        |image: &&PlatformImage| platforms.is_empty() || platforms.contains(&image.platform);
    let images = published.images.iter().filter(is_asked);
    let images: Vec<PlatformImage> = images.cloned().collect();
    if images.is_empty() {
        return Err(refused(
            name,
            "there is no image in it",
            "name an image that a bake made",
        ));
    }
    let configurations = images.iter().map(|image| image.configuration.as_slice());
    let origin = Origin::of(configurations).map_err(|(why, hint)| refused(name, &why, &hint))?;
    Ok(Original {
        name: name.to_owned(),
        reference,
        published,
        images,
        origin,
    })
}

/// Returns the problem of an image that cannot be rebuilt.
pub fn refused(name: &str, why: &str, hint: &str) -> Problem {
    let message = format!("{name} cannot be rebuilt: {why}");
    Problem::new(Code::ReproduceRefused, message).hint(hint)
}
