//! Images with several binaries, shared libraries, and a process of their own: as an engine runs and shows them.

use bakehouse_e2e::cross_bases;
use bakehouse_e2e::strategy::STRATEGIES;
use bakehouse_testkit::{Compose, Member, Turn, Workspace, container, engine, unique};
use serde_json::{Value, json};

/// The compiler comes with libgomp, and the base does not have it.
const CONFIG: &str = r#"registry = "content"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[services.api]
package = "api"
bins = ["api", { package = "tools", bin = "keygen" }]
command = ["serve"]
libs = ["libgomp.so.1", { package = "plugin", features = ["loud"] }]
stop-signal = "SIGINT"
healthcheck = { command = ["/usr/local/bin/api", "health"], interval = "1s", timeout = "3s", start-period = "20s", retries = 2 }

[services.front]
package = "tools"
bin = "keygen"
depends-on = ["api"]
"#;

/// Loads libraries, or serves until it gets the signal 2, SIGINT. It is well from its third second on.
const API: &str = r#"use std::ffi::{CString, c_char, c_int, c_void};
unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn _exit(code: c_int) -> !;
}
extern "C" fn stop(number: c_int) {
    unsafe { _exit(40 + number) }
}
fn library(name: &str) -> *mut c_void {
    let library = unsafe { dlopen(CString::new(name).unwrap().as_ptr(), 2) };
    assert!(!library.is_null(), "{name} is not found");
    library
}
fn main() {
    let ready = std::path::Path::new("/tmp/ready");
    match std::env::args().nth(1).as_deref() {
        Some("health") => std::process::exit(i32::from(!ready.exists())),
        Some("serve") => {
            unsafe { signal(2, stop) };
            std::thread::sleep(std::time::Duration::from_secs(3));
            std::fs::write(ready, "").unwrap();
            loop {
                std::thread::park();
            }
        }
        _ => {
            library("libgomp.so.1");
            let value = unsafe { dlsym(library("libplugin.so"), c"value".as_ptr()) };
            let value: extern "C" fn() -> u32 = unsafe { std::mem::transmute(value) };
            println!("{} {}", common::NUMBER, value());
        }
    }
}
"#;

fn workspace() -> Workspace {
    let members = [
        Member::library("common", "pub const NUMBER: u32 = 7;\n"),
        Member::binary("api", API).uses("common"),
        Member::library("tools", "")
            .file("src/bin/keygen.rs", "fn main() { println!(\"key\") }\n"),
        Member::library(
            "plugin",
            "#[unsafe(no_mangle)]\npub extern \"C\" fn value() -> u32 { common::NUMBER * if cfg!(feature = \"loud\") { 100 } else { 1 } }\n",
        )
        .uses("common")
        .depends("\n[lib]\ncrate-type = [\"cdylib\"]\n\n[features]\nloud = []"),
    ];
    Workspace::of(&members, CONFIG)
}

fn inspect(image: &str) -> Value {
    let text = engine::docker(["image", "inspect", "--format", "{{json .Config}}", image]);
    serde_json::from_str(&text).expect("an engine prints JSON")
}

#[test]
fn binaries_of_two_packages_find_their_libraries_and_every_bake_gives_the_same_image() {
    let turn = Turn::share();
    for strategy in STRATEGIES {
        let workspace = workspace();
        workspace.make_cold(&unique::unique());
        (strategy.prepare)(&workspace);
        let image = workspace.images.name("api");
        let _ = workspace.bake([]).run(&turn);
        let run = |options: &[&str]| {
            let words = ["run", "--rm", "--network", "none"].iter().chain(options);
            engine::docker(words.copied())
        };
        assert_eq!(run(&[&image, "load"]), "7 700", "{}", strategy.name);
        // Libraries are for every user.
        assert_eq!(run(&["--user", "4711:4712", &image, "load"]), "7 700");
        assert_eq!(
            run(&["--entrypoint", "/usr/local/bin/keygen", &image]),
            "key"
        );
        let libraries: Vec<String> = container::entries(&image)
            .into_iter()
            .filter(|entry| entry.path.starts_with("usr/local/lib/lib"))
            .map(|entry| format!("{} {} {}", entry.mode, entry.owner, entry.path))
            .collect();
        let expected = ["libgomp.so.1", "libplugin.so"];
        let expected = expected.map(|file| format!("-rw-r--r-- 0/0 usr/local/lib/{file}"));
        assert_eq!(libraries, expected, "{}", strategy.name);

        let first = workspace.images.digests();
        let _ = workspace.bake([]).set("*.no-cache=true").run(&turn);
        assert_eq!(workspace.images.digests(), first, "{}", strategy.name);
    }
}

#[test]
fn an_engine_stops_a_container_by_its_signal_and_compose_waits_until_the_image_says_that_it_is_well()
 {
    let turn = Turn::share();
    let workspace = workspace();
    workspace.generate();
    let _ = workspace.bake([]).run(&turn);
    let config = inspect(&workspace.images.name("api"));
    assert_eq!(config["StopSignal"], "SIGINT");
    let second = 1_000_000_000_u64;
    assert_eq!(
        config["Healthcheck"],
        json!({
            "Test": ["CMD", "/usr/local/bin/api", "health"],
            "Interval": second,
            "Timeout": 3 * second,
            "StartPeriod": 20 * second,
            "Retries": 2
        })
    );
    let compose = Compose::new(&workspace);
    let _ = compose.run(["up", "--detach"]);
    let api = compose.container("api");
    let health = [
        "container",
        "inspect",
        "--format",
        "{{.State.Health.Status}}",
        &api,
    ];
    assert_eq!(engine::docker(health), "healthy");
    assert_eq!(compose.run(["logs", "--no-log-prefix", "front"]), "key");
    let _ = compose.run(["stop", "--timeout", "30", "api"]);
    let code = [
        "container",
        "inspect",
        "--format",
        "{{.State.ExitCode}}",
        &api,
    ];
    assert_eq!(engine::docker(code), "42");
}

