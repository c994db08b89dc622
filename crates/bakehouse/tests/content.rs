//! What images hold and how they run: several binaries, shared libraries, program, signal and health check.

use serde_json::Value;

use crate::shop::{Shop, changed, stderr, stdout};

/// Creates the shop with a package that is a shared library, which nothing uses, and with these lines for `web`.
fn shop(lines: &str) -> Shop {
    let shop = Shop::new();
    shop.edit("Cargo.toml", "\"probe\"", "\"probe\", \"plugin\"");
    let crates = "registry+https://github.com/rust-lang/crates.io-index";
    let sum = "0".repeat(64);
    let plugin = format!(
        "\n[[package]]\nname = \"only\"\nversion = \"1.0.0\"\nsource = \"{crates}\"\nchecksum = \"{sum}\"\n\n\
        [[package]]\nname = \"plugin\"\nversion = \"0.1.0\"\ndependencies = [\n \"only\",\n]\n\n\
        [[package]]\nname = \"prices\"",
    );
    shop.edit("Cargo.lock", "\n[[package]]\nname = \"prices\"", &plugin);
    shop.write(
        "plugin/Cargo.toml",
        "[package]\nname = \"plugin\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n[features]\nloud = []\n\n[dependencies]\nonly = \"1\"\n",
    );
    shop.write("plugin/src/lib.rs", "");
    shop.edit("bakehouse.toml", "bin = \"shop-web\"", lines);
    shop
}

/// Returns the instructions of a stage of the Dockerfile.
fn stage(shop: &Shop, name: &str) -> Vec<String> {
    let text = shop.read("docker/Dockerfile");
    let begin = format!(" AS {name}\n");
    let (_, rest) = text.split_once(&begin).unwrap();
    let end = rest.find("\n\n").unwrap_or(rest.len());
    rest[..end].lines().map(str::to_owned).collect()
}

