//! `bakehouse manpages`, a hidden command for packagers.

use camino::Utf8Path;
use clap::CommandFactory;

use crate::cli::args::Args;
use crate::problem::{Code, Problem, Problems};

pub fn run(folder: &Utf8Path) -> Result<(), Problems> {
    let written = fs_err::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Args::command(), folder));
    written.map_err(|error| {
        Problem::new(
            Code::FileUnwritable,
            format!("the manual cannot be written into {folder}: {error}"),
        )
        .hint("name a folder that can be written")
        .caused_by(error)
        .into()
    })
}
