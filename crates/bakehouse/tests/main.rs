//! Tests of the command-line program. They are linked into one program, because linking one for each file takes
//! minutes.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod affected;
mod anywhere;
mod arrows;
mod cargo_config;
mod ci;
mod closures;
mod compose;
mod configuration;
mod cross;
mod doctor;
mod fill;
mod floor;
mod generate;
mod glibc;
mod graph;
mod group;
mod grove;
mod hashes;
mod init;
mod init_packs;
mod inputs;
mod keys;
mod killed;
mod merge;
mod model;
mod packs;
mod pin;
mod pin_bases;
mod plan;
mod project;
mod proposals;
mod recipe;
mod remembered;
mod repositories;
mod rootfs;
mod secrets;
mod shop;
mod skips;
mod sound_and_precise;
mod steps;
mod toolchain_stage;
mod tree;
mod why;
