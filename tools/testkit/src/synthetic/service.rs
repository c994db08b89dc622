//! The source of a service.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::identifier;

/// Returns `src/main.rs`: prints the values of the whole closure in one line.
pub fn main(name: &str, value: &str, needs: &BTreeSet<String>) -> String {
    let mut text = format!(
        "//! The service `{name}` of a synthetic workspace.\n\nmod tools;\n\nuse std::collections::BTreeMap;\n\n\
         const VALUE: &str = \"{value}\";\n\nfn main() {{\n    let mut values = BTreeMap::from([(\"{name}\", VALUE)]);\n    \
         let mut sum = tools::exercise(1);\n"
    );
    for need in needs {
        let need = identifier(need);
        let _ = writeln!(
            text,
            "    values.extend({need}::values());\n    sum = sum.wrapping_add({need}::exercise(1));"
        );
    }
    text += "    std::hint::black_box(sum);\n    let words: Vec<String> = values.iter().map(|(name, value)| format!(\"{name}={value}\")).collect();\n    \
             println!(\"{}\", words.join(\" \"));\n}\n";
    text
}
