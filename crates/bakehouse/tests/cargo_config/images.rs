//! Compares what the stages compile under a configuration with what Cargo compiles on the host.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::tree::{Tree, cargo, succeed};

/// Returns the output of the service when the host builds it in the folder `inside`.
fn on_the_host(tree: &Tree, inside: &str, service: &str) -> String {
    let folder = tree.path(inside);
    let mut build = cargo();
    build.args(["build", "--locked", "--offline", "--quiet", "--target-dir"]);
    succeed(build.arg(tree.path("../host")).current_dir(&folder));
    let output = Command::new(tree.path("../host/debug").join(service))
        .output()
        .unwrap();
    format!(
        "{service}: {}",
        String::from_utf8(output.stdout).unwrap().trim_end()
    )
}

fn hash(tree: &Tree) -> String {
    tree.plan()["services"][0]["input_hash"]
        .as_str()
        .unwrap()
        .to_owned()
}

const PACKAGE: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api"]
-- bakehouse.toml --
profile = "dev"
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
"#;

#[test]
fn the_file_without_an_ending_wins() {
    let text = format!(
        "{PACKAGE}\
-- api/src/main.rs --
fn main() {{ println!(\"{{}}\", env!(\"FLAVOUR\")) }}
-- .cargo/config --
[env]
FLAVOUR = \"plain\"
-- .cargo/config.toml --
[env]
FLAVOUR = \"toml\"
"
    );
    let tree = Tree::of(&text);
    assert_eq!(tree.built(), [on_the_host(&tree, "", "api")]);
    assert_eq!(tree.built(), ["api: plain"]);
    assert!(tree.context().contains(&".cargo/config".to_owned()));
    assert!(!tree.context().contains(&".cargo/config.toml".to_owned()));
    let before = hash(&tree);
    tree.write(".cargo/config.toml", "[env]\nFLAVOUR = \"other\"\n");
    assert_eq!(hash(&tree), before);
    tree.write(".cargo/config", "[env]\nFLAVOUR = \"other\"\n");
    assert_ne!(hash(&tree), before);
    assert_eq!(tree.built(), ["api: other"]);
}

#[test]
fn a_file_that_a_variable_names_is_an_input_wherever_it_lies() {
    for strategy in ["layer", "mount"] {
        let text = format!(
            r#"
-- etc/releases.json --
one
-- rust/Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "text"]
-- rust/bakehouse.toml --
profile = "dev"
cache.strategy = "{strategy}"
-- rust/.cargo/config.toml --
[env]
RELEASES_JSON = {{ value = "../etc/releases.json", relative = true }}
WORDS = {{ value = "words", relative = true }}
NOWHERE = {{ value = "not-there", relative = true }}
ROOT = {{ value = "", relative = true }}
-- rust/words/a.txt --
a
-- rust/api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
text = {{ path = "../text" }}
-- rust/api/build.rs --
fn main() {{
    let path = std::env::var("RELEASES_JSON").unwrap();
    println!("cargo::rustc-env=RELEASES={{}}", std::fs::read_to_string(path).unwrap().trim());
}}
-- rust/api/src/main.rs --
fn main() {{ println!("{{}} {{}} {{}}", env!("RELEASES"), text::count(), option_env!("NOWHERE").is_some()) }}
-- rust/text/Cargo.toml --
[package]
name = "text"
version = "0.1.0"
edition = "2024"
-- rust/text/build.rs --
fn main() {{
    let files = std::fs::read_dir(std::env::var("WORDS").unwrap()).unwrap().count();
    println!("cargo::rustc-env=COUNT={{files}}");
}}
-- rust/text/src/lib.rs --
pub fn count() -> &'static str {{ env!("COUNT") }}
"#
        );
        let tree = Tree::below("rust", &text);
        let (printed, _) = tree.build(&[]);
        assert_eq!(printed, ["api: one 1 true"]);
        assert_eq!(printed, [on_the_host(&tree, "rust", "api")]);
        let before = hash(&tree);
        tree.write("etc/releases.json", "two\n");
        tree.write("rust/words/b.txt", "b\n");
        assert_ne!(hash(&tree), before);
        assert_eq!(tree.build(&[]).0, ["api: two 2 true"]);
        // The step of the third-party crates has the variable, too, because their build scripts see it.
        let dockerfile = tree.generated("docker/Dockerfile");
        let mounts =
            dockerfile.matches("source=etc/releases.json,target=/cargo-config/etc/releases.json");
        assert!(mounts.count() > 0, "{dockerfile}");
        // The step that fetches crates does not read it.
        let (_, vendor) = dockerfile.split_once(" AS vendor\n").unwrap();
        let (vendor, _) = vendor.split_once("\nFROM ").unwrap();
        assert!(
            vendor.contains("/cargo-config/rust/.cargo/config.toml"),
            "{vendor}"
        );
        assert!(!vendor.contains("releases.json"), "{vendor}");
    }
}

#[test]
fn a_file_that_inputs_name_is_left_to_its_packages() {
    let text = format!(
        "{PACKAGE}\
-- api/build.rs --
fn main() {{
    let path = std::env::var(\"LIST\").unwrap();
    println!(\"cargo::rustc-env=LIST_TEXT={{}}\", std::fs::read_to_string(path).unwrap().trim());
}}
-- api/src/main.rs --
fn main() {{ println!(\"{{}}\", env!(\"LIST_TEXT\")) }}
-- lists/list.txt --
listed
-- .cargo/config.toml --
[env]
LIST = {{ value = \"lists/list.txt\", relative = true }}
"
    );
    let tree = Tree::of(&text);
    tree.generate();
    assert!(
        tree.generated("docker/Dockerfile")
            .contains("/cargo-config/lists")
    );
    tree.write(
        "bakehouse.toml",
        "profile = \"dev\"\n[inputs.api]\npaths = [\"lists/**\"]\n",
    );
    assert_eq!(tree.built(), ["api: listed"]);
    assert!(
        !tree
            .generated("docker/Dockerfile")
            .contains("/cargo-config/lists")
    );
}

#[test]
fn linkers_and_what_flags_name_are_inputs_of_every_step() {
    let text = format!(
        "{PACKAGE}\
[dependencies]
quote = \"1\"
-- api/src/main.rs --
unsafe extern \"C\" {{ static mark: u8; }}
fn main() {{ println!(\"{{}}\", unsafe {{ &raw const mark }} as usize) }}
-- link/mark.ld --
mark = 0x41;
-- tools/cc.sh --
#!/bin/sh
exec cc \"$@\" -Wl,--defsym=mark=0x42
-- .cargo/config.toml --
[target.'cfg(target_os = \"linux\")']
linker = \"tools/cc.sh\"
rustflags = [\"-Crelocation-model=static\"]
[target.'cfg(windows)']
linker = \"nowhere/link.exe\"
"
    );
    let tree = Tree::of(&text);
    let script = tree.path("tools/cc.sh");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(tree.built(), [on_the_host(&tree, "", "api")]);
    assert_eq!(tree.built(), ["api: 66"]);
    let before = hash(&tree);
    tree.write(
        "tools/cc.sh",
        "#!/bin/sh\nexec cc \"$@\" -Wl,--defsym=mark=0x43\n",
    );
    assert_ne!(hash(&tree), before);
    assert_eq!(tree.built(), ["api: 67"]);
    // A mount must not keep results of another linker.
    let dockerfile = tree.generated("docker/Dockerfile");
    assert!(
        dockerfile.contains("BAKEHOUSE_NAMED_FILES=\"tools/cc.sh\""),
        "{dockerfile}"
    );
    tree.write(
        ".cargo/config.toml",
        "[build]\nrustflags = \"-Crelocation-model=static -Clink-arg=-Wl,@/dev/null\"\n",
    );
    tree.write(
        ".cargo/config.toml",
        "[target.'cfg(unix)']\nlinker = \"tools/cc.sh\"\nrustflags = \"-Crelocation-model=static -Clink-arg=-Wl,--no-as-needed -L link\"\n",
    );
    let (before, context) = (hash(&tree), tree.context());
    assert!(context.contains(&"link/mark.ld".to_owned()), "{context:?}");
    tree.write("link/mark.ld", "mark = 0x44;\n");
    assert_ne!(hash(&tree), before);
}

#[test]
fn profiles_of_the_configuration_reach_third_party_crates_and_members() {
    let text = format!(
        "{PACKAGE}\
[dependencies]
quote = \"1\"
-- api/src/main.rs --
fn main() {{
    let _ = quote::quote!(x);
    println!(\"{{}} {{}}\", cfg!(debug_assertions), option_env!(\"OVERFLOW\").is_some());
}}
-- .cargo/config.toml --
[profile.dev]
debug-assertions = false
[profile.fast]
inherits = \"dev\"
"
    );
    let tree = Tree::of(&text);
    assert_eq!(tree.built(), [on_the_host(&tree, "", "api")]);
    assert_eq!(tree.built(), ["api: false false"]);
    let before = hash(&tree);
    // A profile that only the configuration defines.
    tree.write("bakehouse.toml", "profile = \"fast\"\n");
    assert_ne!(hash(&tree), before);
    assert_eq!(tree.built(), ["api: false false"]);
}

#[test]
fn compilers_are_told_what_env_says() {
    let text = format!(
        "{PACKAGE}\
-- api/src/main.rs --
#![feature(never_type)]
fn main() {{ println!(\"{{}} {{}}\", env!(\"GIVEN\"), env!(\"FORCED\")) }}
-- .cargo/config.toml --
[env]
RUSTC_BOOTSTRAP = \"1\"
GIVEN = \"configured\"
FORCED = {{ value = \"configured\", force = true }}
"
    );
    let tree = Tree::of(&text);
    assert_eq!(tree.built(), ["api: configured configured"]);
    assert_eq!(tree.built(), [on_the_host(&tree, "", "api")]);
}
