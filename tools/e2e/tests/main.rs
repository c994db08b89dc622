//! Promises about Docker, tested on a real engine one at a time. The tests are one program: linking one for each takes
//! longer than many of them, and later tests reuse what earlier ones baked.

mod auditable;
mod bad_engine;
mod bad_input;
mod bad_registry;
mod bake_files;
mod bare_runner;
mod bench;
mod cache_refs;
mod compose_files;
mod compose_platform;
mod context;
mod cross;
mod features;
mod fleet;
mod floor;
mod glibc;
mod hidden_inputs;
mod hostile;
mod load;
mod never_stale;
mod only_what_changed;
mod oracle;
mod packs;
mod pages;
mod pin;
mod platform;
mod push;
mod random_edits;
mod runtime_packages;
mod same_bytes;
mod secrets;
mod sources;
mod told;
mod variables;
