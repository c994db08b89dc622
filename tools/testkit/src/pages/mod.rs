//! Runs the commands in pages of `docs/`. Blocks of `sh` and `text` are run or compared. Any other block is only for
//! the reader, unless it has a note:
//!
//! | in the page | means |
//! |---|---|
//! | a block of `sh` | is run, with the folder and the variables at the end of the block before |
//! | a block of `text` | the output of the last block of `sh`, both streams. A line `…` stands for any lines, a `…` in a line for any text |
//! | `<!-- exits: N -->` | the next block of `sh` ends with this exit code instead of 0 |
//! | `<!-- not run: REASON -->` | the next block of `sh` is not run; the test prints the reason |
//! | `<!-- file: PATH -->` | the next block is written to this file |
//! | `<!-- append: PATH -->` | the next block is added to this file |
//! | `<!-- in: PATH -->` | the next block is part of this file, with `…` as above |
//! | `<!-- sh`, lines, `-->` | commands that are run but not shown, for example to cause the error that a page describes |
//!
//! Any other comment is an error, and so is a note without a block after it.

pub mod fault;
pub mod output;
pub mod play;
pub mod read;

pub use fault::Fault;
pub use play::Player;
pub use read::Page;
