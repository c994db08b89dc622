//! `attune-notifier`

use std::process::ExitCode;

use attune_common::{
    Shutdown,
    boot::{self, Start},
};
use attune_notifier::{ABOUT, Config, ServiceError};

fn main() -> ExitCode {
    match boot::start(ABOUT, Config::read) {
        Start::Exit(code) => code,
        Start::Run(config) => boot::finish(ABOUT, run(&config)),
    }
}

#[tokio::main]
async fn run(config: &Config) -> Result<(), ServiceError> {
    let shutdown = Shutdown::on_signals().map_err(ServiceError::Signals)?;
    let listener = attune_http::bind(config.listen).await?;
    attune_notifier::run(config, listener, &shutdown).await
}
