//! `[builders]`.

use super::check::Check;
use super::raw::{RawConfig, RawNode};
use super::spanned::Spanned;
use super::valid::{BuilderConfig, NodeConfig};
use crate::problem::Code;

const DRIVERS: [(&str, &str); 3] = [
    ("docker-container", "docker-container"),
    ("kubernetes", "kubernetes"),
    ("remote", "remote"),
];

impl Check<'_> {
    pub(super) fn builders(&mut self, raw: &RawConfig) -> Vec<BuilderConfig> {
        let mut builders = Vec::new();
        for (name, builder) in &raw.builders {
            let own = self.word(Some(name), "");
            let driver = self.choice(builder.driver.as_ref(), &DRIVERS);
            if builder.nodes.is_empty() {
                self.problem(
                    Code::ConfigValue,
                    format!("the builder `{own}` has no node"),
                    name.span(),
                    "list its `nodes`, each with `endpoint` and `platforms`",
                );
            }
            let nodes: Vec<NodeConfig> = builder
                .nodes
                .iter()
                .map(|node| self.node(name, driver, node))
                .collect();
            self.covered(raw, name, &nodes);
            builders.push(BuilderConfig {
                name: own,
                driver,
                nodes,
            });
        }
        builders
    }

    fn node(&mut self, name: &Spanned<String>, driver: &str, node: &RawNode) -> NodeConfig {
        let endpoint = node.endpoint.as_ref();
        if let Some(endpoint) = endpoint {
            self.word_of_a_command(endpoint);
        }
        let (wrong, hint) = match (driver, endpoint) {
            ("remote", None) => (
                Some(name.span()),
                "say where BuildKit listens with `endpoint`, such as \"tcp://10.0.0.1:1234\"",
            ),
            ("kubernetes", Some(endpoint)) => (
                Some(endpoint.span()),
                "remove `endpoint`: nodes of a cluster are selected by `options`, such as `nodeselector`",
            ),
            _ => (None, ""),
        };
        if let Some(span) = wrong {
            let what = if driver == "remote" {
                format!("a node of `{}` has no endpoint", name.as_ref())
            } else {
                "a node in a cluster has no endpoint".to_owned()
            };
            self.problem(Code::ConfigValue, what, span, hint);
        }
        let platforms = node.platforms.iter();
        NodeConfig {
            endpoint: endpoint.map(|endpoint| endpoint.as_ref().clone()),
            platforms: platforms.map(|platform| self.platform(platform)).collect(),
            options: node
                .options
                .iter()
                .map(|(key, value)| {
                    self.plain_name(key);
                    self.one_line(value);
                    (key.as_ref().clone(), value.as_ref().clone())
                })
                .collect(),
        }
    }

    /// Checks that the nodes cover the images' platforms. Otherwise the gap would show in the middle of a bake.
    fn covered(&mut self, raw: &RawConfig, name: &Spanned<String>, nodes: &[NodeConfig]) {
        if nodes.iter().any(|node| node.platforms.is_empty()) {
            return;
        }
        for platform in &raw.platforms {
            let mut all = nodes.iter().flat_map(|node| &node.platforms);
            if !all.any(|own| own == platform.as_ref()) {
                self.problem(
                    Code::ConfigValue,
                    format!(
                        "no node of `{}` builds for `{}`, which `platforms` asks for",
                        name.as_ref(),
                        platform.as_ref()
                    ),
                    name.span(),
                    "add it to the `platforms` of any node, since nodes cross-compile",
                );
            }
        }
    }

    /// Checks a value for buildx's command line: on one line, and not an option.
    fn word_of_a_command(&mut self, value: &Spanned<String>) {
        let text = value.as_ref();
        if text.is_empty() || text.starts_with('-') || text.contains(char::is_whitespace) {
            self.problem(
                Code::ConfigValue,
                format!("`{}` cannot be given to buildx", text.escape_debug()),
                value.span(),
                "write an address or name without spaces that does not begin with a dash",
            );
        }
        self.one_line(value);
    }
}
