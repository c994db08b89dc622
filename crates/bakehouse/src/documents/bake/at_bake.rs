//! The variables with which a bake chooses how everything is compiled.

use std::collections::BTreeSet;

use hcl::expr::ObjectKey;
use hcl::{Block, Expression};

use super::checked::validation;
use super::syntax::{expression, text, validated, variable};
use crate::documents::dockerfile::features_argument;
use crate::plan::Plan;
use crate::plan::config::valid::{FEATURES, PROFILE};
use crate::plan::stage::Selection;

/// Returns the variables, which Bake checks.
pub fn variables(plan: &Plan) -> Vec<Block> {
    let at_bake = &plan.config.at_bake;
    let profile = at_bake.profile.then(|| {
        let known: Vec<&str> = plan.linking.keys().map(String::as_str).collect();
        validated(
            variable(
                PROFILE,
                "",
                "Cargo profile of everything; empty for those of bakehouse.toml",
            ),
            [one_of(PROFILE, "[PROFILE]", &known, "a profile")],
        )
    });
    let features = at_bake.features.as_ref().map(|features| {
        let known: BTreeSet<&str> = features.values().flatten().map(String::as_str).collect();
        let known: Vec<&str> = known.into_iter().collect();
        validated(
            variable(
                FEATURES,
                "",
                "Features in addition, separated by commas, for the packages that have them",
            ),
            [one_of(
                FEATURES,
                "compact(split(\",\", FEATURES))",
                &known,
                "a feature of a service's package",
            )],
        )
    });
    profile.into_iter().chain(features).collect()
}

/// Returns the check that each item of a list is known.
fn one_of(variable: &str, list: &str, known: &[&str], what: &str) -> Block {
    let all = format!("[{}]", quoted(known));
    validation(
        &format!("{variable} == \"\" || length(setsubtract({list}, {all})) == 0"),
        &format!(
            "{variable} is ${{{variable}}}, which is not {what}: there are {}",
            known.join(", ")
        ),
    )
}

/// Returns the build arguments that bring what was chosen to the steps that compile.
pub fn arguments(plan: &Plan) -> Vec<(String, Expression)> {
    let at_bake = &plan.config.at_bake;
    let profile = at_bake.profile.then(|| {
        let value = expression(&format!("{PROFILE} == \"\" ? null : {PROFILE}"));
        (PROFILE.to_owned(), value)
    });
    let selections = at_bake.features.iter().flat_map(|_| &plan.selections);
    let features =
        selections.map(|selection| (features_argument(selection), features(plan, selection)));
    profile.into_iter().chain(features).collect()
}

/// Returns the arguments for the binary of a pack, for which nothing is chosen.
pub fn nothing_chosen(plan: &Plan) -> Option<Expression> {
    let arguments = arguments(plan).into_iter();
    let empty =
        arguments.map(|(name, _)| (ObjectKey::from(hcl::Identifier::unchecked(name)), text("")));
    let object = hcl::expr::Object::from_iter(empty);
    (!object.is_empty()).then_some(Expression::Object(object))
}

/// Returns those of the chosen features that packages of a selection have, in Cargo's syntax.
fn features(plan: &Plan, selection: &Selection) -> Expression {
    let known = plan.config.at_bake.features.iter().flatten();
    let lists = known
        .filter(|(package, features)| selection.packages.contains(package) && !features.is_empty());
    let lists: Vec<String> = lists
        .map(|(package, features)| {
            let features: Vec<&str> = features.iter().map(String::as_str).collect();
            let name = match selection.unnamed.as_ref() == Some(package) {
                true => "${feature}".to_owned(),
                false => format!("{package}/${{feature}}"),
            };
            format!(
                r#"[for feature in split(",", {FEATURES}) : "{name}" if contains([{}], feature)]"#,
                quoted(&features)
            )
        })
        .collect();
    if lists.is_empty() {
        return Expression::Null;
    }
    let all = match &lists[..] {
        [one] => one.clone(),
        lists => format!("concat({})", lists.join(", ")),
    };
    expression(&format!(r#"{FEATURES} == "" ? null : join(",", {all})"#))
}

fn quoted(words: &[&str]) -> String {
    let words = words.iter().map(|word| format!("\"{word}\""));
    words.collect::<Vec<_>>().join(", ")
}
