//! Provenance by SLSA, version 1: where an image comes from, as far as it is known here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::forge::Forge;
use super::statement::sha256;

/// The type of the predicate.
pub const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// The type of the build, which says how the parameters are to be read: a target of a generated Bake file, whose inputs
/// the hash stands for.
const BUILD: &str = "urn:bakehouse:bake:1";

/// Everything that is known of the build of an image.
#[derive(Clone, Debug)]
pub struct Provenance<'a> {
    /// The target of the Bake file.
    pub target: &'a str,
    pub input_hash: &'a str,
    pub bake_file: &'a str,
    /// The commit that has these inputs.
    pub revision: Option<&'a str>,
    /// The run that built it; `None` if nobody says which, or the image was there already.
    pub forge: Option<&'a Forge>,
    /// The names of the images that it is built with and upon, in the form of the configuration.
    pub bases: &'a [&'a str],
    /// The release of Rust.
    pub rust: Option<&'a str>,
    /// The identity of the toolchain.
    pub toolchain: Option<&'a str>,
    /// The version of this program.
    pub version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    build_definition: Definition<'a>,
    run_details: RunDetails<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Definition<'a> {
    build_type: &'static str,
    external_parameters: Parameters<'a>,
    internal_parameters: BTreeMap<&'static str, &'a str>,
    resolved_dependencies: Vec<Material>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    /// In the form that BuildKit has.
    config_source: ConfigSource<'a>,
    target: &'a str,
    input_hash: &'a str,
}

#[derive(Serialize)]
struct ConfigSource<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    digest: BTreeMap<&'static str, &'a str>,
    path: &'a str,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Material {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    digest: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct RunDetails<'a> {
    builder: Builder<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Builder<'a> {
    /// Empty if nobody says who it is, as BuildKit has it.
    id: &'a str,
    version: BTreeMap<&'static str, &'a str>,
}

/// Renders the predicate. It has no time, so the same build says the same.
pub fn render(of: &Provenance<'_>) -> Value {
    let source = of.forge.map(|forge| forge.source.as_str());
    let revision = of.revision.map(|id| ("sha1", id));
    let toolchain = of.toolchain.map(|identity| ("toolchain", identity));
    let run = of.forge.map(|forge| ("invocationId", forge.run.as_str()));
    let predicate = Predicate {
        build_definition: Definition {
            build_type: BUILD,
            external_parameters: Parameters {
                config_source: ConfigSource {
                    uri: source,
                    digest: revision.into_iter().collect(),
                    path: of.bake_file,
                },
                target: of.target,
                input_hash: of.input_hash,
            },
            internal_parameters: toolchain.into_iter().collect(),
            resolved_dependencies: materials(of),
        },
        run_details: RunDetails {
            builder: Builder {
                id: of.forge.map_or("", |forge| &forge.builder),
                version: BTreeMap::from([("bakehouse", of.version)]),
            },
            metadata: run.into_iter().collect(),
        },
    };
    serde_json::to_value(predicate).expect("strings and lists are JSON")
}

fn materials(of: &Provenance<'_>) -> Vec<Material> {
    let source = of.revision.map(|revision| Material {
        name: Some("source"),
        uri: of.forge.map(|forge| forge.source.clone()),
        digest: BTreeMap::from([("gitCommit", revision.to_owned())]),
    });
    let bases = of.bases.iter().filter(|base| **base != "scratch");
    let rust = of.rust.map(|release| Material {
        name: None,
        uri: Some(format!("pkg:generic/rust@{release}")),
        digest: BTreeMap::new(),
    });
    let mut materials: Vec<Material> = source.into_iter().collect();
    for base in bases.map(|base| image(base)).chain(rust) {
        if !materials.contains(&base) {
            materials.push(base);
        }
    }
    materials
}

