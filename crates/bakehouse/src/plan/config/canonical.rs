//! Different spellings of one repository.

use super::image_name::is_host;

/// Docker Hub, and its spellings.
const HUB: &str = "docker.io";
const HUBS: [&str; 2] = [HUB, "index.docker.io"];

/// Returns the full name of a repository without a tag, or of a prefix of names: with its registry, as engines complete it.
/// Two spellings of one thing have the same.
pub fn canonical(name: &str) -> String {
    let (host, path) = match name.split_once('/') {
        Some((first, path)) if is_host(first) => (first.to_ascii_lowercase(), path),
        None if is_host(name) => (name.to_ascii_lowercase(), ""),
        _ => (HUB.to_owned(), name),
    };
    if !HUBS.contains(&host.as_str()) {
        return format!("{host}/{path}");
    }
    // Images without a namespace are in that of the official ones.
    let path = path.strip_prefix("library/").unwrap_or(path);
    let path = if path == "library" { "" } else { path };
    format!("{HUB}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_repository_have_one_name() {
        let table: [&[&str]; 9] = [
            &[
                "acme",
                "docker.io/acme",
                "index.docker.io/acme",
                "Docker.io/acme",
            ],
            &[
                "docker.io",
                "library",
                "docker.io/library",
                "index.docker.io",
            ],
            &["debian", "library/debian", "docker.io/library/debian"],
            &["ghcr.io/acme", "GHCR.io/acme"],
            &["ghcr.io"],
            &["localhost/acme"],
            &["localhost:5000/acme"],
            &["acme/library"],
            &["docker.io/acme/shop", "acme/shop"],
        ];
        let names: Vec<(usize, String)> = table
            .iter()
            .enumerate()
            .flat_map(|(at, row)| row.iter().map(move |name| (at, canonical(name))))
            .collect();
        for (row, name) in &names {
            for (other_row, other) in &names {
                assert_eq!(row == other_row, name == other, "{name} {other}");
            }
        }
    }
}
