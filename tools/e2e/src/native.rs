//! A library with C in it, which needs a compiler for what it is built for.

use bakehouse_testkit::Member;

const LIB: &str = "unsafe extern \"C\" {\n    fn native() -> i32;\n}\n\n\
    pub fn value() -> i32 {\n    unsafe { native() }\n}\n";

const BUILD: &str =
    "fn main() {\n    cc::Build::new().file(\"src/native.c\").compile(\"native\");\n}\n";

/// `native`, whose `value` is what the function `native` of the C source `c` gives; compiled by that version of `cc`.
/// No further dependency can be added, since those of its build script are the last.
pub fn native(c: &str, cc: &str, depends: &[&str]) -> Member {
    let library = Member::library("native", LIB)
        .file("src/native.c", c)
        .file("build.rs", BUILD);
    let library = depends
        .iter()
        .fold(library, |library, line| library.depends(line));
    library.depends(&format!("\n[build-dependencies]\ncc = \"={cc}\""))
}
