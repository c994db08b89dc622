//! Pages of `docs/` whose commands are played. What stands in a block without a note is for the reader alone, but for
//! `sh` and `text`:
//!
//! | in the page | means |
//! |---|---|
//! | a block of `sh` | is run, in the folder and with the variables that the block before left |
//! | a block of `text` | what the last block of `sh` printed, both streams. A line `…` stands for any lines, a `…` in a line for any text |
//! | `<!-- exits: N -->` | the next block of `sh` ends with this exit code, and not with 0 |
//! | `<!-- not run: REASON -->` | the next block of `sh` is not run; the test says why |
//! | `<!-- file: PATH -->` | the next block is written to this file |
//! | `<!-- append: PATH -->` | the next block is added to this file |
//! | `<!-- in: PATH -->` | the next block stands in this file, with `…` as above |
//! | `<!-- sh`, lines, `-->` | commands that are run and not shown: what brings about the trouble that a page tells of |
//!
//! Any other comment is a mistake, and so is a note that no block follows.

pub mod fault;
pub mod output;
pub mod play;
pub mod read;

pub use fault::Fault;
pub use play::Player;
pub use read::Page;
