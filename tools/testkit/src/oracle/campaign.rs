//! Many shapes, one after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Instant, SystemTime};

use super::play::{Depth, Play};
use super::verdict::{Difference, Verdict};
use crate::served::Served;
use crate::shapes::{self, Edit, Laid, Model, Shape};

/// How many smaller shapes are tried for one that differs.
const SHRINKS: usize = 24;

/// Shapes, each with a seed of which its edits follow, and how many of these.
#[derive(Clone, Debug)]
pub struct Campaign {
    pub depth: Depth,
    pub shapes: Vec<(u64, Shape)>,
    pub edits: usize,
}

/// How many shapes came to what.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub same: usize,
    pub edits: usize,
    pub refused: BTreeMap<String, usize>,
    pub edits_refused: BTreeMap<String, usize>,
    pub differing: usize,
    pub invalid: usize,
}

impl Campaign {
    /// As many shapes as follow from seeds, one after the other. Variables of the environment change that:
    /// `BAKEHOUSE_SEED`, `BAKEHOUSE_SHAPES`, `BAKEHOUSE_EDITS`. Without a seed it is one that nobody has tried.
    pub fn random(depth: Depth, seed: Option<u64>, shapes: u64, edits: usize) -> Self {
        let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
        let now = || {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.map_or(1, |now| now.as_secs())
        };
        let given = number("BAKEHOUSE_EDITS").and_then(|count| usize::try_from(count).ok());
        let first = number("BAKEHOUSE_SEED").or(seed).unwrap_or_else(now);
        let count = number("BAKEHOUSE_SHAPES").unwrap_or(shapes);
        Self {
            depth,
            shapes: (first..first + count)
                .map(|seed| (seed, shapes::shape(seed)))
                .collect(),
            edits: given.unwrap_or(edits),
        }
    }

    /// A plain workspace with one thing more, for each thing.
    pub fn singles(depth: Depth, edits: usize) -> Self {
        Self {
            depth,
            shapes: (1..).zip(shapes::singles()).collect(),
            edits,
        }
    }

    /// Plays them all, prints what differs with the smallest shape that shows it, and the tally at the end.
    pub fn run(&self) -> Tally {
        let served = Served::start();
        let mut tally = Tally::default();
        println!("{} shapes, {} edits each", self.shapes.len(), self.edits);
        for (seed, shape) in &self.shapes {
            let began = Instant::now();
            let edits = shapes::edits(shape, *seed, self.edits);
            let verdict = self.play(shape, &edits, false, &served);
            let told = shape.told();
            let took = began.elapsed().as_secs_f32();
            match verdict {
                Verdict::Same { edits, refused } => {
                    println!("{seed}: same, {edits} edits, {took:.1} s: {told}");
                    tally.same += 1;
                    tally.edits += edits;
                    for code in refused {
                        *tally.edits_refused.entry(code).or_default() += 1;
                    }
                }
                Verdict::Refused(code) => {
                    println!("{seed}: refused, {code}: {told}");
                    *tally.refused.entry(code).or_default() += 1;
                }
                Verdict::Invalid(said) => {
                    println!("{seed}: the host cannot build {shape:?}\n{said}");
                    tally.invalid += 1;
                }
                Verdict::Differs(difference) => {
                    println!("{seed}: differs, {took:.1} s: {told}\n{difference}\n{shape:?}");
                    tally.differing += 1;
                    self.explain(*seed, shape, &difference, &served);
                }
            }
        }
        println!("{tally}");
        tally
    }

    fn play(&self, shape: &Shape, edits: &[Edit], cold: bool, served: &Served) -> Verdict {
        let play = Play {
            shape,
            edits,
            depth: self.depth,
            cold,
            plant: None,
        };
        play.verdict(served)
    }

    /// Looks for the smallest shape that shows a difference of the kind, and prints it.
    fn explain(&self, seed: u64, shape: &Shape, found: &Difference, served: &Served) {
        let mut smallest = shape.clone();
        let mut tries = 0;
        if std::env::var_os("BAKEHOUSE_NO_SHRINK").is_none() {
            'smaller: loop {
                for less in smallest.smaller() {
                    tries += 1;
                    if tries > SHRINKS {
                        break 'smaller;
                    }
                    // Mounts that another shape has filled are part of no shape.
                    let verdict = self.play(&less, &found.after, true, served);
                    if matches!(verdict, Verdict::Differs(other) if other.is_like(found)) {
                        smallest = less;
                        continue 'smaller;
                    }
                }
                break;
            }
        }
        println!("{seed}: {}: {}\n{smallest:?}", found.kind, smallest.told());
        for edit in &found.after {
            println!("{seed}: after {edit:?}");
        }
        self.keep(seed, &smallest, served);
    }

    /// Lists the files of a shape; where `BAKEHOUSE_KEEP` names a folder, writes them there.
    fn keep(&self, seed: u64, shape: &Shape, served: &Served) {
        let model = Model::new(shape);
        for path in model.tree().keys() {
            println!("  {path}");
        }
        if let Ok(folder) = std::env::var("BAKEHOUSE_KEEP") {
            let laid = Laid::new(&model, served);
            let kept = camino::Utf8Path::new(&folder).join(seed.to_string());
            let tree = laid.repository.tree();
            for path in tree.paths() {
                let to = kept.join(path);
                fs_err::create_dir_all(to.parent().unwrap_or(&kept)).expect("a folder can be made");
                fs_err::copy(laid.repository.dir().join(path), to).expect("a file can be copied");
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes = |counts: &BTreeMap<String, usize>| {
            let told: Vec<String> = counts
                .iter()
                .map(|(code, n)| format!("{code}: {n}"))
                .collect();
            if told.is_empty() {
                String::new()
            } else {
                format!(" ({})", told.join(", "))
            }
        };
        let refused: usize = self.refused.values().sum();
        write!(
            f,
            "differing: {}, refused: {refused}{}, same: {}",
            self.differing,
            codes(&self.refused),
            self.same
        )?;
        write!(f, "; edits: {}", self.edits)?;
        let refused: usize = self.edits_refused.values().sum();
        if refused > 0 {
            write!(f, ", refused: {refused}{}", codes(&self.edits_refused))?;
        }
        if self.invalid > 0 {
            write!(f, "; not built by the host: {}", self.invalid)?;
        }
        Ok(())
    }
}
