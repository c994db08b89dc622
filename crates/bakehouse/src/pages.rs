//! Links to the pages of the manual.

/// Returns a reference to the page of that name, for a hint: its address in the repository that the program's manifest
/// names, as it was at this version.
pub fn page(name: &str) -> String {
    let address = address(env!("CARGO_PKG_REPOSITORY"), name);
    address.unwrap_or_else(|| format!("the page \"{name}\" of the manual"))
}

fn address(repository: &str, name: &str) -> Option<String> {
    let repository = repository.trim_end_matches('/').trim_end_matches(".git");
    let version = env!("CARGO_PKG_VERSION");
    (!repository.is_empty()).then(|| format!("{repository}/blob/v{version}/docs/{name}.md"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_in_the_repository_that_the_manifest_names() {
        let repository = "https://git.example/acme/bakehouse.git";
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!("https://git.example/acme/bakehouse/blob/v{version}/docs/fleet.md");
        assert_eq!(address(repository, "fleet"), Some(expected));
        assert_eq!(address("", "fleet"), None);
    }
}
