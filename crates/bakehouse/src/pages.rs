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

    /// Returns the files of Rust below a folder.
    fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .flat_map(|path| match path.is_dir() {
                true => sources(&path),
                false => vec![path],
            })
            .collect()
    }

    #[test]
    fn no_hint_names_a_file_that_users_do_not_have() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let pages = std::fs::read_dir(root.join("../../docs")).unwrap();
        let pages = pages.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let pages: Vec<String> = pages.filter(|name| name.ends_with(".md")).collect();
        assert!(pages.contains(&"configuration.md".to_owned()), "{pages:?}");
        for path in sources(&root.join("src")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let mut named = String::new();
            for line in text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
            {
                let names = |page: &&String| line.contains(&format!("docs/{page}"));
                named.extend(pages.iter().filter(names).map(String::as_str));
            }
            assert_eq!(named, "", "{}", path.display());
        }
    }

    #[test]
    fn every_page_that_a_hint_names_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = 0;
        for path in sources(&root.join("src")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for call in text.split("page(\"").skip(1) {
                let (name, _) = call.split_once('"').unwrap();
                assert!(
                    root.join(format!("../../docs/{name}.md")).is_file(),
                    "{name}"
                );
                found += 1;
            }
        }
        assert!(found > 5, "{found}");
    }
}
