//! `attune-worker`

use std::process::ExitCode;

use attune_common::{
    Shutdown,
    boot::{self, Start},
};
use attune_worker::{ABOUT, Config};

fn main() -> ExitCode {
    match boot::start(ABOUT, Config::read) {
        Start::Exit(code) => code,
        Start::Run(config) => boot::finish(ABOUT, run(&config)),
    }
}

#[tokio::main]
async fn run(config: &Config) -> std::io::Result<()> {
    let shutdown = Shutdown::on_signals()?;
    attune_worker::run(config, &shutdown).await;
    Ok(())
}
