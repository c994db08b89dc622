use std::process::ExitCode;

/// Faster than the system's allocator: a plan of hundreds of packages consists mostly of small strings, allocated by
/// several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bakehouse::cli::main()
}
