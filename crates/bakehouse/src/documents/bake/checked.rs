//! Conditions that Bake checks on the variables that image names consist of, and the messages for values that fail
//! them.

use hcl::Block;

use super::syntax::{expression, template};

/// A component of a repository's name, between two `/`, in either case.
const COMPONENT: &str = "[a-zA-Z0-9]+((\\\\.|_|__|-+)[a-zA-Z0-9]+)*";

/// The end of a scheme. No image name has one.
const SCHEME: &str = "://";

/// Upper-case letters outside the host of a name, or of one of several names.
const UPPER: &str = "/[^/:@,]*[A-Z]|(^|,)[^/.:@,]*[A-Z][^/.:@,]*(/|,|$)";

/// A tag or digest.
const TAGGED: &str = "@|/.*:[^/]*$";

/// A tag.
const TAG: &str = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";

/// Returns the validations of the registries and namespaces of the images.
pub fn registry() -> [Block; 2] {
    let name = name_pattern();
    checked_name(
        "REGISTRY",
        &format!("^({name})?(,({name})?)*$"),
        "",
        "write a registry, a namespace or both, without a tag: registry.example/shop",
    )
}

/// Returns the validations of the repository of the registry cache.
pub fn cache() -> [Block; 2] {
    let tagged = matches("CACHE_REF", TAGGED);
    checked_name(
        "CACHE_REF",
        &format!("^{}$", name_pattern()),
        &format!(
            r#"{tagged} ? "write it without a tag or digest, the tags of a cache are the branches" : "#
        ),
        "write the name of a repository, without a tag: registry.example/cache",
    )
}

/// Returns the validations of the tags of the images. Empty ones between commas are left out.
pub fn tag() -> [Block; 2] {
    [
        validation(
            &matches("TAG", "[^,]"),
            "TAG has no tag: write one, or several, separated by commas",
        ),
        validation(
            &matches("TAG", &format!("^({TAG})?(,({TAG})?)*$")),
            "TAG is ${TAG}: a tag consists of at most 128 letters, digits, `_`, `.` and `-`, and does not begin with `.` or `-`; several are separated by commas",
        ),
    ]
}

/// Returns the validation of the branch whose cache is written.
pub fn branch() -> Block {
    validation(
        r#"CACHE_BRANCH != """#,
        "CACHE_BRANCH is the name of a branch",
    )
}

/// Returns the pattern of a name without a tag.
fn name_pattern() -> String {
    format!("[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/{COMPONENT})*")
}

/// Returns the validations of names without a tag: one of their characters, one of upper-case letters. The message of
/// the first names the usual mistake that it finds. `further` adds more mistakes, each as a condition between `?` and
/// `:`.
fn checked_name(variable: &str, shape: &str, further: &str, hint: &str) -> [Block; 2] {
    let shape = matches(variable, shape);
    let scheme = matches(variable, SCHEME);
    let scheme = format!(r#"{scheme} ? "image names have no scheme, write it without one" : "#);
    let upper = matches(variable, UPPER);
    let is = format!("{variable} is ${{{variable}}}");
    [
        validation(
            &format!(r#"{variable} == "" || {shape}"#),
            &format!(r#"{is}: ${{{scheme}{further}"{hint}"}}"#),
        ),
        validation(
            &format!("!{upper}"),
            &format!("{is}: registries refuse upper-case letters, write ${{lower({variable})}}"),
        ),
    ]
}

/// Returns a condition. Only Bake's own functions can be called there, not those of the file.
fn matches(variable: &str, pattern: &str) -> String {
    format!(r#"can(regex("{pattern}", {variable}))"#)
}

pub fn validation(condition: &str, message: &str) -> Block {
    Block::builder("validation")
        .add_attribute(("condition", expression(condition)))
        .add_attribute(("error_message", template(message.to_owned())))
        .build()
}
