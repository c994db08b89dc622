use std::process::ExitCode;

fn main() -> ExitCode {
    bakehouse::cli::main()
}
