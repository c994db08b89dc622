//! Writes a synthetic workspace: `synthetic [--services N] [--libraries M] [--seed S] DIR`.

use std::process::ExitCode;

use bakehouse_testkit::Synthetic;
use camino::Utf8PathBuf;

const USAGE: &str = "usage: synthetic [--services N] [--libraries M] [--seed S] DIR";

fn main() -> ExitCode {
    let Some((synthetic, dir)) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    synthetic.write(&dir);
    println!(
        "{} services and {} libraries in {dir}",
        synthetic.services, synthetic.libraries
    );
    ExitCode::SUCCESS
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<(Synthetic, Utf8PathBuf)> {
    let mut synthetic = Synthetic {
        services: 12,
        libraries: 25,
        seed: 1,
    };
    let mut dir = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--services" => synthetic.services = words.next()?.parse().ok()?,
            "--libraries" => synthetic.libraries = words.next()?.parse().ok()?,
            "--seed" => synthetic.seed = words.next()?.parse().ok()?,
            option if option.starts_with('-') => return None,
            path if dir.is_none() => dir = Some(path.into()),
            _ => return None,
        }
    }
    Some((synthetic, dir?))
}
