//! `platforms`: the builder's own compiler compiles each binary for all platforms, and programs that run in the builder
//! are compiled once.

use std::collections::BTreeMap;

use bakehouse::packs::platform::Machine;
use bakehouse::packs::program::Program;
use bakehouse_e2e::cross_bases;
use bakehouse_e2e::native::native;
use bakehouse_testkit::{Member, Turn, Workspace, container, engine, stages, unique};

const CONFIG: &str = r#"registry = "cross"
platforms = ["linux/amd64", "linux/arm64"]

[cache]
strategy = "STRATEGY"

[bases]
builder = "BUILDER"
runtime = "RUNTIME"
packages = ["pkg-config", "zlib1g-dev"]

[services.a]
package = "a"

[services.b]
package = "b"

[packs.demo]
path = "packs/demo"
binaries = [{ package = "tick", to = "bin/" }, { package = "still", to = "bin/", static = true }]
"#;

const PLATFORMS: [(&str, Machine); 2] = [
    ("linux/amd64", Machine::X86_64),
    ("linux/arm64", Machine::Aarch64),
];

const MACRO: &str = "use proc_macro::TokenStream;\n\n\
    #[proc_macro]\npub fn seven(_: TokenStream) -> TokenStream {\n    \"7\".parse().unwrap()\n}\n";

fn source(name: &str, value: &str) -> String {
    format!(
        "fn main() {{\n    println!(\"{name}-{value} {{}} {{}} {{}}\", std::env::consts::ARCH, native::value(), made::seven!());\n}}\n"
    )
}

fn service(name: &str) -> Member {
    Member::binary(name, &source(name, "A"))
        .uses("native")
        .uses("made")
}

/// Creates a workspace in which `native` contains C for the crate `cc`, `made` is a procedural macro, and `a` links the
/// system's zlib.
fn workspace(strategy: &str) -> Workspace {
    let members = [
        native(
            "int native(void) { return 42; }\n",
            "1.2.30",
            &["cfg-if = \"=1.0.0\""],
        ),
        Member::library("made", MACRO).depends("\n[lib]\nproc-macro = true"),
        service("a").depends("libz-sys = \"=1.1.20\""),
        service("b"),
        service("tick"),
        service("still"),
    ];
    let workspace = Workspace::of(&members, CONFIG);
    workspace.write(
        "crates/a/src/main.rs",
        &source("a", "A").replace(
            "fn main() {\n",
            "fn main() {\n    assert!(unsafe { libz_sys::zlibCompileFlags() } > 0);\n",
        ),
    );
    workspace.write(
        "packs/demo/pack.yaml",
        "ref: demo\nname: Demo\nversion: 1.0.0\n",
    );
    workspace.make_cold(&unique::unique());
    // Debian's Rust is older than the pinned one.
    workspace.remove("rust-toolchain.toml");
    workspace.replace("bakehouse.toml", "STRATEGY", strategy);
    workspace.replace(
        "bakehouse.toml",
        "BUILDER",
        &cross_bases::builder(&workspace),
    );
    workspace.replace(
        "bakehouse.toml",
        "RUNTIME",
        &cross_bases::runtime(&workspace),
    );
    workspace.generate();
    workspace
}

/// Returns the output of a service's image for a platform, with emulation if it is not the engine's.
#[track_caller]
fn prints(workspace: &Workspace, service: &str, platform: &str) -> String {
    let image = workspace.images.name(service);
    container::prints_on(platform, &[], &image, &[])
}

fn arch(platform: &str) -> &'static str {
    if platform == "linux/amd64" {
        "x86_64"
    } else {
        "aarch64"
    }
}

#[track_caller]
fn machine_of(path: &str) -> Machine {
    let content = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    match Program::of(&content) {
        Program::Binary(binary) => binary.machine,
        other => panic!("{path} is {other:?}"),
    }
}

