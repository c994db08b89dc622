//! Names of images, as registries and engines accept them: the grammar of `distribution/reference`.

use super::digests::tagged;

/// The maximum length of a repository's name and of a tag, in bytes.
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

/// The digest algorithms, with the number of hexadecimal digits of each.
const DIGESTS: [(&str, usize); 3] = [("sha256", 64), ("sha384", 96), ("sha512", 128)];

/// The part of an image's name that a value contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The prefix of repository names: a registry, a namespace or both.
    Prefix,
    /// A repository without a tag, since tags are added elsewhere.
    Repository,
    /// An image that can be pulled.
    Image,
}

/// The reason why a text is not a valid name, and a suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub what: String,
    pub hint: String,
}

fn fault<T>(what: impl Into<String>, hint: impl Into<String>) -> Result<T, Fault> {
    Err(Fault {
        what: what.into(),
        hint: hint.into(),
    })
}

/// Checks that `text` has the form.
///
/// # Errors
/// The first fault, phrased as the predicate of a sentence about the text.
pub fn check(text: &str, form: Form) -> Result<(), Fault> {
    characters(text, form)?;
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (text, None),
    };
    let (path, tag) = split_tag(named, form);
    if form != Form::Image {
        without_tag(path, tag, digest, form)?;
    }
    repository(path, &text[path.len()..], form)?;
    if let Some(tag) = tag {
        self::tag(tag)?;
    }
    digest.map_or(Ok(()), |digest| self::digest(digest, named))
}

/// Checks a tag.
///
/// # Errors
/// As [`check`].
pub fn tag(tag: &str) -> Result<(), Fault> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = |c: char| word(c) || c == '.' || c == '-';
    if tag.is_empty() {
        return fault(
            "has a `:` without a tag",
            "write the tag, or leave the `:` out",
        );
    }
    if let Some(char) = tag.chars().find(|c| !rest(*c)) {
        let plain = tag.replace(|c| !rest(c), "-");
        return fault(
            format!("has `{}` in its tag", char.escape_debug()),
            format!("write `{plain}`: a tag consists of letters, digits, `_`, `.` and `-`"),
        );
    }
    if !tag.starts_with(word) {
        return fault(
            format!("has a tag that begins with `{}`", &tag[..1]),
            "begin the tag with a letter, a digit or `_`",
        );
    }
    if tag.len() > LONGEST_TAG {
        return fault(
            format!("has a tag of {} characters", tag.len()),
            format!("write {LONGEST_TAG} at most"),
        );
    }
    Ok(())
}

