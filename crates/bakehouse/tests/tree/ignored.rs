//! Matcher for the generated `.dockerignore`.

/// Patterns in order; the last that matches decides.
pub struct Ignored(Vec<(bool, String)>);

impl Ignored {
    pub fn read(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let patterns = patterns.map(|line| match line.strip_prefix('!') {
            Some(pattern) => (true, pattern.to_owned()),
            None => (false, line.to_owned()),
        });
        Self(patterns.collect())
    }

    /// Returns whether the file at `path` is sent.
    pub fn sends(&self, path: &str) -> bool {
        let matching = self
            .0
            .iter()
            .rev()
            .find(|(_, pattern)| matches(pattern, path));
        matching.is_none_or(|(sends, _)| *sends)
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    match pattern.strip_prefix("**/") {
        Some(name) => path.split('/').any(|part| part == name),
        None => {
            assert!(!pattern.contains('*'), "{pattern}");
            path == pattern
                || path
                    .strip_prefix(pattern)
                    .is_some_and(|rest| rest.starts_with('/'))
        }
    }
}
