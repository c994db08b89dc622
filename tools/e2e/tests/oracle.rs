//! Workspaces of random shape: an image does what Cargo's build on the host does, or `generate` refuses. After a random
//! edit, `affected` names the services that the host builds differently, and the next bake ships the change.

use bakehouse_testkit::oracle::{Campaign, Depth, Kind, Plant, Play, Tally, Verdict};
use bakehouse_testkit::{Served, Turn, shapes};

#[track_caller]
fn holds(tally: &Tally) {
    assert_eq!(
        tally.invalid, 0,
        "every shape is one that the host builds: {tally}"
    );
    assert_eq!(tally.differing, 0, "{tally}");
    let refused: usize = tally.refused.values().sum();
    assert!(tally.same > refused, "most shapes are built: {tally}");
}

/// Plays a shape that is not refused, with the first edit that the host notices.
fn planted(plant: Plant, depth: Depth, turn: &Turn) -> Verdict {
    let shape = shapes::Shape::plain();
    let edit = shapes::Edit::Value {
        path: "crates/front/src/main.rs".to_owned(),
        nth: 0,
    };
    let play = Play {
        shape: &shape,
        edits: &[edit],
        depth,
        cold: false,
        plant: Some(plant),
        turn: Some(turn),
    };
    play.verdict(&Served::start())
}

#[test]
fn a_planted_difference_is_found() {
    let turn = Turn::share();
    for (plant, depth, kind) in [
        (Plant::OtherSource, Depth::Images, Kind::Image),
        (Plant::StaleImage, Depth::Images, Kind::Image),
        (Plant::BrokenBake, Depth::Images, Kind::Bake),
        (Plant::BlindAffected, Depth::Plan, Kind::Affected),
    ] {
        match planted(plant, depth, &turn) {
            Verdict::Differs(difference) => assert_eq!(difference.kind, kind, "{difference}"),
            other => panic!("{plant:?} is not found: {other:?}"),
        }
    }
}

#[test]
fn affected_names_whatever_the_host_builds_differently() {
    holds(&Campaign::random(Depth::Plan, Some(1000), 20, 3).run());
}

#[test]
fn what_an_image_does_is_what_the_host_builds() {
    holds(&Campaign::random(Depth::Images, Some(1), 20, 1).run());
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn what_an_image_does_is_what_the_host_builds_in_two_hundred_shapes() {
    holds(&Campaign::random(Depth::Images, None, 200, 3).run());
}
