//! A library with C code, which needs a C compiler for its platform.

use bakehouse_testkit::Member;

const LIB: &str = "unsafe extern \"C\" {\n    fn native() -> i32;\n}\n\n\
    pub fn value() -> i32 {\n    unsafe { native() }\n}\n";

const BUILD: &str =
    "fn main() {\n    cc::Build::new().file(\"src/native.c\").compile(\"native\");\n}\n";

/// Creates the member `native`. Its `value` returns the result of the function `native` in the C source `c`, compiled
/// by that version of the crate `cc`. No further dependency can be added, because those of its build script come last.
pub fn native(c: &str, cc: &str, depends: &[&str]) -> Member {
    let library = Member::library("native", LIB)
        .file("src/native.c", c)
        .file("build.rs", BUILD);
    let library = depends
        .iter()
        .fold(library, |library, line| library.depends(line));
    library.depends(&format!("\n[build-dependencies]\ncc = \"={cc}\""))
}
