//! The functions of the Bake file.

use hcl::Block;

use super::syntax::{Noted, expression, list, reference};

/// Returns all functions.
pub fn functions() -> [Noted; 6] {
    [
        Noted::new(
            "The full name of an image.",
            function(
                "image",
                &["name"],
                r#"REGISTRY == "" ? name : "${REGISTRY}/${name}""#,
            ),
        ),
        Noted::new(
            "Tags of a service: CI's if docker/metadata-action gave some, else TAG.",
            function(
                "tags",
                &["name", "given"],
                r#"length(given) > 0 ? [for tag in given : "${image(name)}:${element(split(":", tag), length(split(":", tag)) - 1)}"] : ["${image(name)}:${TAG}"]"#,
            ),
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
    ]
}

fn function(name: &str, params: &[&str], result: &str) -> Block {
    Block::builder("function")
        .add_label(name)
        .add_attribute(("params", list(params.iter().map(|param| reference(param)))))
        .add_attribute(("result", expression(result)))
        .build()
}
