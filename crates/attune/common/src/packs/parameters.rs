use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Parameter, ParameterType};

impl ParameterType {
    /// Returns whether `value` is of this type.
    pub(super) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

pub(super) fn complete(
    declared: &BTreeMap<String, Parameter>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<String>> {
    let mut errors = Vec::new();
    for name in given.keys().filter(|name| !declared.contains_key(*name)) {
        errors.push(format!("parameter \"{name}\" is unknown"));
    }
    let mut complete = Map::new();
    for (name, parameter) in declared {
        match given.get(name).or(parameter.default.as_ref()) {
            Some(value) if parameter.kind.accepts(value) => {
                complete.insert(name.clone(), value.clone());
            }
            Some(_) => errors.push(format!(
                "parameter \"{name}\" must be {}",
                parameter.kind.as_str()
            )),
            None if parameter.required => {
                errors.push(format!("parameter \"{name}\" is required"));
            }
            None => {}
        }
    }
    if errors.is_empty() {
        Ok(complete)
    } else {
        Err(errors)
    }
}

/// Returns an error if the declarations themselves are invalid.
pub(super) fn check(declared: &BTreeMap<String, Parameter>) -> Result<(), String> {
    for (name, parameter) in declared {
        // Names are upper-cased in ATTUNE_ACTION_PARAM_<NAME>; allowing only one case keeps them distinct.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!(
                "parameter \"{name}\" must be named with lower-case letters, digits and _"
            ));
        }
        if let Some(value) = &parameter.default
            && !parameter.kind.accepts(value)
        {
            return Err(format!(
                "the default of parameter \"{name}\" must be {}",
                parameter.kind.as_str()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn declared() -> BTreeMap<String, Parameter> {
        serde_json::from_value(json!({
            "message": {"type": "string", "required": true},
            "times": {"type": "integer", "default": 1},
            "quiet": {"type": "boolean"},
        }))
        .unwrap()
    }

    #[test]
    fn defaults_are_filled_in() {
        let given = json!({"message": "hi"});
        let complete = complete(&declared(), given.as_object().unwrap()).unwrap();
        assert_eq!(Value::from(complete), json!({"message": "hi", "times": 1}));
    }

    #[test]
    fn every_mistake_is_reported() {
        let given = json!({"times": 1.5, "loud": true});
        let errors = complete(&declared(), given.as_object().unwrap()).unwrap_err();
        assert_eq!(
            errors,
            [
                "parameter \"loud\" is unknown",
                "parameter \"message\" is required",
                "parameter \"times\" must be an integer",
            ]
        );
    }
}
