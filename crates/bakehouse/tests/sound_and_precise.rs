//! Input hashes are sound and precise: in random workspaces and for any edit, the outputs with a changed hash are those
//! that the edit can change. These are derived from the model of the workspace, not from the plan.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse::plan::Plan;
use bakehouse::plan::explain::{Output, WorkspaceState, reasons};
use bakehouse::plan::lock_graph::LockGraph;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::model::{self, Crate, Edit, Model, plan};

/// Target → output.
fn outputs(plan: &Plan) -> BTreeMap<&str, Output<'_>> {
    let outputs = Output::all(plan);
    outputs.map(|output| (output.name, output)).collect()
}

/// Edits a workspace, and compares the outputs that have another hash, and reasons for it, with those that the edit can
/// change.
fn check(model: &Model, edit: &Edit) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    model.write(folder.path(), false);
    let (workspace_then, plan_then) = plan(folder.path());
    let mut edited = model.clone();
    let expected = edited.edit(edit);
    edited.write(folder.path(), false);
    edited.touch(folder.path(), edit);
    let (workspace_now, plan_now) = plan(folder.path());

    let before = outputs(&plan_then);
    let lock_then = LockGraph::new(&workspace_then.lock, &workspace_then.members);
    let lock_now = LockGraph::new(&workspace_now.lock, &workspace_now.members);
    let then = WorkspaceState {
        workspace: &workspace_then,
        plan: &plan_then,
        lock: &lock_then,
    };
    let now = WorkspaceState {
        workspace: &workspace_now,
        plan: &plan_now,
        lock: &lock_now,
    };
    let mut changed = BTreeSet::new();
    for (name, output) in outputs(&plan_now) {
        let was = before[name];
        if was.input_hash != output.input_hash {
            changed.insert(name.to_owned());
            let reasons = reasons((then, was), (now, output), "bakehouse.toml");
            prop_assert!(
                !reasons.is_empty(),
                "{} has no reason: {:?} of {:#?}",
                name,
                edit,
                model
            );
        }
    }
    prop_assert_eq!(changed, expected, "{:?} of {:#?}", edit, model);
    Ok(())
}

/// Returns a configuration with the same cases in every run or, with `PROPTEST_CASES=N`, with N random ones.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 128;
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn exactly_what_an_edit_can_change_has_another_hash(
        model in model::any_model(),
        edit in model::any_edit(),
    ) {
        check(&model, &edit)?;
    }

    #[test]
    fn nothing_but_the_inputs_counts(model in model::any_model()) {
        let hashes = |plan: &Plan| -> BTreeMap<String, String> {
            let outputs = Output::all(plan);
            outputs.map(|output| (output.name.to_owned(), output.input_hash.to_owned())).collect()
        };
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let other = other.path().join("a longer path, ä");
        std::fs::create_dir(&other).unwrap();
        model.write(one.path(), false);
        // Lists and files in another order, written at another time.
        model.write(&other, true);
        prop_assert_eq!(hashes(&plan(one.path()).1), hashes(&plan(&other).1));
    }
}

/// A registry crate no longer needs another crate that a local folder replaces and that something else needs, too.
#[test]
fn an_edge_of_the_lock_to_a_patched_crate_is_a_reason() {
    let mut model = Model::example();
    model.members[5].crates.insert(2);
    model.crates[2].patched = Some(0);
    model.crates[3] = Crate {
        needs: BTreeSet::from([2]),
        ..Crate::default()
    };
    check(&model, &Edit::LockedEdge(3)).unwrap();
}

/// Every kind of edit is useful: it changes some hash in some workspace, unless it is one that must not.
#[test]
fn every_kind_of_edit_is_felt_by_some_output_and_not_by_all() {
    let model = Model::example();
    for edit in Edit::ALL {
        let expected = model.clone().edit(&edit);
        let all = model.outputs().len();
        match edit {
            Edit::DevDependency(_) | Edit::Unused | Edit::Time(_) | Edit::OtherProfile => {
                assert!(expected.is_empty(), "{edit:?}");
            }
            Edit::Profile | Edit::CargoConfig | Edit::Toolchain => {
                assert_eq!(expected.len(), all, "{edit:?}");
            }
            _ => assert!(
                !expected.is_empty() && expected.len() < all,
                "{edit:?}: {expected:?}"
            ),
        }
        check(&model, &edit).unwrap();
    }
}
