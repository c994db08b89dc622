//! Comparison of the output in a page with the real output.

use std::collections::BTreeSet;

/// Returns the first line of `shown`, counted from 0, that differs from `printed`, and the reason.
pub fn difference(shown: &str, printed: &str) -> Option<(usize, String)> {
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    // The numbers of lines that may have been read so far.
    let mut read = BTreeSet::from([0]);
    let mut last = 0;
    for (at, line) in shown.lines().map(str::trim_end).enumerate() {
        let next: BTreeSet<usize> = if line.trim() == "…" {
            let first = read.first().copied().unwrap_or_default();
            (first..=printed.len()).collect()
        } else {
            let fits = |at: &usize| printed.get(*at).is_some_and(|text| matches(line, text));
            read.iter().filter(|at| fits(at)).map(|at| at + 1).collect()
        };
        if next.is_empty() {
            let instead = match (read.len(), read.first().and_then(|at| printed.get(*at))) {
                (1, Some(text)) => format!("`{text}` was printed"),
                (1, None) => "nothing more was printed".to_owned(),
                _ => "no such line was printed".to_owned(),
            };
            return Some((at, format!("the page shows `{line}`, and {instead}")));
        }
        read = next;
        last = at;
    }
    if read.contains(&printed.len()) {
        return None;
    }
    let more = read.last().and_then(|at| printed.get(*at));
    let more = more.copied().unwrap_or_default();
    Some((
        last,
        format!("the page shows nothing more, and `{more}` was printed"),
    ))
}

/// Returns whether `text` contains the lines of `shown`, one after the other.
pub fn contains(shown: &str, text: &str) -> bool {
    difference(&format!("…\n{}\n…", shown.trim_end()), text).is_none()
}

/// Returns whether `text` matches `shown`, where each `…` stands for any text.
fn matches(shown: &str, text: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_was_printed() {
        let table: [(&str, &str, Option<usize>); 14] = [
            ("", "", None),
            ("a\nb\n", "a\nb\n", None),
            ("a\n", "a  \n", None),
            ("a\nb\n", "a\nc\n", Some(1)),
            ("a\nb\n", "a\n", Some(1)),
            ("a\n", "a\nb\n", Some(0)),
            ("…\n", "a\nb\n", None),
            ("…\nb\n", "a\nb\nb\n", None),
            ("…\nb\n…\nd\n", "a\nb\nc\nb\nd\n", None),
            ("…\nb\nd\n", "a\nb\nc\nb\nd\n", None),
            ("…\nx\n…\n", "a\nb\n", Some(1)),
            ("in … s\n", "in 1.2 s\n", None),
            ("in … s\n", "in 1.2 m\n", Some(0)),
            ("#… a … z…\n", "#1 a b c z d\n", None),
        ];
        for (shown, printed, line) in table {
            let found = difference(shown, printed);
            assert_eq!(
                found.as_ref().map(|(line, _)| *line),
                line,
                "{shown:?} {printed:?}: {found:?}"
            );
        }
    }

    #[test]
    fn lines_stand_in_a_file_one_after_the_other() {
        assert!(contains("b\nc\n", "a\nb\nc\nd\n"));
        assert!(contains("b\n…\nd\n", "a\nb\nc\nd\n"));
        assert!(!contains("b\nd\n", "a\nb\nc\nd\n"));
    }
}
