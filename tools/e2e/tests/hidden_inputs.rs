//! Hidden inputs in real builds: a missing one is named, and with the declaration that `init` proposes it is available.

use bakehouse_testkit::{Bake, Member, Ran, Turn, Workspace, bakehouse, container};

const LIBRARY: &str = "pub const NOTE: &str = include_str!(\"../../../notes/note.txt\");\n";
const BUILD: &str = "fn main() {
    let word = std::fs::read_to_string(\"../../words/word.txt\").unwrap();
    println!(\"cargo:rerun-if-changed=../../words/word.txt\");
    println!(\"cargo:rustc-env=WORD={}\", word.trim());
}
";
const SERVICE: &str =
    "fn main() {\n    println!(\"{} {}\", env!(\"WORD\"), library::NOTE.trim());\n}\n";

#[test]
fn a_missing_input_is_named_and_what_init_proposes_bakes() {
    let members = [
        Member::library("library", LIBRARY),
        Member::binary("hidden", SERVICE)
            .uses("library")
            .file("build.rs", BUILD),
    ];
    let config = "registry = \"hidden\"\n\n[services.hidden]\n";
    let workspace = Workspace::of(&members, config);
    workspace.write("notes/note.txt", "note\n");
    workspace.write("words/word.txt", "word\n");
    workspace.generate();
    let turn = Turn::share();
    let build = || {
        Ran::of(
            bakehouse::command(workspace.dir())
                .arg("build")
                .env("REGISTRY", workspace.images.namespace()),
        )
    };
    build()
        .exited(1)
        .says("input-undeclared")
        .says("add \"notes/note.txt\" to `paths` of [inputs.library]")
        .says("add \"words/word.txt\" to `paths` of [inputs.hidden]");

    workspace.remove("bakehouse.toml");
    let _ = workspace.bakehouse(["init"]).succeeded();
    workspace.generate();
    let _ = build().succeeded();
    let image = workspace.images.name("hidden");
    assert_eq!(container::prints(&image, []), "word note");

    // The library's input is in the hash of the service that contains it, and in its build.
    workspace.write("notes/note.txt", "other\n");
    Bake::new(workspace.dir(), workspace.images.namespace()).run(&turn);
    assert_eq!(container::prints(&image, []), "word other");
}
