//! The YAML files as written. Unknown keys are refused, since a misspelt key would otherwise be ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Runner;

/// `pack.yaml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackFile {
    #[serde(rename = "ref")]
    pub reference: String,
    pub name: String,
    pub version: String,
    #[serde(default)]
    pub description: String,
}

/// `actions/*.yaml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionFile {
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(default)]
    pub description: String,
    pub runner: Runner,
    pub entry_point: String,
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u32,
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
}

/// `sensors/*.yaml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SensorFile {
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(default)]
    pub description: String,
    pub entry_point: String,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// One parameter of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The JSON type of its values.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// Its meaning.
    #[serde(default)]
    pub description: String,
    /// Whether a run without it is refused.
    #[serde(default)]
    pub required: bool,
    /// The value that is used if none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// A JSON type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// Text.
    String,
    /// A number without a fraction.
    Integer,
    /// Any number.
    Number,
    /// true or false.
    Boolean,
    /// A list.
    Array,
    /// Values by name.
    Object,
}

fn default_timeout() -> u32 {
    60
}
