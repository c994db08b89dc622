//! Configuration that no image can follow is refused with a code, a place and a remedy; settings of a developer's
//! machine are replaced.

use crate::tree::{Tree, stderr};

const WORKSPACE: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
-- api/src/main.rs --
fn main() {}
"#;

#[test]
fn what_no_image_can_follow_is_refused_in_its_place() {
    let tree = Tree::of(WORKSPACE);
    let table = [
        ("paths = [\"other\"]", "paths"),
        (
            "[build]\ntarget = \"x86_64-unknown-linux-musl\"",
            "build.target",
        ),
        ("[build]\nrustc = \"tools/rustc\"", "build.rustc"),
        (
            "[build]\nrustc-wrapper = \"tools/wrap.sh\"",
            "build.rustc-wrapper",
        ),
        (
            "[build]\nrustc-workspace-wrapper = \"clippy-driver\"",
            "build.rustc-workspace-wrapper",
        ),
        (
            "[patch.crates-io]\nquote = { path = \"quote\" }",
            "patch.crates-io.quote.path",
        ),
        ("[registry]\ntoken = \"secret\"", "registry.token"),
        (
            "[registries.own]\nindex = \"sparse+https://example.com/\"\ntoken = \"secret\"",
            "registries.own.token",
        ),
        ("[env]\nCARGO_HOME = \"x\"", "env.CARGO_HOME"),
        (
            "[env]\nRUSTUP_TOOLCHAIN = { value = \"x\" }",
            "env.RUSTUP_TOOLCHAIN.value",
        ),
        ("[unstable]\nbuild-std = [\"core\"]", "unstable.build-std"),
        (
            "[resolver]\nfeature-unification = \"workspace\"",
            "resolver.feature-unification",
        ),
        (
            "[target.x86_64-unknown-linux-gnu]\nlinker = \"tools/ld\"",
            "target.x86_64-unknown-linux-gnu.linker",
        ),
        (
            "[env]\nX = { value = \"../outside.txt\", relative = true }",
            "env.X.value",
        ),
    ];
    tree.write("../outside.txt", "");
    for (text, key) in table {
        tree.write(".cargo/config.toml", &format!("# A comment.\n{text}\n"));
        let output = tree.bakehouse(&["generate"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}\n{said}");
        assert!(said.contains("cargo-config"), "{text}\n{said}");
        assert!(said.contains(&format!("`{key}`")), "{text}\n{said}");
        assert!(said.contains("config.toml:"), "{text}\n{said}");
        assert!(said.contains("help: "), "{text}\n{said}");
        assert!(!tree.path("docker").exists(), "{text}");
    }
}

#[test]
fn what_is_about_a_machine_is_replaced() {
    let tree = Tree::of(WORKSPACE);
    let table = [
        (
            "[build]\nrustc-wrapper = \"sccache\"",
            "ENV RUSTC_WRAPPER=\"\"",
        ),
        (
            "[build]\nrustc-wrapper = \"/usr/bin/sccache\"",
            "ENV RUSTC_WRAPPER=\"\"",
        ),
        (
            "[build]\ntarget-dir = \"/tmp/x\"",
            "ENV CARGO_TARGET_DIR=\"/build/target\"",
        ),
        (
            "[build]\nbuild-dir = \"{workspace-root}/x\"",
            "ENV CARGO_BUILD_BUILD_DIR=\"/build/target\"",
        ),
        ("[net]\noffline = true", "ENV CARGO_NET_OFFLINE=\"false\""),
        (
            "[registry]\nglobal-credential-providers = [\"cargo:libsecret\"]",
            "ENV CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS=\"cargo:token\"",
        ),
        (
            "[registries.my-own]\nindex = \"sparse+https://example.com/\"\ncredential-provider = \"cargo:libsecret\"",
            "ENV CARGO_REGISTRIES_MY_OWN_CREDENTIAL_PROVIDER=\"cargo:token\"",
        ),
    ];
    for (text, expected) in table {
        tree.write(".cargo/config.toml", text);
        tree.generate();
        let dockerfile = tree.generated("docker/Dockerfile");
        assert!(dockerfile.contains(expected), "{text}\n{dockerfile}");
    }
}

#[test]
fn what_says_nothing_is_taken() {
    let tree = Tree::of(WORKSPACE);
    for text in [
        "paths = []",
        "[patch]",
        "[patch.crates-io]",
        "[build]\nrustc = \"rustc\"",
        "[build]\nrustc-wrapper = \"\"",
        "[unstable]\nbuild-std = []",
        "[resolver]\nincompatible-rust-versions = \"fallback\"",
        "[target.x86_64-pc-windows-msvc]\nlinker = \"nowhere/link.exe\"",
        "[alias]\nb = \"build\"\n[term]\ncolor = \"never\"\n[http]\nmultiplexing = false\n[net.ssh]\nknown-hosts = [\"x\"]",
    ] {
        tree.write(".cargo/config.toml", text);
        let output = tree.bakehouse(&["generate"]);
        assert!(output.status.success(), "{text}\n{}", stderr(&output));
        assert!(
            !stderr(&output).contains("unused"),
            "{text}\n{}",
            stderr(&output)
        );
    }
    // Only a nightly toolchain builds the standard library; others ignore the key.
    tree.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n");
    tree.write(".cargo/config.toml", "[unstable]\nbuild-std = [\"core\"]");
    tree.generate();
}

#[test]
fn keys_that_cargo_does_not_know_are_told_of() {
    let tree = Tree::of(WORKSPACE);
    tree.write(
        ".cargo/config.toml",
        "[build]\nrustflag = [\"-Cdebuginfo=1\"]\n[of-another-program]\nx = 1\n",
    );
    let output = tree.bakehouse(&["generate"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("unused config key `build.rustflag`"),
        "{said}"
    );
    assert!(!said.contains("another-program"), "{said}");
}

#[test]
fn programs_that_the_builder_base_has_not_are_asked_for_before_a_bake() {
    let tree = Tree::of(WORKSPACE);
    let config = "[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\nrustflags = [\"-C\", \"link-arg=-fuse-ld=lld\", \"-Ctarget-cpu=native\"]\n\
                  [target.aarch64-unknown-linux-gnu]\nrustflags = [\"-C\", \"link-arg=-fuse-ld=mold\"]\n";
    tree.write(".cargo/config.toml", config);
    let proposed = tree.bakehouse(&["init", "--print"]);
    let proposed = String::from_utf8(proposed.stdout).unwrap();
    for package in ["clang", "lld", "mold"] {
        assert!(
            proposed.contains(&format!("\"{package}\", # target.")),
            "{proposed}"
        );
    }

    let refused = |config: &str| {
        tree.write("bakehouse.toml", config);
        let output = tree.bakehouse(&["generate"]);
        (output.status.code(), stderr(&output))
    };
    let (code, said) = refused("platforms = [\"linux/amd64\"]\n");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("builder-program"), "{said}");
    assert!(
        said.contains("`clang`") && said.contains("`ld.lld`"),
        "{said}"
    );
    assert!(!said.contains("mold"), "{said}");
    assert!(said.contains("config.toml:2"), "{said}");

    let (code, said) = refused("[bases]\npackages = [\"clang\", \"lld\"]\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("target-cpu=native"), "{said}");
    let dockerfile = tree.generated("docker/Dockerfile");
    assert!(!dockerfile.contains("sh clang"), "{dockerfile}");
    assert!(
        dockerfile.contains("sh /run/programs.sh ld.mold "),
        "{dockerfile}"
    );

    // If the name of a base does not say, the base is checked before anything is compiled.
    let (code, said) = refused("[bases]\nbuilder = \"ghcr.io/acme/builder:1\"\n");
    assert_eq!(code, Some(0), "{said}");
    let dockerfile = tree.generated("docker/Dockerfile");
    assert!(
        dockerfile.contains("sh /run/programs.sh clang "),
        "{dockerfile}"
    );
}

#[test]
fn git_is_asked_for_where_cargo_leaves_fetching_to_it() {
    let git = r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
kit = { git = "https://example.com/kit.git" }
-- api/src/main.rs --
fn main() {}
-- Cargo.lock --
version = 4

[[package]]
name = "api"
version = "0.1.0"
dependencies = [
 "kit",
]

[[package]]
name = "kit"
version = "1.0.0"
source = "git+https://example.com/kit.git#0123456789012345678901234567890123456789"
-- .cargo/config.toml --
[net]
git-fetch-with-cli = true
"#;
    let tree = Tree::unlocked("", git);
    let output = tree.bakehouse(&["generate"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("builder-program") && said.contains("`git`"),
        "{said}"
    );
    let proposed = tree.bakehouse(&["init", "--print"]);
    let proposed = String::from_utf8(proposed.stdout).unwrap();
    assert!(
        proposed.contains("\"git\", # net.git-fetch-with-cli"),
        "{proposed}"
    );
    for (bases, asked) in [
        ("packages = [\"git\"]", false),
        (
            "builder = \"docker.io/library/rust:1.95.0-bookworm\"",
            false,
        ),
        ("builder = \"ghcr.io/acme/builder:1\"", true),
    ] {
        tree.write("bakehouse.toml", &format!("[bases]\n{bases}\n"));
        tree.generate();
        let dockerfile = tree.generated("docker/Dockerfile");
        let asks = dockerfile.contains("sh /run/programs.sh git ");
        assert_eq!(asks, asked, "{dockerfile}");
    }
    // Without a fetch that uses git, the program is not needed.
    let tree = Tree::of(WORKSPACE);
    tree.write(".cargo/config.toml", "[net]\ngit-fetch-with-cli = true\n");
    tree.generate();
}

#[test]
fn a_linker_of_its_own_is_kept_where_another_platform_is_compiled_for() {
    let tree = Tree::of(WORKSPACE);
    tree.write(
        "bakehouse.toml",
        "platforms = [\"linux/amd64\", \"linux/arm64\"]\n",
    );
    tree.generate();
    let kept = "OWN_LINKERS=aarch64-unknown-linux-gnu sh /run/cross.sh\n";
    assert!(!tree.generated("docker/Dockerfile").contains("OWN_LINKERS"));
    tree.write(
        ".cargo/config.toml",
        "[target.aarch64-unknown-linux-gnu]\nlinker = \"aarch64-linux-gnu-gcc\"\n[target.'cfg(unix)']\nlinker = \"cc\"\n",
    );
    tree.generate();
    let dockerfile = tree.generated("docker/Dockerfile");
    assert!(dockerfile.contains(kept), "{dockerfile}");
}
