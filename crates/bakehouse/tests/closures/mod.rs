//! Workspaces of every shape, a file for each: the closure of each service, what is sent to Docker for it, and that Cargo
//! builds it in stages that hold nothing else.

mod above;
mod beside;
mod binaries;
mod development;
mod features;
mod first;
mod first_resolver;
mod grouped;
mod linked;
mod nested;
mod odd;
mod optional;
mod patched;
mod platforms;
mod refused;
mod root;
mod run;
mod variables;