/// Every character that a Dockerfile, JSON or a shell has a meaning for, and others.
const WORDS: [&str; 18] = [
    "it's",
    "a \"quoted\" word",
    "$HOME ${HOME} $$ ${HOME:-x} \\$HOME",
    "back\\slash\\",
    "tab\tnew\nline\rreturn",
    "ünïcødé 日本 🦀",
    "# no comment",
    "",
    " ",
    "<<EOF",
    "[\"list\"]",
    "\u{1b}[0m\u{7f}\u{85}\u{2028}",
    "\\u0041",
    "`id`",
    "%s {{.Id}}",
    "continued \\\n line",
    "--flag=a,b",
    "*?~!&|;()<>",
];

#[test]
fn words_reach_the_container_as_they_are_written() {
    let turn = Turn::share();
    let source = "fn main() { print!(\"{:?}\", std::env::args().skip(1).collect::<Vec<_>>()) }\n";
    let words = json!(WORDS).as_array().cloned().unwrap_or_default();
    let with = |program: &str| -> Value {
        let mut all = vec![json!(program)];
        all.extend(words.clone());
        json!(all)
    };
    // TOML reads strings of JSON, except for one character that JSON does not escape.
    let toml = |value: &Value| value.to_string().replace('\u{7f}', "\\u007F");
    let program = "/usr/local/bin/app";
    let config = format!(
        "registry = \"content\"\n\n[services.app]\nentrypoint = {}\ncommand = {}\nhealthcheck = {}\n\n[services.bare]\nbin = \"app\"\nentrypoint = []\ncommand = [{program:?}, \"word\"]\n",
        toml(&with(program)),
        toml(&json!(words)),
        toml(&with(program)),
    );
    let workspace = Workspace::of(&[Member::binary("app", source)], &config);
    workspace.generate();
    let _ = workspace.bake([]).run(&turn);
    let image = workspace.images.name("app");
    let shown = inspect(&image);
    assert_eq!(shown["Entrypoint"], with(program));
    assert_eq!(shown["Cmd"], json!(words));
    let mut test = vec![json!("CMD")];
    test.extend(with(program).as_array().cloned().unwrap_or_default());
    assert_eq!(shown["Healthcheck"]["Test"], json!(test));
    let twice: Vec<&str> = WORDS.iter().chain(&WORDS).copied().collect();
    assert_eq!(container::prints(&image, []), format!("{twice:?}"));
    let bare = workspace.images.name("bare");
    assert_eq!(inspect(&bare)["Entrypoint"], Value::Null);
    assert_eq!(container::prints(&bare, []), "[\"word\"]");
}

/// The number of the machine in an ELF file, `EM_AARCH64`.
const AARCH64: [u8; 2] = [183, 0];

#[test]
#[ignore = "makes bases for two platforms, two minutes: tools/test --slow"]
fn libraries_are_for_the_platform_of_the_image() {
    let turn = Turn::share();
    engine::bases(&cross_bases::BASES);
    for strategy in STRATEGIES {
        let workspace = workspace();
        workspace.make_cold(&unique::unique());
        // Debian's Rust is older than the pinned one.
        workspace.remove("rust-toolchain.toml");
        let bases = [
            cross_bases::builder(&workspace),
            cross_bases::runtime(&workspace),
        ];
        let config = CONFIG
            .replace("docker.io/library/rust:1.95.0-slim-bookworm", &bases[0])
            .replace("docker.io/library/debian:bookworm-slim", &bases[1]);
        let platforms = "platforms = [\"linux/amd64\", \"linux/arm64\"]\n\n[bases]";
        workspace.write("bakehouse.toml", &config.replace("[bases]", platforms));
        (strategy.prepare)(&workspace);
        let out = workspace.dir().join("out");
        let _ = workspace
            .bake(["api"])
            .set(&format!("api.output=type=local,dest={out}"))
            .set("api.platform=linux/arm64")
            .run(&turn);
        for file in [
            "bin/api",
            "bin/keygen",
            "lib/libgomp.so.1",
            "lib/libplugin.so",
        ] {
            let path = out.join("usr/local").join(file);
            let content = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(content[18..20], AARCH64, "{}: {path}", strategy.name);
        }
    }
}

#[test]
fn a_library_that_another_build_left_in_a_mount_is_not_taken() {
    let turn = Turn::share();
    let members = [
        Member::binary("app", "fn main() {}\n"),
        Member::library(
            "plug",
            "#[unsafe(no_mangle)]\npub extern \"C\" fn value() -> u32 { 1 }\n",
        )
        .depends("\n[lib]\ncrate-type = [\"cdylib\"]"),
    ];
    let config = "[bases]\nbuilder = \"docker.io/library/rust:1.95.0-slim-bookworm\"\n\
        [cache]\nstrategy = \"mount\"\n\
        [services.app]\nlibs = [{ package = \"plug\" }]\n";
    let workspace = Workspace::of(&members, config);
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let _ = workspace.bake(["app"]).run(&turn);
    // The same mount now has the library, and the service asks for a file of that name.
    workspace.replace("bakehouse.toml", "{ package = \"plug\" }", "\"libplug.so\"");
    workspace.append("crates/app/src/main.rs", "// edited\n");
    workspace.generate();
    let said = workspace.bake(["app"]).attempt(&turn).said();
    assert!(said.contains("libplug.so is not in BUILDER_BASE"), "{said}");
}
