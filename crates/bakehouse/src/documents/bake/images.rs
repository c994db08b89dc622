//! The targets of images of other Dockerfiles.

use camino::{Utf8Path, Utf8PathBuf};
use hcl::expr::{Object, ObjectKey};
use hcl::{Block, Expression};

use super::syntax::{Noted, expression, list, names, reference, text};
use super::targets::{attestations, platforms, revision, service_tags, some_platforms};
use super::variables::EPOCH;
use crate::plan::Plan;
use crate::plan::config::valid::OtherImageConfig;
use crate::plan::other_image::OtherImage;

/// The target that all of them inherit.
const OTHER: &str = "_other";

/// Returns the targets of all such images, after the one that they inherit.
pub fn targets(plan: &Plan) -> Vec<Noted> {
    let images = plan.images.iter().map(|image| target(plan, image));
    let shared = (!plan.images.is_empty()).then(shared);
    shared.into_iter().chain(images).collect()
}

fn shared() -> Noted {
    let block = Block::builder("target")
        .add_label(OTHER)
        .add_attribute(("platforms", platforms()))
        .add_attribute(("args", arguments([(EPOCH, reference(EPOCH))])))
        .add_attribute(("labels", revision()))
        .add_attribute(("attest", attestations()))
        .build();
    Noted::new(
        "The settings that images of other Dockerfiles share.",
        block,
    )
}

fn target(plan: &Plan, image: &OtherImage) -> Noted {
    let OtherImageConfig {
        name,
        context,
        dockerfile,
        stage,
        args,
        target,
        ..
    } = &image.config;
    let folder = match context.as_str() {
        "" => ".",
        folder => folder,
    };
    let mut block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names([OTHER])))
        .add_attribute(("context", folder))
        .add_attribute(("dockerfile", relative(dockerfile, context).as_str()));
    if let Some(stage) = stage {
        block = block.add_attribute(("target", text(stage)));
    }
    if !args.is_empty() {
        let args = args
            .iter()
            .map(|(name, value)| (name.as_str(), text(value)));
        block = block.add_attribute(("args", arguments(args)));
    }
    if !target.platforms.is_empty() {
        let platforms = target.platforms.iter().map(String::as_str);
        block = block.add_attribute(("platforms", some_platforms(platforms)));
    }
    block = block.add_attribute(("tags", expression(&service_tags(target))));
    if let Some(output) = &target.output {
        block = block.add_attribute(("output", list([text(output)])));
    }
    let tag = cache_tag(name);
    let read = format!(
        r#"CACHE_REF == "" ? [] : [for branch in distinct([CACHE_BRANCH, "main"]) : "type=registry,ref=${{CACHE_REF}}:{tag}..${{cache_tag(branch)}}"]"#
    );
    let write = format!(
        r#"CACHE_REF == "" ? [] : ["type=registry,ref=${{CACHE_REF}}:{tag}..${{cache_tag(CACHE_BRANCH)}},mode=max,compression=zstd,oci-mediatypes=true,ignore-error=true"]"#
    );
    let block = block
        .add_attribute(("cache-from", expression(&read)))
        .add_attribute(("cache-to", expression(&write)))
        .build();
    let embedded = plan.config.embedded.values().flatten();
    let comment = if embedded.into_iter().any(|one| one.image == *name) {
        format!("{}, which packages embed", image.what())
    } else if plan.shipped_by(name).next().is_some() {
        format!("{}, which services are built from", image.what())
    } else {
        image.what()
    };
    Noted::new(comment, block)
}

fn arguments<'a>(arguments: impl IntoIterator<Item = (&'a str, Expression)>) -> Expression {
    let arguments = arguments.into_iter();
    let arguments =
        arguments.map(|(name, value)| (ObjectKey::from(hcl::Identifier::unchecked(name)), value));
    Expression::Object(Object::from_iter(arguments))
}

/// Returns the path of a file relative to a folder, for paths that are both relative to the same place.
pub fn relative(file: &Utf8Path, folder: &Utf8Path) -> Utf8PathBuf {
    let common = folder.ancestors().find(|above| file.starts_with(above));
    let common = common.unwrap_or(Utf8Path::new(""));
    let down = folder.strip_prefix(common).unwrap_or(folder).components();
    let up: Utf8PathBuf = down.map(|_| "..").collect();
    up.join(file.strip_prefix(common).unwrap_or(file))
}

/// The longest name in the tag of a cache, which has room for platforms and a branch, too.
const LONGEST: usize = 30;

/// Returns the beginning of the tag of an image's own cache. A tag has 128 characters at most.
fn cache_tag(name: &str) -> String {
    if name.len() <= LONGEST {
        return format!("image-{name}");
    }
    let sum = blake3::hash(name.as_bytes()).to_hex();
    format!("image-{}-{}", &name[..LONGEST - 9], &sum[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_is_found_from_its_context() {
        let rows = [
            ("a/Dockerfile", "a", "Dockerfile"),
            ("Dockerfile", "", "Dockerfile"),
            ("a/b/Dockerfile", "a", "b/Dockerfile"),
            ("docker/Dockerfile.a", "a/b", "../../docker/Dockerfile.a"),
            ("a/Dockerfile", "a/b", "../Dockerfile"),
            ("ab/Dockerfile", "a", "../ab/Dockerfile"),
        ];
        for (file, folder, expected) in rows {
            assert_eq!(
                relative(file.into(), folder.into()),
                expected,
                "{file} {folder}"
            );
        }
    }

    #[test]
    fn a_long_name_has_a_cache_of_its_own_and_room_for_a_branch() {
        let (one, other) = ("x".repeat(100), format!("{}y", "x".repeat(99)));
        assert_ne!(cache_tag(&one), cache_tag(&other));
        assert_eq!(cache_tag(&one).len(), "image-".len() + LONGEST);
        assert_eq!(cache_tag("dashboard"), "image-dashboard");
    }
}
