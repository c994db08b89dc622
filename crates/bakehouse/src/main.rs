use std::process::ExitCode;

/// A plan of hundreds of packages is mostly small texts on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bakehouse::cli::main()
}
