//! Plays many shapes.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Instant, SystemTime};

use camino::Utf8Path;

use super::play::{Depth, Play};
use super::verdict::{Difference, Verdict};
use crate::engine::Turn;
use crate::served::Served;
use crate::shapes::{self, Edit, Laid, Model, Shape};

/// The number of smaller shapes that are tried for a shape with a difference.
const SHRINKS: usize = 24;

/// The number of shapes that are played at once.
const AT_ONCE: usize = 3;

/// Shapes, each with the seed of its edits, and the number of edits.
#[derive(Clone, Debug)]
pub struct Campaign {
    pub depth: Depth,
    pub shapes: Vec<(u64, Shape)>,
    pub edits: usize,
}

/// The number of shapes by verdict.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub same: usize,
    pub edits: usize,
    pub refused: BTreeMap<String, usize>,
    pub edits_refused: BTreeMap<String, usize>,
    /// The number of times that `affected` named a service that the host does not build differently.
    pub for_nothing: usize,
    pub differing: usize,
    pub invalid: usize,
}

impl Campaign {
    /// Takes one shape from each of consecutive seeds. The environment variables `BAKEHOUSE_SEED`, `BAKEHOUSE_SHAPES`
    /// and `BAKEHOUSE_EDITS` override the arguments. Without a seed, the current time gives a new one.
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

    /// Takes a plain workspace with one addition, for each possible addition.
    pub fn singles(depth: Depth, edits: usize) -> Self {
        Self {
            depth,
            shapes: (1..).zip(shapes::singles()).collect(),
            edits,
        }
    }

    /// Plays all shapes. Prints each difference with the smallest shape that shows it, and the tally at the end.
    ///
    /// # Panics
    /// If an engine is needed and none answers.
    pub fn run(&self) -> Tally {
        let served = Served::start();
        let turn = (self.depth == Depth::Images).then(Turn::share);
        let tally = Mutex::new(Tally::default());
        let next = AtomicUsize::new(0);
        println!("{} shapes, {} edits each", self.shapes.len(), self.edits);
        // Bakes wait more than they compute.
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    let table = Table {
                        depth: self.depth,
                        served: &served,
                        turn: turn.as_ref(),
                    };
                    while let Some((seed, shape)) =
                        self.shapes.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let edits = shapes::edits(shape, *seed, self.edits);
                        let (verdict, told) = table.judge(*seed, shape, &edits);
                        let mut tally = tally.lock().expect("no thread has panicked");
                        tally.count(verdict);
                        println!("{told}");
                    }
                });
            }
        });
        let tally = tally.into_inner().expect("no thread has panicked");
        println!("{tally}");
        tally
    }
}

/// The shared data for playing a shape.
struct Table<'a> {
    depth: Depth,
    served: &'a Served,
    turn: Option<&'a Turn>,
}

impl Table<'_> {
    /// Plays a shape; returns the verdict and a description of it.
    fn judge(&self, seed: u64, shape: &Shape, edits: &[Edit]) -> (Verdict, String) {
        let began = Instant::now();
        let verdict = self.play(shape, edits, false);
        let told = shape.told();
        let took = began.elapsed().as_secs_f32();
        let text = match &verdict {
            Verdict::Same { edits, .. } => {
                format!("{seed}: same, {edits} edits, {took:.1} s: {told}")
            }
            Verdict::Refused(code) => format!("{seed}: refused, {code}: {told}"),
            Verdict::Invalid(said) => format!("{seed}: the host cannot build {shape:?}\n{said}"),
            Verdict::Differs(difference) => format!(
                "{seed}: differs, {took:.1} s: {told}\n{difference}\n{}",
                self.explained(seed, shape, difference)
            ),
        };
        (verdict, text)
    }

    fn play(&self, shape: &Shape, edits: &[Edit], cold: bool) -> Verdict {
        let play = Play {
            shape,
            edits,
            depth: self.depth,
            cold,
            plant: None,
            turn: self.turn,
        };
        play.verdict(self.served)
    }

    /// Returns the smallest shape that shows a difference of this kind, with its files. If `BAKEHOUSE_KEEP` names a
    /// folder, the files are written there.
    fn explained(&self, seed: u64, shape: &Shape, found: &Difference) -> String {
        let smallest = self.shrunk(shape, found);
        let mut text = format!("smallest: {}\n{smallest:?}\n", smallest.told());
        for edit in &found.after {
            let _ = writeln!(text, "after {edit:?}");
        }
        let model = Model::new(&smallest);
        for path in model.tree().keys() {
            let _ = writeln!(text, "  {path}");
        }
        if let Ok(folder) = std::env::var("BAKEHOUSE_KEEP") {
            let laid = Laid::new(&model, self.served);
            laid.copy_to(&Utf8Path::new(&folder).join(seed.to_string()));
        }
        text
    }

    fn shrunk(&self, shape: &Shape, found: &Difference) -> Shape {
        let mut smallest = shape.clone();
        let mut tries = SHRINKS;
        if std::env::var_os("BAKEHOUSE_NO_SHRINK").is_some() {
            tries = 0;
        }
        'smaller: loop {
            for less in smallest.smaller() {
                if tries == 0 {
                    return smallest;
                }
                tries -= 1;
                // The result must not depend on mounts that another shape has filled.
                let verdict = self.play(&less, &found.after, true);
                if matches!(verdict, Verdict::Differs(other) if other.is_like(found)) {
                    smallest = less;
                    continue 'smaller;
                }
            }
            return smallest;
        }
    }
}

impl Tally {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Same {
                edits,
                refused,
                for_nothing,
            } => {
                self.same += 1;
                self.edits += edits;
                self.for_nothing += for_nothing;
                for code in refused {
                    *self.edits_refused.entry(code).or_default() += 1;
                }
            }
            Verdict::Refused(code) => *self.refused.entry(code).or_default() += 1,
            Verdict::Invalid(_) => self.invalid += 1,
            Verdict::Differs(_) => self.differing += 1,
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
        write!(f, ", named by `affected` for nothing: {}", self.for_nothing)?;
        if self.invalid > 0 {
            write!(f, "; not built by the host: {}", self.invalid)?;
        }
        Ok(())
    }
}
