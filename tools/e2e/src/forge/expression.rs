//! Expressions of workflows: contexts, texts, `==`, `!=`, `!`, `&&`, `||` and the functions that generated workflows use.

use serde_json::Value;

/// The values that an expression sees: `github`, `env`, `needs`, `steps`, `matrix`, `secrets` and `runner`, and how the
/// run is going.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    pub values: serde_json::Map<String, Value>,
    pub is_cancelled: bool,
    pub is_failed: bool,
}

/// Functions that look at how the run is going. A condition without one of them also wants success.
const STATUS: [&str; 4] = ["always", "cancelled", "failure", "success"];

impl Contexts {
    /// Returns whether a condition holds.
    ///
    /// # Panics
    /// If it is not known how to read it, as for all functions here.
    pub fn holds(&self, condition: Option<&str>) -> bool {
        let condition = condition.unwrap_or("success()").trim();
        let inside = condition.strip_prefix("${{");
        let inside = inside.and_then(|inside| inside.strip_suffix("}}"));
        let condition = inside.unwrap_or(condition);
        let asks = |name: &&str| condition.contains(&format!("{name}("));
        let wants_success = !STATUS.iter().any(asks);
        (!wants_success || self.is_well()) && is_true(&self.evaluate(condition))
    }

    /// Returns a text with the values of its expressions.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${{") {
            let (expression, behind) = behind.split_once("}}").expect("it ends");
            filled += before;
            filled += &text_of(&self.evaluate(expression));
            rest = behind;
        }
        filled + rest
    }

    /// Returns the value of an expression.
    pub fn evaluate(&self, text: &str) -> Value {
        let mut reader = Reader {
            contexts: self,
            rest: text.trim(),
        };
        let value = reader.any();
        assert_eq!(
            reader.rest, "",
            "the expression `{text}` is read to its end"
        );
        value
    }

    fn is_well(&self) -> bool {
        !self.is_cancelled && !self.is_failed
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Value {
        match (name, arguments) {
            ("always", []) => true.into(),
            ("cancelled", []) => self.is_cancelled.into(),
            ("failure", []) => self.is_failed.into(),
            ("success", []) => self.is_well().into(),
            ("fromJSON", [text]) => serde_json::from_str(&text_of(text)).expect("JSON"),
            ("join", [Value::Array(parts), between]) => {
                let parts: Vec<String> = parts.iter().map(text_of).collect();
                parts.join(&text_of(between)).into()
            }
            _ => panic!("the function `{name}` is not known with {arguments:?}"),
        }
    }

    fn look_up(&self, path: &str) -> Value {
        let mut parts = path.split('.');
        let first = parts.next().expect("a text has a first part");
        let known = self.values.get(first);
        let mut value = known.unwrap_or_else(|| panic!("there is no context `{first}`"));
        let mut all: Option<Vec<Value>> = None;
        for part in parts {
            if let Some(values) = &mut all {
                for value in values {
                    *value = value[part].clone();
                }
            } else if part == "*" {
                let fields = value.as_object().expect("a context has fields");
                all = Some(fields.values().cloned().collect());
            } else {
                value = &value[part];
            }
        }
        all.map_or_else(|| value.clone(), Value::Array)
    }
}

/// The rest of an expression.
struct Reader<'a> {
    contexts: &'a Contexts,
    rest: &'a str,
}

impl Reader<'_> {
    fn any(&mut self) -> Value {
        let mut value = self.all();
        while self.takes("||") {
            let other = self.all();
            value = if is_true(&value) { value } else { other };
        }
        value
    }

    fn all(&mut self) -> Value {
        let mut value = self.compared();
        while self.takes("&&") {
            let other = self.compared();
            value = if is_true(&value) { other } else { value };
        }
        value
    }

    fn compared(&mut self) -> Value {
        let value = self.single();
        if self.takes("==") {
            return is_same(&value, &self.single()).into();
        }
        if self.takes("!=") {
            return (!is_same(&value, &self.single())).into();
        }
        value
    }

    fn single(&mut self) -> Value {
        if self.takes("!") {
            return (!is_true(&self.single())).into();
        }
        if self.takes("(") {
            let value = self.any();
            assert!(self.takes(")"), "`)` is missing before `{}`", self.rest);
            return value;
        }
        if let Some(text) = self.rest.strip_prefix('\'') {
            let (text, rest) = text.split_once('\'').expect("a text ends");
            self.rest = rest.trim_start();
            return text.into();
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || "._-*".contains(c);
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        assert!(!word.is_empty(), "`{}` is not known", self.rest);
        self.rest = rest.trim_start();
        match word {
            "true" => return true.into(),
            "false" => return false.into(),
            _ => {}
        }
        if !self.takes("(") {
            return self.contexts.look_up(word);
        }
        let mut arguments = Vec::new();
        while !self.takes(")") {
            arguments.push(self.any());
            self.takes(",");
        }
        self.contexts.call(word, &arguments)
    }

    fn takes(&mut self, text: &str) -> bool {
        // `!` alone is no beginning of `!=`.
        if text == "!" && self.rest.starts_with("!=") {
            return false;
        }
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.map_or(self.rest, str::trim_start);
        rest.is_some()
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Texts are compared without regard to case. Nothing is the same as an empty text.
fn is_same(one: &Value, other: &Value) -> bool {
    text_of(one).eq_ignore_ascii_case(&text_of(other))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_mean_what_they_mean_to_github() {
        let values = json!({
            "github": {"event_name": "push", "event": {"number": 3}, "ref_name": "main", "head_ref": ""},
            "needs": {"a": {"result": "success"}, "b": {"result": "skipped"}},
        });
        let contexts = Contexts {
            values: values.as_object().unwrap().clone(),
            ..Contexts::default()
        };
        let table = [
            ("github.event_name == 'push'", json!(true)),
            ("github.event_name != 'Push'", json!(false)),
            ("github.head_ref || github.ref_name", json!("main")),
            (
                "github.event.pull_request.base.sha || github.event.number",
                json!(3),
            ),
            ("github.event.pull_request.base.sha", json!(null)),
            ("join(needs.*.result, ' ')", json!("success skipped")),
            ("fromJSON('[1]')", json!([1])),
            ("!cancelled() && needs.a.result != 'failure'", json!(true)),
            ("!(true && false) || false", json!(true)),
            ("true && (false || 'x' == 'y')", json!(false)),
        ];
        for (expression, expected) in table {
            assert_eq!(contexts.evaluate(expression), expected, "{expression}");
        }
        assert_eq!(
            contexts.fill("a-${{ github.ref_name }}-${{ 'b' }}"),
            "a-main-b"
        );
    }

    #[test]
    fn a_condition_wants_success_unless_it_asks_for_it() {
        let run = |is_failed, is_cancelled| Contexts {
            is_failed,
            is_cancelled,
            ..Contexts::default()
        };
        let table = [
            (None, [true, false, false]),
            (Some("true"), [true, false, false]),
            (Some("always()"), [true, true, true]),
            (Some("!cancelled()"), [true, true, false]),
            (Some("${{ failure() }}"), [false, true, false]),
        ];
        for (condition, expected) in table {
            let runs = [run(false, false), run(true, false), run(false, true)];
            let holds = runs.map(|run| run.holds(condition));
            assert_eq!(holds, expected, "{condition:?}");
        }
    }
}
