//! A workspace of a hundred services and two hundred libraries: bakehouse's time and memory are limited, Bake reads the
//! generated file, and twenty services bake at once.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bakehouse_testkit::{Ran, Synthetic, Turn, Workspace, bakehouse, container, unique};
use serde_json::Value;

const LARGE: Synthetic = Synthetic {
    services: 100,
    libraries: 200,
    seed: 7,
};

/// Bytes of memory that bakehouse may use.
const MEMORY: u64 = 150 << 20;

/// Number of services that bake at once.
const AT_ONCE: usize = 20;

fn large() -> Workspace {
    let workspace = Workspace::empty();
    LARGE.write(workspace.dir());
    workspace
}

#[test]
fn bakehouse_stays_small_and_bake_reads_what_it_writes() {
    let workspace = large();
    for arguments in [
        &["generate"][..],
        &["generate", "--check"],
        &["plan", "--format", "json"],
        &["graph", "--format", "html", "--out", "graph.html"],
    ] {
        let most = most_memory(bakehouse::command(workspace.dir()).args(arguments));
        assert!(most <= MEMORY, "{arguments:?}: {} MiB", most >> 20);
        println!("{arguments:?}: {} MiB", most >> 20);
    }
    let began = Instant::now();
    let printed = Ran::of(
        Command::new("docker")
            .current_dir(workspace.dir())
            .args(["buildx", "bake", "--print"]),
    )
    .succeeded();
    println!("bake --print: {:.1} s", began.elapsed().as_secs_f32());
    let printed: Value = serde_json::from_str(&printed.stdout).expect("JSON");
    let targets = printed["target"].as_object().expect("a map");
    let layout = LARGE.layout();
    assert!(
        layout
            .services
            .keys()
            .all(|name| targets.contains_key(name))
    );
}

/// Returns the largest memory, in bytes, that a program used during its successful run. Linux keeps this mark, which is
/// read until the program has ended.
fn most_memory(command: &mut Command) -> u64 {
    let mut running = command
        .stdout(Stdio::null())
        .spawn()
        .expect("it can be started");
    let status = format!("/proc/{}/status", running.id());
    let mut most = 0;
    loop {
        let ended = running.try_wait().expect("it was started");
        if let Some(ended) = ended {
            assert!(ended.success(), "{command:?}");
            return most;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = mark.and_then(|mark| mark.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(kibibytes.unwrap_or(0) << 10);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
#[ignore = "compiles a large workspace: tools/test --slow"]
fn twenty_services_bake_at_once_and_each_is_what_its_sources_say() {
    let turn = Turn::take();
    let workspace = large();
    workspace.make_cold(&unique::unique());
    workspace.generate();
    let layout = LARGE.layout();
    let services: Vec<&str> = layout
        .services
        .keys()
        .map(String::as_str)
        .take(AT_ONCE)
        .collect();
    let run = workspace.bake(services.iter().copied()).run(&turn);
    let compiled = run.compiled();
    let twice = compiled.iter().filter(|(_, count)| **count > 1).count();
    assert_eq!(twice, 0, "{compiled:?}");
    // The host builds the same in a folder of its own.
    let target = workspace.dir().join("on-the-host");
    let mut build = vec!["build", "--release", "--target-dir", target.as_str()];
    build.extend(services.iter().flat_map(|service| ["--bin", service]));
    let _ = workspace.cargo(build).succeeded();
    for service in services {
        let host = Ran::of(&mut Command::new(target.join("release").join(service))).succeeded();
        let printed = container::prints(&workspace.images.name(service), []);
        assert_eq!(printed, host.stdout.trim_end(), "{service}");
    }
}
