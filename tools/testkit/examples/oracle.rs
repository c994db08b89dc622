//! Plays shapes one after the other, as `tools/e2e/tests/oracle.rs` does: `oracle [--plan] [--edits N] [FIRST [COUNT]]`.
//! With `--plan` nothing is baked.

use std::process::ExitCode;

use bakehouse_testkit::oracle::{Campaign, Depth};

const USAGE: &str = "usage: oracle [--plan] [--edits N] [FIRST [COUNT]]";

fn main() -> ExitCode {
    let Some(campaign) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let tally = campaign.run();
    if tally.differing + tally.invalid == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<Campaign> {
    let mut campaign = Campaign {
        depth: Depth::Images,
        seed: 1,
        shapes: 1,
        edits: 3,
    };
    let mut numbers = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--plan" => campaign.depth = Depth::Plan,
            "--edits" => campaign.edits = words.next()?.parse().ok()?,
            number => numbers.push(number.parse().ok()?),
        }
    }
    match numbers[..] {
        [] => {}
        [first] => campaign.seed = first,
        [first, count] => (campaign.seed, campaign.shapes) = (first, count),
        _ => return None,
    }
    Some(campaign)
}