#[test]
#[ignore = "makes bases for two platforms and emulates one, three minutes: tools/test --slow"]
fn every_binary_is_compiled_for_each_platform_in_the_builder() {
    let turn = Turn::take();
    engine::bases(&cross_bases::BASES);
    engine::emulate_arm64();
    // One after the other: their first steps are the same, and BuildKit forgets one of two results of a step.
    for strategy in ["layer", "mount"] {
        let workspace = workspace(strategy);
        let run = workspace.bake([]).run(&turn);
        let compiled = run.compiled();
        let count = |names: &[&str]| -> BTreeMap<String, usize> {
            let of = |name: &&str| {
                let (name, count) = compiled
                    .iter()
                    .find(|(compiled, _)| compiled.split(' ').next() == Some(name))
                    .unwrap_or_else(|| panic!("{name} was not compiled: {run}"));
                (
                    name.split(' ').next().unwrap_or_default().to_owned(),
                    *count,
                )
            };
            names.iter().map(of).collect()
        };
        let times = |count: usize, names: &[&str]| -> BTreeMap<String, usize> {
            names
                .iter()
                .map(|name| ((*name).to_owned(), count))
                .collect()
        };
        for (platform, _) in PLATFORMS {
            let arch = arch(platform);
            for service in ["a", "b"] {
                let printed = prints(&workspace, service, platform);
                assert_eq!(printed, format!("{service}-A {arch} 42 7"), "{platform}");
            }
        }
        // Crates for the platform are compiled for each. Crates that run in the builder are compiled once with the
        // strategy that keeps layers.
        assert_eq!(
            count(&["a", "b", "cfg-if"]),
            times(2, &["a", "b", "cfg-if"]),
            "{run}"
        );
        let shared = if strategy == "layer" { 1 } else { 2 };
        assert_eq!(
            count(&["cc", "pkg-config"]),
            times(shared, &["cc", "pkg-config"]),
            "{run}"
        );
        assert_eq!(
            run.steps
                .iter()
                .filter(|step| step.stage == "vendor" && step.is_run())
                .count(),
            1,
            "{run}"
        );

        let run = workspace.bake([]).run(&turn);
        assert_eq!(run.ran_stages(), stages([]), "{run}");

        workspace.write("crates/b/src/main.rs", &source("b", "B"));
        let run = workspace.bake([]).run(&turn);
        assert_eq!(run.ran_stages(), stages(["build-b"]), "{run}");
        assert_eq!(
            run.compiled(),
            BTreeMap::from([("b v0.1.0".to_owned(), 2)]),
            "{run}"
        );
        assert_eq!(prints(&workspace, "b", "linux/amd64"), "b-B x86_64 42 7");
        assert_eq!(prints(&workspace, "b", "linux/arm64"), "b-B aarch64 42 7");

        // Both platforms have the old text again.
        workspace.write("crates/b/src/main.rs", &source("b", "A"));
        workspace.write(
            "crates/native/src/native.c",
            "int native(void) { return 43; }\n",
        );
        let _ = workspace.bake([]).run(&turn);
        assert_eq!(prints(&workspace, "b", "linux/amd64"), "b-A x86_64 43 7");
        assert_eq!(prints(&workspace, "b", "linux/arm64"), "b-A aarch64 43 7");
    }
}

#[test]
#[ignore = "slow: tools/test --slow"]
fn a_pack_has_its_binaries_for_each_platform() {
    let _turn = Turn::take();
    engine::bases(&cross_bases::BASES);
    engine::emulate_arm64();
    let workspace = workspace("layer");
    let build = ["packs", "build", "--platform", "linux/amd64,linux/arm64"];
    let _ = workspace.bakehouse(build).succeeded();
    for (platform, machine) in PLATFORMS {
        let arch = arch(platform);
        for name in ["tick", "still"] {
            let suffix = platform.replace('/', "-");
            let path = format!("{}/packs/demo/bin/{name}.{suffix}", workspace.dir());
            assert_eq!(machine_of(&path), machine, "{path}");
            let mount = format!("{path}:/run-it:ro");
            let base = workspace.images.name("runtime");
            let printed = container::prints_on(platform, &["-v", &mount], &base, &["/run-it"]);
            assert_eq!(printed, format!("{name}-A {arch} 42 7"), "{path}");
        }
    }
    let again = workspace.bakehouse(build).succeeded();
    assert_eq!(again.stdout.matches("  current").count(), 4, "{again}");
}

