//! Binaries that people are told of: by the repository's documents and workflows.

use std::collections::BTreeSet;

use super::kinds::Kind;
use super::walk::Files;

/// Returns which of `binaries` a document or workflow names. A document names one only in code.
pub fn named<'a>(files: &Files, binaries: &'a [String]) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for text in &files.texts {
        let code = match text.kind {
            Kind::Workflow => text.text.clone(),
            Kind::Document => in_code(&text.text),
            _ => continue,
        };
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let words: BTreeSet<&str> = code.split(|c| !is_part(c)).collect();
        let named = binaries.iter().map(String::as_str);
        found.extend(named.filter(|binary| words.contains(binary)));
    }
    found
}

/// Returns the code of a Markdown document.
fn in_code(text: &str) -> String {
    let mut code = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            code += line;
            code.push('\n');
        } else {
            for span in line.split('`').skip(1).step_by(2) {
                code += span;
                code.push('\n');
            }
        }
    }
    code
}
