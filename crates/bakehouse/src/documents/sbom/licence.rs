//! Licences of crates.

/// The licence of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// An expression of SPDX, in its canonical form.
    Expression(String),
    /// Another text.
    Named(String),
}

impl Terms {
    /// Reads the value of `license` in a manifest. Old ones separate alternatives by `/`.
    pub fn of(text: &str) -> Self {
        let canonical = spdx::Expression::canonicalize(text);
        let canonical = canonical.map(|changed| changed.unwrap_or_else(|| text.to_owned()));
        match canonical {
            Ok(text) if spdx::Expression::parse(&text).is_ok() => Self::Expression(text),
            _ => Self::Named(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_expression_stays_as_it_is() {
        let table = [
            ("MIT", Some("MIT")),
            ("MIT/Apache-2.0", Some("MIT OR Apache-2.0")),
            (
                "(MIT OR Apache-2.0) AND Unicode-3.0",
                Some("(MIT OR Apache-2.0) AND Unicode-3.0"),
            ),
            (
                "Apache-2.0 WITH LLVM-exception",
                Some("Apache-2.0 WITH LLVM-exception"),
            ),
            ("proprietary", None),
            ("See LICENSE", None),
        ];
        for (text, expected) in table {
            let expected = match expected {
                Some(expression) => Terms::Expression(expression.to_owned()),
                None => Terms::Named(text.to_owned()),
            };
            assert_eq!(Terms::of(text), expected);
        }
    }
}
