//! Names that Kubernetes takes: a letter, then letters, digits and `-`, 63 at most.

/// The length that leaves room for a suffix.
const LONGEST: usize = 50;

/// Returns the name of an object. It is the name itself wherever that is possible; otherwise no two names have the same.
pub fn label(name: &str) -> String {
    let plain = name.replace('_', "-");
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = plain.starts_with(|c: char| c.is_ascii_lowercase())
        && plain.ends_with(|c: char| c != '-')
        && plain.len() <= LONGEST
        && plain.chars().all(allowed);
    if is_label {
        return plain;
    }
    let lower = plain.to_ascii_lowercase().replace(|c| !allowed(c), "-");
    let short: String = lower.chars().take(LONGEST - 13).collect();
    let sum = &blake3::hash(name.as_bytes()).to_hex()[..8];
    format!("app-{}-{sum}", short.trim_matches('-'))
}

/// Returns the name of the claim for the state of a service.
pub fn state_claim(service: &str) -> String {
    format!("{}-state", label(service))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_kept_where_kubernetes_takes_them_and_are_told_apart_elsewhere() {
        assert_eq!(label("worker-shell"), "worker-shell");
        assert_eq!(label("a_b__c"), "a-b--c");
        let long = "a".repeat(64);
        let odd = ["9a", "9-a", "A", "a.b", "é", &long, &long[..63], "-", ""];
        let labels: BTreeSet<String> = odd.iter().map(|name| label(name)).collect();
        assert_eq!(labels.len(), odd.len(), "{labels:?}");
        for name in labels {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(plain), "{name}");
            assert!(name.starts_with("app-") && !name.ends_with('-'), "{name}");
            assert!(name.len() + "-state".len() <= 63, "{name}");
        }
    }
}
