//! The labels of an image. Those that no bake changes stand in the Dockerfile, so that whatever builds the image gives them
//! to it; the revision and the input hash come from the Bake files.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::plan::config::valid::TOOLCHAIN_LABEL;
use crate::plan::service::Service;

/// The label of the commit that an image was built from.
pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";

const DESCRIPTION_LABEL: &str = "org.opencontainers.image.description";
const TITLE_LABEL: &str = "org.opencontainers.image.title";

/// Returns the labels that a service's image has however it is built: of its toolchain, of its package and of the
/// configuration, where the later ones win.
pub fn of_image<'a>(plan: &'a Plan, service: &'a Service) -> BTreeMap<&'a str, &'a str> {
    let toolchain = plan.toolchain_label();
    let toolchain = toolchain.map(|toolchain| (TOOLCHAIN_LABEL, toolchain));
    let own = service.about.iter().chain(&service.image.labels);
    let own = own.map(|(key, value)| (key.as_str(), value.as_str()));
    let title = (TITLE_LABEL, service.name.as_str());
    toolchain.into_iter().chain([title]).chain(own).collect()
}

/// Returns the revision that the configuration gives an image: it wins over that of the bake.
pub fn own_revision(service: &Service) -> Option<&str> {
    let revision = service.image.labels.get(REVISION_LABEL);
    revision.map(String::as_str)
}

/// The longest line of labels, unless a single one is longer.
const WIDTH: usize = 200;

/// Puts labels on as few lines as they can be read on: a description has its own, which is the last.
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
