//! Values that several manifests have.

use super::names::label;
use super::order::Order;
use super::workload::Workload;
use crate::documents::yaml::Yaml;

/// A manifest and the comments above it.
pub type Manifest = (Vec<String>, Vec<(&'static str, Yaml)>);

/// Returns the name, namespace and labels of an object.
pub fn metadata(order: &Order<'_>, workload: &Workload<'_>, name: &str) -> Yaml {
    let mut keys = vec![("name", Yaml::plain(name))];
    if let Some(namespace) = order.namespace {
        keys.push(("namespace", Yaml::plain(namespace)));
    }
    keys.push(("labels", labels(order, workload)));
    Yaml::map(keys)
}

/// Returns the labels by which the pods of a service are found.
pub fn labels(order: &Order<'_>, workload: &Workload<'_>) -> Yaml {
    Yaml::line([
        ("app.kubernetes.io/name", Yaml::plain(label(workload.name))),
        (
            "app.kubernetes.io/part-of",
            Yaml::plain(label(&order.plan.config.name)),
        ),
    ])
}

/// Returns a text in which Kubernetes would replace variables: `$(NAME)`. `$$` stands for one `$` there.
pub fn literal(text: &str) -> Yaml {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '$' && matches!(rest.peek(), Some('$' | '(')) {
            escaped.push('$');
        }
        escaped.push(c);
    }
    Yaml::Plain(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Expands as the function `Expand` of Kubernetes does, with no variables: an unknown one stays as it is.
    fn expanded(text: &str) -> String {
        let mut rest = text;
        let mut result = String::new();
        while let Some(start) = rest.find('$') {
            let (before, from) = rest.split_at(start);
            result += before;
            rest = match from.as_bytes().get(1) {
                Some(b'$') => {
                    result.push('$');
                    &from[2..]
                }
                Some(b'(') => {
                    // A reference; a marker shows that it was taken for one.
                    result += "<reference>";
                    &from[2..]
                }
                _ => {
                    result.push('$');
                    &from[1..]
                }
            };
        }
        result + rest
    }

    proptest! {
        #[test]
        fn kubernetes_reads_every_text_as_it_is(text in "[$()a]{0,9}|\\PC*") {
            let Yaml::Plain(escaped) = literal(&text) else { unreachable!() };
            prop_assert_eq!(expanded(&escaped), text);
        }
    }
}