/// Returns the material that an image is. A name without a digest may have been another image at another time.
fn image(name: &str) -> Material {
    let (named, digest) = match name.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (name, None),
    };
    let slash = named.rfind('/').map_or(0, |slash| slash + 1);
    let (path, tag) = match named[slash..].find(':') {
        Some(colon) => (&named[..slash + colon], Some(&named[slash + colon + 1..])),
        None => (named, None),
    };
    let path = path.strip_prefix("docker.io/").unwrap_or(path);
    let path = path.strip_prefix("library/").unwrap_or(path);
    let tag = tag.map_or_else(String::new, |tag| format!("@{tag}"));
    let by = digest.map_or_else(String::new, |digest| format!("?digest={digest}"));
    Material {
        name: None,
        uri: Some(format!("pkg:docker/{path}{tag}{by}")),
        digest: digest.map(sha256).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &Provenance<'_>) -> String {
        serde_json::to_string_pretty(&render(of)).unwrap()
    }

    #[test]
    fn a_predicate_has_what_is_known_and_nothing_else() {
        let pinned = format!(
            "docker.io/library/rust:1.95.0-slim-bookworm@sha256:{}",
            "ab".repeat(32)
        );
        let forge = Forge {
            builder: "https://ci.example/workflow".to_owned(),
            run: "https://ci.example/runs/7".to_owned(),
            source: "git+https://ci.example/acme/shop".to_owned(),
        };
        let bases = [&*pinned, "127.0.0.1:5000/acme/base:1", "scratch", "debian"];
        let mut known = Provenance {
            target: "api",
            input_hash: "0123456789abcdef",
            bake_file: "docker-bake.hcl",
            revision: Some("0123456789012345678901234567890123456789"),
            forge: Some(&forge),
            bases: &bases,
            rust: Some("1.95.0"),
            toolchain: Some("fedcba9876543210"),
            version: "1.2.3",
        };
        insta::assert_snapshot!(text(&known), @r#"
        {
          "buildDefinition": {
            "buildType": "urn:bakehouse:bake:1",
            "externalParameters": {
              "configSource": {
                "uri": "git+https://ci.example/acme/shop",
                "digest": {
                  "sha1": "0123456789012345678901234567890123456789"
                },
                "path": "docker-bake.hcl"
              },
              "target": "api",
              "inputHash": "0123456789abcdef"
            },
            "internalParameters": {
              "toolchain": "fedcba9876543210"
            },
            "resolvedDependencies": [
              {
                "name": "source",
                "uri": "git+https://ci.example/acme/shop",
                "digest": {
                  "gitCommit": "0123456789012345678901234567890123456789"
                }
              },
              {
                "uri": "pkg:docker/rust@1.95.0-slim-bookworm?digest=sha256:abababababababababababababababababababababababababababababababab",
                "digest": {
                  "sha256": "abababababababababababababababababababababababababababababababab"
                }
              },
              {
                "uri": "pkg:docker/127.0.0.1:5000/acme/base@1"
              },
              {
                "uri": "pkg:docker/debian"
              },
              {
                "uri": "pkg:generic/rust@1.95.0"
              }
            ]
          },
          "runDetails": {
            "builder": {
              "id": "https://ci.example/workflow",
              "version": {
                "bakehouse": "1.2.3"
              }
            },
            "metadata": {
              "invocationId": "https://ci.example/runs/7"
            }
          }
        }
        "#);
        known = Provenance {
            revision: None,
            forge: None,
            bases: &[],
            rust: None,
            toolchain: None,
            ..known
        };
        insta::assert_snapshot!(text(&known), @r#"
        {
          "buildDefinition": {
            "buildType": "urn:bakehouse:bake:1",
            "externalParameters": {
              "configSource": {
                "path": "docker-bake.hcl"
              },
              "target": "api",
              "inputHash": "0123456789abcdef"
            },
            "internalParameters": {},
            "resolvedDependencies": []
          },
          "runDetails": {
            "builder": {
              "id": "",
              "version": {
                "bakehouse": "1.2.3"
              }
            }
          }
        }
        "#);
    }
}