fn json(shop: &Shop, arguments: &[&str]) -> Value {
    let output = shop.bakehouse(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const TWO: &str = "bins = [\"shop-web\", { package = \"probe\" }]";
const PLUGIN: &str = "bin = \"shop-web\"\nlibs = [{ package = \"plugin\" }]";

#[test]
fn an_image_runs_as_its_keys_say_and_a_variant_as_its_own_do() {
    let shop = shop(TWO);
    shop.edit(
        "bakehouse.toml",
        "variants.shell = {}",
        "command = [\"a b\", \"$C\"]\nstop-signal = \"SIGINT\"\nhealthcheck = [\"batch\", \"--health\"]\n\
        variants.shell = { entrypoint = [], stop-signal = 9, healthcheck = { command = [\"x\"], interval = \"1m30s\", retries = 2 } }",
    );
    shop.generate();
    let process = |name: &str| -> Vec<String> {
        let lines = stage(&shop, name).into_iter();
        lines
            .skip_while(|line| !line.starts_with("ENTRYPOINT"))
            .collect()
    };
    let python = [
        "ENTRYPOINT [\"/usr/local/bin/batch\"]",
        "CMD [\"a b\", \"$C\"]",
        "STOPSIGNAL SIGINT",
        "HEALTHCHECK CMD [\"batch\", \"--health\"]",
    ];
    assert_eq!(process("batch-python"), python);
    let shell = [
        "ENTRYPOINT []",
        "CMD [\"a b\", \"$C\"]",
        "STOPSIGNAL 9",
        "HEALTHCHECK --interval=1m30s --retries=2 CMD [\"x\"]",
    ];
    assert_eq!(process("batch-shell"), shell);
    assert_eq!(process("web"), ["ENTRYPOINT [\"/usr/local/bin/shop-web\"]"]);
}

#[test]
fn binaries_and_libraries_are_copied_from_their_own_stages() {
    let shop = shop(&format!(
        "{TWO}\nlibs = [\"libz.so.1\", {{ package = \"plugin\" }}]"
    ));
    shop.generate();
    let web = stage(&shop, "web");
    let copied: Vec<&String> = web
        .iter()
        .filter(|line| line.starts_with("COPY") || line.starts_with("ENV LD"))
        .collect();
    let expected = [
        "ENV LD_LIBRARY_PATH=\"/usr/local/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\"",
        "COPY --from=rootfs-web /rootfs/out/ /",
        "COPY --from=build-web /dist/image/ /",
        // A pack has this binary, too, and runs on other bases.
        "COPY --from=glibc-web-probe-on-runtime /dist/image/ /",
        "COPY --from=build-web-plugin /dist/image/ /",
        "COPY --from=build-web /dist/libraries/libz.so.1/ /",
    ];
    assert_eq!(copied.len(), expected.len(), "{web:#?}");
    for line in expected {
        assert!(
            copied.iter().any(|copied| *copied == line),
            "{line}: {web:#?}"
        );
    }
    let script = |name: &str| {
        let lines = stage(&shop, name);
        lines.last().unwrap().trim_start().to_owned()
    };
    assert_eq!(
        script("build-web"),
        "sh /run/found.sh bin.sh libz.so.1 shop-web"
    );
    assert_eq!(
        script("build-web-plugin"),
        "sh /run/cdylib.sh plugin libplugin.so"
    );
}

#[test]
fn a_variable_of_the_configuration_comes_after_the_folder_of_libraries() {
    let own = format!("{PLUGIN}\nenv = {{ LD_LIBRARY_PATH = \"/opt/own\" }}");
    let shop = shop(&own);
    shop.generate();
    let line = "ENV LD_LIBRARY_PATH=\"/usr/local/lib:/opt/own\"".to_owned();
    let found: Vec<String> = stage(&shop, "web")
        .into_iter()
        .filter(|line| line.contains("LD_LIBRARY_PATH"))
        .collect();
    assert_eq!(found, [line]);
    let compose = shop.read("docker/compose.yaml");
    assert!(
        compose.contains("LD_LIBRARY_PATH: \"/usr/local/lib:/opt/own\"\n"),
        "{compose}"
    );
}

#[test]
fn compose_waits_for_a_service_whose_image_has_a_check() {
    let condition = |lines: &str| {
        let shop = shop(lines);
        shop.edit(
            "bakehouse.toml",
            "variants.shell = {}",
            "depends-on = [\"web\"]\nvariants.shell = {}",
        );
        shop.generate();
        let compose: Value = serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap();
        assert_eq!(
            compose["services"]["web"]["healthcheck"].is_object(),
            lines.contains("health =")
        );
        let needs = &compose["services"]["batch-shell"]["depends_on"]["web"];
        needs["condition"].as_str().unwrap().to_owned()
    };
    for (lines, expected) in [
        ("bin = \"shop-web\"", "service_started"),
        (
            "bin = \"shop-web\"\nhealthcheck = [\"x\"]",
            "service_healthy",
        ),
        ("bin = \"shop-web\"\nhealth = [\"x\"]", "service_healthy"),
        (
            "bin = \"shop-web\"\nhealth = [\"x\"]\nhealthcheck = [\"y\"]",
            "service_healthy",
        ),
    ] {
        assert_eq!(condition(lines), expected, "{lines}");
    }
}

#[test]
fn exactly_the_images_that_hold_something_change_with_it() {
    type Row = (
        &'static str,
        &'static str,
        fn(&Shop),
        &'static [&'static str],
    );
    let rows: [Row; 12] = [
        (
            "a second binary's source",
            TWO,
            |s| s.write("probe/src/main.rs", "fn main() { loop {} }"),
            &["probe", "web"],
        ),
        (
            "a shared library's source",
            PLUGIN,
            |s| s.write("plugin/src/lib.rs", "// changed"),
            &["web"],
        ),
        (
            "a source of a library that no image has",
            TWO,
            |s| s.write("plugin/src/lib.rs", "// changed"),
            &[],
        ),
        (
            "a shared library's features",
            PLUGIN,
            |s| {
                s.edit(
                    "bakehouse.toml",
                    "\"plugin\" }",
                    "\"plugin\", features = [\"loud\"] }",
                );
            },
            &["web"],
        ),
        (
            "a crate of a shared library",
            PLUGIN,
            |s| {
                s.edit(
                    "Cargo.lock",
                    "name = \"only\"\nversion = \"1.0.0\"",
                    "name = \"only\"\nversion = \"1.0.1\"",
                );
            },
            &["web"],
        ),
        (
            "a library of the builder",
            TWO,
            |s| {
                s.edit(
                    "bakehouse.toml",
                    TWO,
                    &format!("{TWO}\nlibs = [\"libz.so.1\"]"),
                );
            },
            &["web"],
        ),
        (
            "another library of the builder",
            "bin = \"shop-web\"\nlibs = [\"libz.so.1\"]",
            |s| s.edit("bakehouse.toml", "libz.so.1", "libz.so"),
            &["web"],
        ),
        (
            "a signal",
            TWO,
            |s| s.edit("bakehouse.toml", TWO, &format!("{TWO}\nstop-signal = 2")),
            &["web"],
        ),
        (
            "a health check",
            TWO,
            |s| {
                s.edit(
                    "bakehouse.toml",
                    TWO,
                    &format!("{TWO}\nhealthcheck = [\"x\"]"),
                );
            },
            &["web"],
        ),
        (
            "a time of a health check",
            "bin = \"shop-web\"\nhealthcheck = { command = [\"x\"], timeout = \"1s\" }",
            |s| s.edit("bakehouse.toml", "\"1s\"", "\"2s\""),
            &["web"],
        ),
        (
            "a command",
            TWO,
            |s| s.edit("bakehouse.toml", TWO, &format!("{TWO}\ncommand = [\"x\"]")),
            &["web"],
        ),
        (
            "a signal of a variant",
            TWO,
            |s| {
                s.edit(
                    "bakehouse.toml",
                    "shell = {}",
                    "shell = { stop-signal = 2 }",
                );
            },
            &["batch-shell"],
        ),
    ];
    for (name, lines, edit, expected) in rows {
        let shop = shop(lines);
        let before = shop.hashes();
        edit(&shop);
        let after = shop.hashes();
        assert_eq!(changed(&before, &after), expected, "{name}");
    }
}

#[test]
fn every_command_counts_a_second_binary_and_a_library_that_is_compiled() {
    let shop = shop(&format!("{TWO}\nlibs = [{{ package = \"plugin\" }}]"));
    shop.commit_all();
    let plan = json(&shop, &["plan"]);
    let services = plan["services"].as_array().unwrap();
    let web = services
        .iter()
        .find(|service| service["name"] == "web")
        .unwrap();
    assert_eq!(web["further_bins"][0]["name"], "probe");
    assert_eq!(web["libs"][0]["name"], "libplugin.so");
    assert_eq!(
        web["closure"],
        serde_json::json!(["common", "plugin", "prices", "probe", "web"])
    );

    let graph = json(&shop, &["graph"]);
    let nodes = graph["nodes"].as_array().unwrap();
    let node = |kind: &str, name: &str| {
        let found = nodes
            .iter()
            .position(|node| node["kind"] == kind && node["name"] == name);
        found.unwrap()
    };
    let drawn = &nodes[node("service", "web")];
    let needs = ["plugin", "probe", "web"].map(|name| node("crate", name));
    let mut drawn_needs: Vec<usize> = serde_json::from_value(drawn["needs"].clone()).unwrap();
    let mut expected = needs.to_vec();
    drawn_needs.sort_unstable();
    expected.sort_unstable();
    assert_eq!(drawn_needs, expected);
    let stages: Vec<&str> = drawn["stages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for stage in [
        "build-web",
        "build-web-probe",
        "build-web-plugin",
        "lib-prices",
        "deps",
    ] {
        assert_eq!(
            stages.iter().filter(|other| **other == stage).count(),
            1,
            "{stages:?}"
        );
    }
    assert_eq!(stages.last(), Some(&"web"));
    for package in ["plugin", "probe"] {
        let changes = nodes[node("crate", package)]["changes"].as_array().unwrap();
        assert!(
            changes.contains(&serde_json::json!(node("service", "web"))),
            "{package}"
        );
        assert_eq!(nodes[node("crate", package)]["rebuilds"], 1, "{package}");
    }

    let told = stdout(&shop.bakehouse(&["why", "web"]));
    let first = "web: shop-web of web, probe of probe, libplugin.so of plugin, input hash ";
    assert!(told.starts_with(first), "{told}");

    shop.write("probe/src/main.rs", "fn main() { loop {} }");
    shop.commit_all();
    shop.edit(
        "Cargo.lock",
        "name = \"only\"\nversion = \"1.0.0\"",
        "name = \"only\"\nversion = \"1.0.1\"",
    );
    shop.commit_all();
    assert_eq!(shop.affected("HEAD~2"), ["web", "base"]);
    assert_eq!(shop.affected("HEAD~1"), ["web"]);
    let told = stdout(&shop.bakehouse(&["why", "web", "--since", "HEAD~2"]));
    assert!(told.contains("probe/src/main.rs"), "{told}");
    assert!(told.contains("only → plugin → web"), "{told}");
    assert!(!told.contains("unified"), "{told}");
}

#[test]
fn names_of_stages_are_of_one_binary_each() {
    let shop =
        shop("bins = [\"shop-web\", { package = \"probe\" }]\nlibs = [{ package = \"plugin\" }]");
    // Both would be `build-web-probe`, and `build-web-plugin`.
    shop.edit(
        "bakehouse.toml",
        "[services.batch]",
        "[services.web-probe]\npackage = \"batch\"\n\n[services.web-plugin]\npackage = \"batch\"\n\n[services.batch]",
    );
    shop.generate();
    let text = shop.read("docker/Dockerfile");
    let mut names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("FROM ")?.split_once(" AS "))
        .map(|(_, name)| name)
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "{names:?}");
    assert!(names.contains(&"build-web-probe-more"), "{names:?}");
    assert!(names.contains(&"build-web-plugin-more"), "{names:?}");
}

