//! Conditions that Bake checks on the variables that image names are made of, each with the message for a value that
//! does not meet it. Bake shows the first that fails.

/// A condition and a message, as HCL.
pub type Validation = (String, String);

/// A part of a repository's name between two `/`.
const COMPONENT: &str = "[a-z0-9]+((\\\\.|_|__|-+)[a-z0-9]+)*";

/// Checks of the registry and namespace of the images.
pub fn registry() -> Vec<Validation> {
    let mut checks = plain("REGISTRY");
    checks.push(shaped(
        "REGISTRY",
        "write a registry, a namespace or both, without a tag: registry.example/shop",
    ));
    checks
}

/// Checks of the repository of the registry cache.
pub fn cache() -> Vec<Validation> {
    let mut checks = plain("CACHE_REF");
    checks.push((
        none("CACHE_REF", "@|/.*:[^/]*$"),
        "CACHE_REF is ${CACHE_REF}: write it without a tag or digest, the tags of a cache are the branches"
            .to_owned(),
    ));
    checks.push(shaped(
        "CACHE_REF",
        "write the name of a repository, without a tag: registry.example/cache",
    ));
    checks
}

/// Checks of the tag of the images.
pub fn tag() -> Vec<Validation> {
    vec![(
        r#"length(regexall("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", TAG)) > 0"#.to_owned(),
        "TAG is ${TAG}: a tag is made of 128 letters, digits, `_`, `.` and `-` at most, and begins with none of the last two"
            .to_owned(),
    )]
}

/// Checks for the most common mistakes: a scheme, and upper-case letters. Upper-case letters in a host are allowed.
fn plain(name: &str) -> Vec<Validation> {
    vec![
        (
            none(name, "://"),
            format!("{name} is ${{{name}}}: names of images have no scheme, write it without"),
        ),
        (
            none(name, "/[^/:@]*[A-Z]|^[^/.:@]*[A-Z][^/.:@]*(/|$)"),
            format!(
                "{name} is ${{{name}}}: registries refuse upper-case letters, write ${{lower({name})}}"
            ),
        ),
    ]
}

fn none(name: &str, pattern: &str) -> String {
    format!(r#"length(regexall("{pattern}", {name})) == 0"#)
}

fn shaped(name: &str, hint: &str) -> Validation {
    let pattern = format!("^[a-zA-Z0-9][a-zA-Z0-9._-]*(:[0-9]+)?(/{COMPONENT})*$");
    (
        format!(r#"{name} == "" || length(regexall("{pattern}", {name})) > 0"#),
        format!("{name} is ${{{name}}}: {hint}"),
    )
}
