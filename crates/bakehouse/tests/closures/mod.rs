//! Workspaces of many shapes, one file each: the closure of each service, the context that is sent to Docker for it,
//! and Cargo's builds in stages that contain nothing else.

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
mod shared;
mod variables;
