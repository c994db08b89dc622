//! The labels of an image. Those that are the same in every bake are in the Dockerfile, so that any way to build the
//! image sets them. The revision and the input hash come from the Bake files.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::plan::config::valid::TOOLCHAIN_LABEL;
use crate::plan::service::Service;

/// The label of the commit that an image was built from.
pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";

/// The label of the time at which an image was made.
pub const CREATED_LABEL: &str = "org.opencontainers.image.created";

const DESCRIPTION_LABEL: &str = "org.opencontainers.image.description";
/// The label of the name of a service.
pub const TITLE_LABEL: &str = "org.opencontainers.image.title";

/// Returns the labels of a service's image that are the same in every bake: from its toolchain, its package and the
/// configuration. Later ones override earlier ones.
pub fn of_image<'a>(plan: &'a Plan, service: &'a Service) -> BTreeMap<&'a str, &'a str> {
    let toolchain = plan.toolchain_label();
    let toolchain = toolchain.map(|toolchain| (TOOLCHAIN_LABEL, toolchain));
    let own = service.about.iter().chain(&service.image.labels);
    let own = own.map(|(key, value)| (key.as_str(), value.as_str()));
    let title = (TITLE_LABEL, service.name.as_str());
    toolchain.into_iter().chain([title]).chain(own).collect()
}

/// Returns the revision that the configuration sets for an image. It overrides that of the bake.
pub fn own_revision(service: &Service) -> Option<&str> {
    let revision = service.image.labels.get(REVISION_LABEL);
    revision.map(String::as_str)
}

/// The longest line of labels, unless a single label is longer.
const WIDTH: usize = 200;

/// Puts labels on a few readable lines. A description has its own line, which is the last.
pub fn lines(mut labels: BTreeMap<&str, &str>) -> Vec<Vec<(String, String)>> {
    let description = labels.remove_entry(DESCRIPTION_LABEL);
    let mut lines: Vec<Vec<(String, String)>> = Vec::new();
    let mut width = 0;
    let mut add = |(key, value): (&str, &str), alone: bool| {
        let pair = (key.to_owned(), value.to_owned());
        let length = key.len() + value.len() + "=\"\" ".len();
        width += length;
        match lines.last_mut() {
            Some(line) if width <= WIDTH && !alone => line.push(pair),
            _ => {
                width = length;
                lines.push(vec![pair]);
            }
        }
    };
    labels.into_iter().for_each(|label| add(label, false));
    description.into_iter().for_each(|label| add(label, true));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_labels_are_few_and_not_too_long() {
        let long = "a description ".repeat(9);
        let short = [("a", "1"), ("b", "2"), (TITLE_LABEL, "api")];
        let labels = short
            .into_iter()
            .chain([(DESCRIPTION_LABEL, long.as_str())]);
        let keys = |lines: Vec<Vec<(String, String)>>| -> Vec<Vec<String>> {
            let keys = |line: Vec<(String, String)>| line.into_iter().map(|(key, _)| key).collect();
            lines.into_iter().map(keys).collect()
        };
        let expected = [vec!["a", "b", TITLE_LABEL], vec![DESCRIPTION_LABEL]];
        assert_eq!(keys(lines(labels.collect())), expected);
        let longest = "x".repeat(WIDTH);
        let labels = [("a", longest.as_str()), ("b", "2"), ("c", "3")];
        assert_eq!(keys(lines(labels.into())), [vec!["a"], vec!["b", "c"]]);
    }
}
