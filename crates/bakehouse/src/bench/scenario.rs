//! Scenarios: a commit, and a bake after it.

use super::moves::{Move, Which};
use super::subject::{Part, Subject};

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The stable name for `--scenario` and JSON.
    pub key: &'static str,
    pub title: String,
    pub steps: Vec<Step>,
    pub place: Place,
}

/// The place of a bake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A builder that never built this workspace. It is measured at the start of a round.
    Cold,
    /// The builder that keeps its layers and mounts.
    Builder,
    /// An engine with nothing but the registry cache, which the main branch filled.
    BareRunner,
}

/// A step of a scenario. Members are named by package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Adds a static to the member's root source file, which the binary then contains.
    Edit(String),
    /// Restores the text that the file had before its last edit.
    Back(String),
    /// Sets the next patch version of the member.
    BumpVersion(String),
    /// Adds a crate that the workspace does not have to the member's dependencies.
    AddDependency(String),
    /// Moves a third-party crate of that kind to another version: the lock changes, no manifest does. With `unseen`, to
    /// a version that no earlier step moved it to.
    MoveDependency { which: Which, unseen: bool },
    /// Takes back the last step that changed a dependency.
    Undo,
    /// Adds a line at the end of a pack's file.
    EditPack,
    /// Bakes as preparation.
    Bake(What),
    /// Bakes and measures the time.
    Measure(What),
}

/// Targets of a bake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Every service and pack binary.
    All,
    /// These binaries, by index of the subject's parts.
    Parts(Vec<usize>),
    /// Runs `bakehouse build`, with those contenders that have it.
    Build,
}

/// Returns the scenarios that a workspace has, in the order in which they are measured.
pub fn scenarios(subject: &Subject, moves: &[Move]) -> Vec<Scenario> {
    let one = &subject.parts[0];
    let mut scenarios = vec![
        Scenario {
            key: "cold",
            title: format!(
                "Clean build, all {} images and pack binaries",
                subject.all().len()
            ),
            steps: vec![Step::Measure(What::All)],
            place: Place::Cold,
        },
        builder(
            "nothing",
            "Nothing changed, all baked",
            [Step::Bake(What::All), Step::Measure(What::All)],
        ),
        builder(
            "build-nothing",
            "Nothing changed, `bakehouse build`",
            [Step::Bake(What::Build), Step::Measure(What::Build)],
        ),
        builder(
            "service",
            &format!("`{}` changed, baked alone", one.package),
            [edit(one), Step::Measure(What::Parts(vec![0]))],
        ),
        builder(
            "service-all",
            &format!("`{}` changed, all baked", one.package),
            [Step::Bake(What::All), edit(one), Step::Measure(What::All)],
        ),
    ];
    if let Some(other) = other(subject) {
        let part = &subject.parts[other];
        scenarios.push(builder(
            "other-service",
            &format!(
                "`{}` changed, {} baked",
                part.package,
                images(part.targets.len())
            ),
            [edit(part), Step::Measure(What::Parts(vec![other]))],
        ));
    }
    if subject.services >= 4 {
        let four: Vec<usize> = (0..4).collect();
        let mut steps: Vec<Step> = four
            .iter()
            .map(|index| edit(&subject.parts[*index]))
            .collect();
        steps.push(Step::Measure(What::Parts(four)));
        scenarios.push(builder(
            "four-services",
            "Four services changed, these baked at once",
            steps,
        ));
    }
    if let Some(common) = &subject.common {
        let edit_common = Step::Edit(common.package.clone());
        let title = format!(
            "`{}` changed (in {} binaries), all baked",
            common.package, common.users
        );
        scenarios.push(builder(
            "common",
            &title,
            [edit_common.clone(), Step::Measure(What::All)],
        ));
        if let Some(index) = subject
            .parts
            .iter()
            .position(|part| part.closure.contains(&common.package))
        {
            let user = &subject.parts[index];
            scenarios.push(builder(
                "back-and-forth",
                &format!(
                    "`{}` A→B→A, then `{}` changed, baked alone",
                    common.package, user.package
                ),
                [
                    Step::Bake(What::All),
                    edit_common,
                    Step::Bake(What::All),
                    Step::Back(common.package.clone()),
                    Step::Bake(What::All),
                    edit(user),
                    Step::Measure(What::Parts(vec![index])),
                ],
            ));
        }
    }
    scenarios.push(builder(
        "version",
        &format!("Version of `{}` bumped, all baked", one.package),
        [
            Step::Bake(What::All),
            Step::BumpVersion(one.package.clone()),
            Step::Measure(What::All),
        ],
    ));
    scenarios.push(builder(
        "dependency",
        &format!("A dependency added to `{}`, all baked", one.package),
        [
            Step::Bake(What::All),
            Step::AddDependency(one.package.clone()),
            Step::Measure(What::All),
        ],
    ));
    for one in moves {
        scenarios.push(builder(
            moved_key(one.which, Place::Builder),
            &moved_title(one),
            [
                Step::Bake(What::All),
                Step::MoveDependency {
                    which: one.which,
                    unseen: true,
                },
                edit(&subject.parts[0]),
                Step::Measure(What::All),
            ],
        ));
    }
    if subject.pack_file.is_some() {
        scenarios.push(builder(
            "pack-file",
            "A pack's YAML changed, all baked",
            [
                Step::Bake(What::All),
                Step::EditPack,
                Step::Measure(What::All),
            ],
        ));
    }
    if let Some(binary) = subject.parts.get(subject.services) {
        scenarios.push(builder(
            "pack-binary",
            &format!("Pack binary `{}` changed, baked alone", binary.package),
            [
                edit(binary),
                Step::Measure(What::Parts(vec![subject.services])),
            ],
        ));
    }
    scenarios.extend(bare(subject, moves));
    scenarios
}