#[test]
fn mistakes_in_the_content_of_images_are_reported_at_once() {
    let shop = shop(
        r#"bins = ["shop-web", "shop-web", { package = "prob" }]
libs = ["libz", "/usr/lib/libz.so.1", "libz.so.1", "libz.so.1", { package = "plugn" }, { package = "common" }, { package = "plugin", features = ["lout"] }]
entrypoint = [""]
command = ["a\u0000b"]
stop-signal = "sigint"
healthcheck = { command = [], interval = "10", timeout = "0s", start-period = "1.5s", retries = 0 }"#,
    );
    shop.edit(
        "bakehouse.toml",
        "variants.shell = {}",
        "static = true\nlibs = [\"libz.so.1\"]\nstop-signal = 65\nhealthcheck = []\nvariants.shell = { stop-signal = \"SIGRTMIN+31\" }",
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

#[test]
fn a_service_works_in_the_folder_that_it_names() {
    let shop = Shop::native();
    shop.edit(
        "bakehouse.toml",
        "bin = \"shop-web\"",
        "bin = \"shop-web\"\nworkdir = \"/srv\"\nstate = \"volume\"",
    );
    shop.edit(
        "bakehouse.toml",
        "[services.batch]",
        "[services.batch]\nworkdir = \"/a\"\nstate = \"memory\"",
    );
    shop.edit(
        "bakehouse.toml",
        "env = { PYTHON",
        "workdir = \"/b\", env = { PYTHON",
    );
    shop.generate();
    let dockerfile = shop.read("docker/Dockerfile");
    let compose: Value = serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap();
    for (service, folder) in [
        ("web", "/srv"),
        ("batch-shell", "/a"),
        ("batch-python", "/b"),
    ] {
        let (_, stage) = dockerfile.split_once(&format!(" AS {service}\n")).unwrap();
        let stage = stage.split("\n\n").next().unwrap();
        assert!(stage.contains(&format!("\nWORKDIR {folder}\n")), "{stage}");
        // It belongs to the user in the stage that is copied, where a layer has no time of its own.
        let rootfs = stage.split("--from=rootfs-").nth(1).unwrap();
        let rootfs = rootfs.split(' ').next().unwrap();
        let (_, stage) = dockerfile
            .split_once(&format!(" AS rootfs-{rootfs}\n"))
            .unwrap();
        let call = stage.split("\n\n").next().unwrap();
        assert!(
            call.contains(&format!("folder {folder} 10001:10001")),
            "{call}"
        );
    }
    let services = &compose["services"];
    let volumes = services["web"]["volumes"].as_array().unwrap();
    assert!(
        volumes.iter().any(|mount| mount["target"] == "/srv"),
        "{volumes:?}"
    );
    for (service, folder) in [("batch-shell", "/a:"), ("batch-python", "/b:")] {
        let memory = services[service]["tmpfs"].to_string();
        assert!(memory.contains(folder), "{service}: {memory}");
    }
}
