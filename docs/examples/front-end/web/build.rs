//! Links zlib of the system, and makes a table of the words that stand outside the package.

use std::path::Path;

const WORDS: &str = "../words/en.txt";

fn main() {
    println!("cargo::rerun-if-changed={WORDS}");
    println!("cargo::rustc-link-lib=z");
    let words = std::fs::read_to_string(WORDS).expect("the words can be read");
    let words: Vec<&str> = words.lines().collect();
    let out = std::env::var("OUT_DIR").expect("Cargo sets it");
    let table = format!("pub const WORDS: [&str; {}] = {words:?};\n", words.len());
    std::fs::write(Path::new(&out).join("words.rs"), table).expect("the table can be written");
}
