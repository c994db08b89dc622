//! The functions of the Bake file.

use hcl::Block;

use super::syntax::{Noted, expression, list, reference};
use crate::plan::Plan;

/// The function for the tags of an image that has registries of its own.
pub const TAGGED_UNDER: &str = "tagged_under";

/// Returns all functions.
pub fn functions(plan: &Plan) -> Vec<Noted> {
    let mut functions = vec![
        Noted::new(
            "The registries of the images; none for local names.",
            function("registries", &[], &registries(&plan.config.registries)),
        ),
        Noted::new(
            "The names of an image: one under each registry.",
            function(
                "images",
                &["name"],
                r#"length(registries()) == 0 ? [name] : [for registry in registries() : "${registry}/${name}"]"#,
            ),
        ),
        Noted::new(
            "An image under each of its names, with each tag.",
            function(
                "tagged",
                &["name", "given"],
                r#"flatten([for image in images(name) : [for tag in given : "${image}:${tag}"]])"#,
            ),
        ),
        Noted::new(
            "The tags of the images: CI's if docker/metadata-action gave some, else those of TAG.",
            function(
                "usual",
                &["given"],
                r#"distinct(length(given) > 0 ? [for tag in given : element(split(":", tag), length(split(":", tag)) - 1)] : compact(split(",", TAG)))"#,
            ),
        ),
        Noted::new(
            "An image with the usual tags.",
            function("tags", &["name", "given"], "tagged(name, usual(given))"),
        ),
        Noted::new(
            "The name of a branch as a valid tag. No two branches get the same tag.",
            function(
                "branch_tag",
                &["branch"],
                r#"length(regexall("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$", branch)) > 0 ? branch : "${regex_replace(substr(regex_replace(branch, "[^A-Za-z0-9_.-]", "-"), 0, 55), "^[.-]", "_")}-${substr(sha256(branch), 0, 8)}""#,
            ),
        ),
        Noted::new(
            "The tag of what is kept of a branch, for the given platforms. `..` is unambiguous, since no branch has it in its name.",
            function(
                "cache_tag",
                &["branch"],
                r#""${PLATFORMS == "" ? "" : "${replace(replace(PLATFORMS, "/", "-"), ",", "-")}.."}${branch_tag(branch)}""#,
            ),
        ),
        Noted::new(
            "The registry cache of a branch.",
            function(
                "cache",
                &["branch"],
                r#""${CACHE_REF}:${cache_tag(branch)}""#,
            ),
        ),
        Noted::new(
            "The image of what was compiled for a branch.",
            function(
                "seed",
                &["branch"],
                r#""${CACHE_REF}:deps..${cache_tag(branch)}""#,
            ),
        ),
    ];
    let mut images = plan.baked.iter();
    if images.any(|image| !image.target.registries.is_empty()) {
        let usual = plan.config.registry();
        functions.push(Noted::new(
            "An image with registries of its own, with each tag. A REGISTRY other than the default replaces them, too.",
            function(
                TAGGED_UNDER,
                &["own", "name", "given"],
                &format!(
                    r#"REGISTRY == "{usual}" ? flatten([for registry in own : [for tag in given : "${{registry}}/${{name}}:${{tag}}"]]) : tagged(name, given)"#
                ),
            ),
        ));
    }
    let mut images = plan.baked.iter();
    if images.any(|image| !image.target.platforms.is_empty()) {
        let both =
            r#"[for platform in split(",", PLATFORMS) : platform if contains(own, platform)]"#;
        functions.push(Noted::new(
            "Those of PLATFORMS that an image is built for; all that it is built for if none of them is.",
            function(
                "platforms",
                &["own"],
                &format!("length({both}) > 0 ? {both} : own"),
            ),
        ));
    }
    functions
}

/// Returns the registries of the images, as HCL. While `REGISTRY` has its default, they are those of the configuration.
fn registries(registries: &[String]) -> String {
    match registries {
        [first, _, ..] => {
            let all = registries.join(",");
            format!(r#"compact(split(",", REGISTRY == "{first}" ? "{all}" : REGISTRY))"#)
        }
        _ => r#"compact(split(",", REGISTRY))"#.to_owned(),
    }
}

fn function(name: &str, params: &[&str], result: &str) -> Block {
    Block::builder("function")
        .add_label(name)
        .add_attribute(("params", list(params.iter().map(|param| reference(param)))))
        .add_attribute(("result", expression(result)))
        .build()
}
