//! Random shapes and edits.

use std::mem::discriminant;

use super::edits::{Edit, values};
use super::model::Model;
use super::shape::{
    Asked, Flavour, Member, Odd, Part, Patched, Place, Reader, Reference, Seat, Setting, Shape,
    Source, Standing, ToolchainFile, Unify, Where,
};
use crate::synthetic::random::Random;

/// The maximum number of parts in a shape. With more parts, one refused part would hide the others.
const MOST_PARTS: usize = 4;

/// Returns the shape of a seed, the same in every release.
pub fn shape(seed: u64) -> Shape {
    let mut random = Random::new(seed, "shape");
    let edition = *random.pick(&[2018, 2021, 2021, 2024, 2024]);
    let mut shape = Shape {
        nested: random.chance(30),
        root: random.chance(30),
        star: random.chance(8),
        services: 1,
        libraries: random.between(0, 2),
        edges: u16::try_from(random.number() & 0xffff).expect("it has sixteen bits"),
        edition,
        resolver: *random.pick(&[None, Some(1), Some(2), Some(2), Some(3), Some(3)]),
        inherits: random.chance(35),
        listed: random.chance(60),
        mount: random.chance(20),
        unify: if random.chance(25) {
            Unify::Each
        } else {
            Unify::Services
        },
        toolchain: match random.between(0, 9) {
            0 => ToolchainFile::Plain,
            1 => ToolchainFile::Both,
            _ => ToolchainFile::Toml,
        },
        source: match random.between(0, 19) {
            0 | 1 => Source::Vendor { sums: false },
            2 => Source::Vendor { sums: true },
            3 => Source::Local,
            4 => Source::Mirror,
            _ => Source::Registry,
        },
        parts: Vec::new(),
    };
    shape.services = if shape.root {
        random.between(0, 1)
    } else {
        random.between(1, 2)
    };
    let count = random.between(1, MOST_PARTS);
    while shape.parts.len() < count {
        let next = part(&mut random);
        // A shape may have several inputs, since each has its own number.
        let again = shape
            .parts
            .iter()
            .any(|known| discriminant(known) == discriminant(&next));
        if !again || matches!(next, Part::Input { .. }) {
            shape.parts.push(next);
        }
    }
    shape
}

fn part(random: &mut Random) -> Part {
    let seat = Seat(random.between(0, 5));
    match random.between(0, 28) {
        0..=3 => Part::Input {
            seat,
            place: *random.pick(&Place::ALL),
            reader: *random.pick(&Reader::ALL),
        },
        4 => Part::OwnManifest { seat },
        5 => Part::Version { seat },
        6 => Part::Macro { seat },
        7 => Part::Path {
            seat,
            at: *random.pick(&Standing::ALL),
        },
        8..=10 => Part::Git {
            seat,
            flavour: *random.pick(&Flavour::ALL),
            reference: *random.pick(&Reference::ALL),
        },
        11 => Part::Registry { seat },
        12 => Part::TwoVersions { seat },
        13 => Part::OtherRegistry { seat },
        14 | 15 => Part::Patch {
            seat,
            by: *random.pick(&Patched::ALL),
        },
        16 => Part::PatchGit { seat },
        17 | 18 => Part::Config {
            seat,
            at: *random.pick(&Where::ALL),
            setting: *random.pick(&Setting::ALL),
        },
        19 | 20 => Part::Feature {
            seat,
            asked: *random.pick(&Asked::ALL),
        },
        21 => Part::Target {
            seat,
            odd: *random.pick(&Odd::ALL),
        },
        22 => Part::SameName { seat },
        23 => Part::Links { seat },
        24 => Part::Profile { seat },
        25 => Part::VendoredGit { seat },
        26 => Part::TwoSources { seat },
        27 => Part::Metadata { seat },
        _ => match random.between(0, 2) {
            0 => Part::Development { seat },
            1 => Part::TargetDependency {
                seat,
                built: random.chance(50),
            },
            _ => Part::Unused(*random.pick(&Member::ALL)),
        },
    }
}

/// Returns random edits of a shape, each applied after the ones before.
pub fn edits(shape: &Shape, seed: u64, count: usize) -> Vec<Edit> {
    let model = Model::new(shape);
    let mut random = Random::new(seed, "edits");
    let files = model.tree();
    let with_values: Vec<(&String, usize)> = files
        .iter()
        .map(|(path, text)| (path, values(text).len()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let mut special = model.edits.clone();
    (0..count)
        .map(|_| match random.between(0, 9) {
            0..=4 if !special.is_empty() => {
                special.swap_remove(random.between(0, special.len() - 1))
            }
            9 => Edit::Append {
                path: model.path("README.md"),
                text: "More.\n".to_owned(),
            },
            _ => {
                let (path, count) = *random.pick(&with_values);
                Edit::Value {
                    path: path.clone(),
                    nth: random.between(0, count - 1),
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_is_always_the_same_shape_and_the_same_edits() {
        for seed in 0..50 {
            assert_eq!(shape(seed), shape(seed));
            assert_eq!(edits(&shape(seed), seed, 3), edits(&shape(seed), seed, 3));
        }
    }

    #[test]
    fn every_part_is_in_some_shape_and_every_shape_can_be_laid_out() {
        let mut kinds = BTreeSet::new();
        for seed in 0..600 {
            let shape = shape(seed);
            let files = Model::new(&shape).tree();
            assert!(files.len() > 4, "seed {seed}: {files:?}");
            let parts = shape.parts.iter();
            kinds.extend(parts.map(|part| {
                let told = format!("{part:?}");
                told.split([' ', '(']).next().unwrap_or_default().to_owned()
            }));
        }
        assert_eq!(kinds.len(), 23, "{kinds:?}");
    }
}
