//! A file for each shape that workspaces have.

mod above;
mod binaries;
mod development;
mod grouped;
mod nested;
mod optional;
mod patched;
mod platforms;
mod refused;
mod root;
mod run;
mod variables;