/// zig compiles and links for both platforms, so no linker has to be fetched.
#[test]
#[ignore = "fetches zig, 100 MB: tools/test --slow"]
fn a_floor_holds_on_each_platform() {
    let turn = Turn::take();
    engine::bases(&cross_bases::BASES);
    engine::emulate_arm64();
    let workspace = workspace("layer");
    // zig does not find libraries of the system.
    workspace.replace("bakehouse.toml", "[services.a]\npackage = \"a\"\n\n", "");
    let config = workspace.read("bakehouse.toml");
    workspace.write("bakehouse.toml", &format!("glibc = \"2.28\"\n{config}"));
    workspace.generate();
    let run = workspace.bake(["b", "packs"]).run(&turn);
    for (platform, _) in PLATFORMS {
        let printed = prints(&workspace, "b", platform);
        assert_eq!(printed, format!("b-A {} 42 7", arch(platform)));
    }
    let lines = run.said();
    let needs: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("b needs GLIBC_"))
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(needs.len(), 2, "{run}");
    for version in needs {
        let minor: u32 = version["2.".len()..].parse().expect("a version");
        assert!(minor <= 28, "{version}: {run}");
    }
}

/// The images have the builder's base here, because there is no other for both platforms.
#[test]
#[ignore = "compiles the reference platform for two platforms: tools/test --slow"]
fn every_service_of_the_reference_platform_is_compiled_for_each_platform() {
    let turn = Turn::take();
    engine::bases(&cross_bases::BASES);
    engine::emulate_arm64();
    let workspace = Workspace::platform();
    workspace.make_cold(&unique::unique());
    for file in ["rust-toolchain.toml", "toolchain.json"] {
        workspace.remove(file);
    }
    let builder = cross_bases::newer_builder(&workspace);
    let runtime = cross_bases::newer_runtime(&workspace);
    let config: String = workspace
        .read("bakehouse.toml")
        .lines()
        .map(|line| match line.split_once("\"docker.io/") {
            Some((key, rest)) => {
                let base = if key.starts_with("builder") {
                    &builder
                } else {
                    &runtime
                };
                let (_, rest) = rest.split_once('"').expect("a value ends");
                format!("{key}\"{base}\"{rest}\n")
            }
            None => format!("{line}\n"),
        })
        .collect();
    workspace.write(
        "bakehouse.toml",
        &format!("platforms = [\"linux/amd64\", \"linux/arm64\"]\n{config}"),
    );
    workspace.generate();
    let run = workspace.bake([]).run(&turn);
    let most = run.compiled().into_iter().max_by_key(|(_, count)| *count);
    assert_eq!(most.map(|(_, count)| count), Some(2), "{run}");
    for (service, says) in [
        ("api", "attune-api"),
        ("executor", "attune-executor"),
        ("notifier", "attune-notifier"),
        ("sensor", "attune-sensor"),
        ("worker-shell", "attune-worker"),
        ("worker-python", "attune-worker"),
        ("worker-node", "attune-worker"),
        ("worker-full", "attune-worker"),
    ] {
        for (platform, _) in PLATFORMS {
            let image = workspace.images.name(service);
            let version = container::prints_on(platform, &[], &image, &["--version"]);
            assert!(version.starts_with(says), "{service} {platform}: {version}");
        }
    }
    let build = ["packs", "build", "--platform", "linux/amd64,linux/arm64"];
    let _ = workspace.bakehouse(build).succeeded();
    for (platform, machine) in PLATFORMS {
        let suffix = platform.replace('/', "-");
        let path = format!(
            "{}/packs/core/sensors/attune-core-timer-sensor.{suffix}",
            workspace.dir()
        );
        assert_eq!(machine_of(&path), machine, "{path}");
    }
}
