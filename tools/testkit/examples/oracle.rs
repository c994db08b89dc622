//! Plays shapes one after the other, as `tools/e2e/tests/oracle.rs` does. Shapes come from seeds. With `--singles` they
//! are a plain workspace with one addition, for each possible addition. With `--plan` nothing is baked.

use std::process::ExitCode;

use bakehouse_testkit::oracle::{Campaign, Depth};

const USAGE: &str = "usage: oracle [--singles] [--plan] [--edits N] [FIRST [COUNT]]";

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
    let (mut depth, mut edits, mut singles) = (Depth::Images, 3, false);
    let mut numbers = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--plan" => depth = Depth::Plan,
            "--singles" => singles = true,
            "--edits" => edits = words.next()?.parse().ok()?,
            number => numbers.push(number.parse::<u64>().ok()?),
        }
    }
    let (first, count) = match numbers[..] {
        [] => (1, if singles { u64::MAX } else { 1 }),
        [first] => (first, 1),
        [first, count] => (first, count),
        _ => return None,
    };
    if !singles {
        return Some(Campaign::random(depth, Some(first), count, edits));
    }
    let mut campaign = Campaign::singles(depth, edits);
    campaign
        .shapes
        .retain(|(number, _)| *number >= first && number - first < count);
    Some(campaign)
}