/// Returns whether `text` can be a component between two `/` of a repository's name.
pub fn is_component(text: &str) -> bool {
    separator(text).is_none()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

/// Refuses characters that no image name contains.
fn characters(text: &str, form: Form) -> Result<(), Fault> {
    let example = match form {
        Form::Prefix => "ghcr.io/acme/shop",
        Form::Repository => "ghcr.io/acme/shop/cache",
        Form::Image => "docker.io/library/debian:bookworm-slim",
    };
    if text.is_empty() {
        return fault("is empty", format!("write it as in `{example}`"));
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        let rest = rest.trim_end_matches('/');
        return fault(
            format!("begins with the scheme `{scheme}://`"),
            format!("write `{rest}`: image names have none"),
        );
    }
    if let Some((_, reference)) = text.split_once("ref=") {
        let reference = reference.split(',').next().unwrap_or_default();
        return fault(
            "is an option of buildx",
            format!("write `{reference}`: the generated files have the options"),
        );
    }
    if text.contains("${") || text.contains("{{") {
        let hint = match form {
            Form::Prefix => "write the usual value here; the variable REGISTRY overrides it",
            Form::Repository => "write the usual value here; the variable CACHE_REF decides",
            Form::Image => "write the image itself",
        };
        return fault("contains a variable, which would not be replaced", hint);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if let Some(char) = text.chars().find(|c| !plain(*c)) {
        return fault(
            format!(
                "contains `{}`, which image names cannot contain",
                char.escape_debug()
            ),
            format!("write it as in `{example}`"),
        );
    }
    Ok(())
}

/// Splits off the tag from a repository's name. In a prefix without a path, the last colon starts a port.
fn split_tag(named: &str, form: Form) -> (&str, Option<&str>) {
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    if last == 0 && form == Form::Prefix {
        return (named, None);
    }
    match named[last..].split_once(':') {
        Some((name, tag)) => (&named[..last + name.len()], Some(tag)),
        None => (named, None),
    }
}

/// Refuses tags and digests where they are not allowed.
fn without_tag(
    path: &str,
    tag: Option<&str>,
    digest: Option<&str>,
    form: Form,
) -> Result<(), Fault> {
    let given = match form {
        Form::Prefix => "a service's name follows it, and the tag is the variable TAG",
        _ => "the tags of a cache are the branches",
    };
    let is_port = |tag: &str| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_digit());
    let is_host = path == "localhost" || path.contains('.');
    match (tag, digest) {
        (_, Some(digest)) => fault(
            format!("has a digest, `@{digest}`"),
            format!("write `{path}`: {given}"),
        ),
        (tag, None) if form == Form::Repository && !path.contains('/') && is_host => {
            let registry = tag.map_or_else(|| path.to_owned(), |tag| format!("{path}:{tag}"));
            fault(
                "is a registry without a repository",
                format!("name one, such as `{registry}/cache`"),
            )
        }
        (Some(port), None) if is_port(port) && !path.contains('/') => fault(
            "is a registry without a repository",
            format!("name one, such as `{path}:{port}/cache`"),
        ),
        (Some(tag), None) => fault(
            format!("has a tag, `:{tag}`"),
            format!("write `{path}`: {given}"),
        ),
        (None, None) => Ok(()),
    }
}

/// Checks the name of a repository. `behind` is the tag and digest that follow it.
fn repository(name: &str, behind: &str, form: Form) -> Result<(), Fault> {
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if is_host(first) => (Some(first), rest),
        None if form == Form::Prefix && is_host(name) => (Some(name), ""),
        _ => (None, name),
    };
    if let Some(host) = host {
        self::host(host)?;
    }
    if path.is_empty() && host.is_some() && form == Form::Prefix && !name.ends_with('/') {
        return Ok(());
    }
    if path.bytes().any(|b| b.is_ascii_uppercase()) {
        let start = &name[..name.len() - path.len()];
        let lower = path.to_lowercase();
        return fault(
            "has upper-case letters, which registries and engines refuse",
            format!("write `{start}{lower}{behind}`"),
        );
    }
    for component in path.split('/') {
        if component.is_empty() {
            return fault(
                match (name.starts_with('/'), name.ends_with('/')) {
                    (_, true) => "ends with `/`",
                    (true, _) => "begins with `/`",
                    _ => "has nothing between two `/`",
                },
                format!(
                    "write `{}{behind}`",
                    Vec::from_iter(name.split('/').filter(|part| !part.is_empty())).join("/")
                ),
            );
        }
        if let Some(separator) = separator(component) {
            return fault(
                format!("has `{separator}` in `{component}`"),
                "put letters or digits at both ends, and one `.`, one or two `_`, or any number of `-` between them",
            );
        }
        if component.contains([':', '@']) {
            return fault(
                format!("has a `:` in `{component}`"),
                "put a port after the registry's name, and a tag at the end",
            );
        }
    }
    if host.is_none() && path.len() == 64 && path.bytes().all(|b| b.is_ascii_hexdigit()) {
        return fault(
            "would be taken for the id of an image by engines",
            "write the name of a repository",
        );
    }
    if name.len() > LONGEST_NAME {
        return fault(
            format!("has {} characters", name.len()),
            format!("write {LONGEST_NAME} at most"),
        );
    }
    Ok(())
}

/// Returns whether a text is a digest of SHA-256, as engines and registries write it.
pub fn is_sha256(text: &str) -> bool {
    let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let hex = text.strip_prefix("sha256:");
    hex.is_some_and(|hex| hex.len() == 64 && hex.bytes().all(is_lower_hex))
}