/// Returns the key of the row in which a crate of that kind is moved.
fn moved_key(which: Which, place: Place) -> &'static str {
    match (place, which) {
        (Place::BareRunner, Which::Leaf) => "bare-moved-leaf",
        (Place::BareRunner, Which::Middle) => "bare-moved-middle",
        (Place::BareRunner, Which::Root) => "bare-moved-root",
        (_, Which::Leaf) => "moved-leaf",
        (_, Which::Middle) => "moved-middle",
        (_, Which::Root) => "moved-root",
    }
}

fn moved_title(one: &Move) -> String {
    format!(
        "`{}` moved ({}: {} of {} third-party crates need it), all baked",
        one.name,
        one.which.word(),
        one.dependents,
        one.of
    )
}

fn bare(subject: &Subject, moves: &[Move]) -> Vec<Scenario> {
    let one = &subject.parts[0];
    let runner = |key, title: String, steps: Vec<Step>| Scenario {
        key,
        title,
        steps,
        place: Place::BareRunner,
    };
    let mut scenarios = vec![
        runner(
            "bare-nothing",
            "Bare runner: nothing changed, all baked".to_owned(),
            vec![Step::Measure(What::All)],
        ),
        runner(
            "bare-service",
            format!("Bare runner: `{}` changed, baked alone", one.package),
            vec![
                edit(one),
                Step::Measure(What::Parts(vec![0])),
                Step::Back(one.package.clone()),
            ],
        ),
    ];
    if let Some(common) = &subject.common {
        scenarios.push(runner(
            "bare-common",
            format!("Bare runner: `{}` changed, all baked", common.package),
            vec![
                Step::Edit(common.package.clone()),
                Step::Measure(What::All),
                Step::Back(common.package.clone()),
            ],
        ));
    }
    let changed = |step: Step| {
        vec![
            step,
            edit(one),
            Step::Measure(What::All),
            Step::Back(one.package.clone()),
            Step::Undo,
        ]
    };
    for moved in moves {
        scenarios.push(runner(
            moved_key(moved.which, Place::BareRunner),
            format!("Bare runner: {}", moved_title(moved)),
            changed(Step::MoveDependency {
                which: moved.which,
                unseen: false,
            }),
        ));
    }
    scenarios.push(runner(
        "bare-dependency",
        format!(
            "Bare runner: a dependency added to `{}`, all baked",
            one.package
        ),
        changed(Step::AddDependency(one.package.clone())),
    ));
    scenarios
}

fn builder(key: &'static str, title: &str, steps: impl Into<Vec<Step>>) -> Scenario {
    Scenario {
        key,
        title: title.to_owned(),
        steps: steps.into(),
        place: Place::Builder,
    }
}

fn edit(part: &Part) -> Step {
    Step::Edit(part.package.clone())
}

fn images(count: usize) -> String {
    if count == 1 {
        "its image".to_owned()
    } else {
        format!("its {count} images")
    }
}

/// Returns a second service, preferably one with variants.
fn other(subject: &Subject) -> Option<usize> {
    let services = subject.service_parts();
    let variants = services.iter().position(|part| part.targets.len() > 1);
    variants
        .or(services.len().checked_sub(1))
        .filter(|index| *index > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_can_be_moved_has_a_row_in_each_place() {
        let part = Part {
            targets: vec!["api".to_owned()],
            name: "api".to_owned(),
            package: "api".to_owned(),
            bin: "api".to_owned(),
            file: "src/main.rs".into(),
            closure: ["api".to_owned()].into(),
            image: None,
            pack_folder: None,
        };
        let subject = Subject {
            parts: vec![part],
            services: 1,
            common: None,
            pack_file: None,
            targets: [].into(),
            roots: [].into(),
            folders: [].into(),
        };
        let moved = Move {
            which: Which::Middle,
            name: "tower".to_owned(),
            version: "0.5.2".to_owned(),
            dependents: 12,
            of: 150,
            versions: vec!["0.5.1".to_owned()],
        };
        let rows = scenarios(&subject, &[moved]);
        let titles = rows.iter().filter(|row| row.key.contains("moved"));
        let titles: Vec<(&str, &str)> = titles.map(|row| (row.key, row.title.as_str())).collect();
        let title = "`tower` moved (middle: 12 of 150 third-party crates need it), all baked";
        let bare = format!("Bare runner: {title}");
        assert_eq!(
            titles,
            [("moved-middle", title), ("bare-moved-middle", &bare)]
        );
        let without = scenarios(&subject, &[]);
        assert!(without.iter().all(|row| !row.key.contains("moved")));
        // A row takes back its changes on a bare runner, since main's cache is that of the state before.
        let bare = rows.iter().find(|row| row.key == "bare-moved-middle");
        assert_eq!(bare.and_then(|row| row.steps.last()), Some(&Step::Undo));
    }
}