/// Returns whether engines take the first part of a name for a registry. They also do so if it has upper-case letters,
/// but then it is not meant as a registry.
pub fn is_host(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

fn host(host: &str) -> Result<(), Fault> {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    if let Some(port) = port
        && (port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()))
    {
        return fault(
            format!("has `{port}` where the port of `{name}` would be"),
            format!(
                "write a number, as in `{name}:5000`, or leave it out: a tag cannot contain `/`"
            ),
        );
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if !name.split('.').all(is_label) {
        return fault(
            format!("begins with `{name}`, which is not the name of a registry"),
            "begin with a host, as in `ghcr.io/acme/shop`, or with a namespace of Docker Hub",
        );
    }
    Ok(())
}

/// Returns the first misplaced separator of a component: one at its beginning or end, or a run of separators that is
/// not allowed between letters and digits.
fn separator(component: &str) -> Option<&str> {
    let plain = |c: char| !matches!(c, '.' | '_' | '-');
    let begins_or_ends = [
        component.strip_prefix(|c| !plain(c)),
        component.strip_suffix(|c| !plain(c)),
    ];
    let runs = component.split(plain).filter(|run| !run.is_empty());
    let is_one = |run: &&str| matches!(*run, "." | "_" | "__") || run.bytes().all(|b| b == b'-');
    if begins_or_ends.iter().any(Option::is_some) {
        let start = component.split(plain).next().filter(|run| !run.is_empty());
        return start.or_else(|| component.split(plain).next_back());
    }
    runs.into_iter().find(|run| !is_one(run))
}

fn digest(digest: &str, named: &str) -> Result<(), Fault> {
    let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
    let length = DIGESTS.iter().find(|(known, _)| *known == algorithm);
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    match length {
        Some((_, length)) if hex.len() == *length && hex.bytes().all(is_hex) => Ok(()),
        Some((_, length)) => fault(
            format!("has a digest that is not {length} hexadecimal digits"),
            format!(
                "write `{}` and let `bakehouse pin` add the digest",
                tagged(named)
            ),
        ),
        None => fault(
            format!("has a digest by `{algorithm}`"),
            "digests begin with `sha256:`; `bakehouse pin` adds them",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn names_that_engines_take_are_taken() {
        let pinned = format!("docker.io/library/debian:bookworm-slim@sha256:{HEX}");
        let by_digest = format!("reg.example:5000/a/b@sha256:{HEX}");
        for image in [
            "scratch",
            "debian",
            "debian:12",
            "localhost:5000/a:B_c.d-1",
            "GHCR.io/acme/web",
            "a/b__c/d--e/f.g/h_i",
            "127.0.0.1:5000/x/0",
            &pinned,
            &by_digest,
        ] {
            assert_eq!(check(image, Form::Image), Ok(()), "{image}");
        }
        for prefix in [
            "ghcr.io",
            "localhost:5000",
            "acme",
            "reports/r23",
            "ghcr.io/acme/shop",
            "127.0.0.1:5000/a",
        ] {
            assert_eq!(check(prefix, Form::Prefix), Ok(()), "{prefix}");
        }
        for repository in ["x/cache", "cache", "x:5000/cache", "ghcr.io/a/b_c"] {
            assert_eq!(check(repository, Form::Repository), Ok(()), "{repository}");
        }
    }

    /// Form, value, fault, suggestion.
    const WRONG: &str = "\
prefix | ghcr.io/Acme/Shop | upper-case letters | write `ghcr.io/acme/shop`
prefix | Acme | upper-case letters | write `acme`
prefix | Acme/shop | upper-case letters | write `acme/shop`
prefix | ghcr.io/acme/shop:1 | a tag, `:1` | write `ghcr.io/acme/shop`
prefix | https://ghcr.io/acme/ | the scheme `https://` | write `ghcr.io/acme`
prefix | ghcr.io/acme/ | ends with `/` | write `ghcr.io/acme`
prefix | ghcr.io/ | ends with `/` | write `ghcr.io`
prefix | /acme | begins with `/` | write `acme`
prefix | ghcr.io//acme | nothing between two `/` | write `ghcr.io/acme`
prefix | shop:latest | has `latest` where the port | `shop:5000`
prefix | -x.io/acme | not the name of a registry | begin with a host
prefix | ghcr.io/acme_ | has `_` in `acme_` | at both ends
prefix | ghcr.io/a-_b | has `-_` in `a-_b` | at both ends
prefix | a b | contains ` ` | ghcr.io/acme/shop
prefix | ghcr.io/${OWNER} | contains a variable | REGISTRY
repository | ghcr.io/Acme/cache | upper-case letters | write `ghcr.io/acme/cache`
repository | x/cache:main | a tag, `:main` | write `x/cache`
repository | x/cache@sha256:1 | a digest, `@sha256:1` | write `x/cache`
repository | oci://x.io/cache | the scheme `oci://` | write `x.io/cache`
repository | type=registry,ref=x/cache,mode=max | an option of buildx | write `x/cache`
repository | localhost:5000 | without a repository | `localhost:5000/cache`
repository | ghcr.io | without a repository | `ghcr.io/cache`
repository | ghcr.io/acme/cäche | contains `ä` | ghcr.io/acme/shop/cache
repository |  | is empty | ghcr.io/acme/shop/cache
image | Debian:12 | upper-case letters | write `debian:12`
image | docker.io/library/debian: | `:` without a tag | leave the `:` out
image | debian:-x | a tag that begins with `-` | begin the tag
image | debian@sha256:12 | not 64 hexadecimal digits | write `debian`
image | debian@md5:12 | a digest by `md5` | sha256:
image | 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef | the id of an image | a repository
image | docker://debian | the scheme `docker://` | write `debian`
image | a/b:c/d | has a `:` in `b:c` | a tag at the end";

    #[test]
    fn each_fault_is_told_by_what_stands_there() {
        for line in WRONG.lines() {
            let [form, text, what, hint] = Vec::from_iter(line.split(" | "))[..] else {
                panic!("{line}");
            };
            let form = match form {
                "prefix" => Form::Prefix,
                "repository" => Form::Repository,
                _ => Form::Image,
            };
            let fault = check(text, form).unwrap_err();
            assert!(fault.what.contains(what), "{text}: {fault:?}");
            assert!(fault.hint.contains(hint), "{text}: {fault:?}");
        }
        let long = "a".repeat(129);
        assert!(tag(&long).unwrap_err().what.contains("129 characters"));
        assert!(tag("feature/x").unwrap_err().hint.contains("`feature-x`"));
    }
}
