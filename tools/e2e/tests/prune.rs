//! `bakehouse prune --registry`, on a registry of the test's own.

use bakehouse_e2e::ready::{Ready, digest, platforms, push, push_undated, raw, registry};
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::own_registry::Settings;
use bakehouse_testkit::{OwnRegistry, Ran, Turn};

const LONG_AGO: &str = "labels.org.opencontainers.image.created=2020-01-01T00:00:00Z";

const DELETES: Settings = Settings {
    deletes: true,
    is_read_only: false,
    wants_login: false,
};

/// Changes the program of the service, and returns the tag of its new input hash.
fn change(ready: &Ready, value: &str) -> String {
    let source = format!("fn main() {{\n    println!(\"{value}\");\n}}\n");
    ready.workspace.write("crates/api/src/main.rs", &source);
    ready.program("api", value.as_bytes());
    format!("in-{}", ready.hash("api"))
}

/// Returns the words for a tag in the list: `keep` or `delete`, and why.
fn told<'a>(ran: &'a Ran, tag: &str) -> &'a str {
    let mut lines = ran.stdout.lines();
    let line = lines.find(|line| line.contains(tag));
    line.unwrap_or_else(|| panic!("{tag} is not listed: {ran}"))
        .trim_start()
}

#[track_caller]
fn is(ran: &Ran, tag: &str, what: &str, why: &str) {
    let line = told(ran, tag);
    assert!(line.starts_with(what) && line.ends_with(why), "{line}");
}

#[test]
fn only_what_nothing_needs_is_deleted() {
    let _turn = Turn::share();
    let mut own = OwnRegistry::start(Settings::default());
    let at = format!("{}/shop", own.address());
    let base = push(
        &format!("{}/base:1", registry()),
        &[],
        "FROM scratch\nCOPY <<x /x\nfile\nx\n",
    );
    let ready = Ready::at(&at, &["api"], &base, "");
    ready.workspace.git(["init", "--quiet"]);

    let released = change(&ready, "released");
    ready.bake("1.0.0", &[LONG_AGO]);
    let branch = change(&ready, "branch");
    ready.bake("latest", &[LONG_AGO]);
    ready.workspace.git(["add", "--all"]);
    ready.workspace.git(["commit", "--quiet", "--message", "x"]);
    ready.workspace.git(["branch", "old"]);
    // A release with provenance is a list, in which the image is that another tag names alone.
    let listed = change(&ready, "listed");
    ready.bake("2.0.0", &[LONG_AGO, "attest=type=provenance,mode=min"]);
    let image = format!("{at}/api@{}", platforms(&ready.name("api", "2.0.0"))[0]);
    docker([
        "buildx",
        "imagetools",
        "create",
        "--prefer-index=false",
        "--tag",
        &ready.name("api", &listed),
        &image,
    ]);
    assert_eq!(
        format!("{at}/api@{}", digest(&ready.name("api", &listed))),
        image
    );
    let undated = change(&ready, "undated");
    ready.bake("latest", &[]);
    let current = change(&ready, "current");
    ready.bake("latest", &[LONG_AGO]);
    let gone = branch.clone();

    let prune = |more: &[&str]| {
        let all = [&["prune", "--registry", "--keep", "0"], more].concat();
        ready.run(&all)
    };
    let listing = prune(&[]).succeeded();
    is(&listing, &released, "keep", "1.0.0 is the same image");
    is(&listing, &listed, "keep", "2.0.0 has it in its list");
    is(&listing, &undated, "keep", "(--undated)");
    is(&listing, &current, "keep", "needed by this checkout");
    is(&listing, &gone, "delete", "nothing needs it");
    listing.prints("1 tags to delete: run it with --yes");
    let kept = prune(&["--branch", "old"]).succeeded();
    is(&kept, &gone, "keep", "needed by old");
    let newest = ready.run(&["prune", "--registry"]).succeeded();
    is(&newest, &gone, "keep", "one of the newest");
    let young = prune(&["--older", "100y"]).succeeded();
    is(&young, &gone, "keep", "not old enough");
    let all = prune(&["--undated"]).succeeded();
    is(&all, &undated, "delete", "nothing needs it");
    assert!(!raw(&ready.name("api", &gone)).is_null());

    // Registries that do not delete.
    let ran = prune(&["--yes"]).exited(1);
    ran.says("registry-refused").says("storage.delete.enabled");
    own.restart(Settings {
        is_read_only: true,
        ..DELETES
    });
    let ran = prune(&["--yes"]).exited(1);
    ran.says("registry-refused")
        .says("storage.maintenance.readonly");
    assert!(!raw(&ready.name("api", &gone)).is_null());

    own.restart(DELETES);
    prune(&["--yes"]).succeeded().prints("1 tags deleted");
    let listing = prune(&[]).succeeded();
    assert!(!listing.stdout.contains(&gone), "{listing}");
    for tag in [
        "1.0.0", "2.0.0", "latest", &released, &listed, &undated, &current,
    ] {
        let name = ready.name("api", tag);
        assert_eq!(platforms(&name).len(), 1);
        // All that the tag consists of is there.
        docker([
            "buildx",
            "imagetools",
            "create",
            "--prefer-index=false",
            "--tag",
            &ready.name("copy", "x"),
            &name,
        ]);
    }
    prune(&["--yes"]).succeeded().prints("nothing to delete");
}

#[test]
fn seeds_go_unless_a_branch_names_them() {
    let _turn = Turn::share();
    let own = OwnRegistry::start(DELETES);
    let at = format!("{}/shop", own.address());
    let cache = format!("{at}/cache");
    let base = push(
        &format!("{}/base:1", registry()),
        &[],
        "FROM scratch\nCOPY <<x /x\nfile\nx\n",
    );
    let ready = Ready::at(&at, &["api"], &base, "");
    ready.bake("latest", &[]);
    let seed = |name: &str, tags: &[&str]| {
        let created = "LABEL org.opencontainers.image.created=2020-01-01T00:00:00Z";
        let dockerfile = format!("FROM scratch\n{created}\nCOPY <<x /x\n{name}\nx\n");
        let names: Vec<String> = tags.iter().map(|tag| format!("{cache}:{tag}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        push_undated(&names, &dockerfile);
    };
    seed("old", &["deps-0000000000000001"]);
    seed("main", &["deps-0000000000000002", "deps..main"]);
    seed("cache", &["main", "in-progress"]);
    let prune = |more: &[&str]| {
        let mut command = ready.command();
        command.env("CACHE_REF", &cache);
        Ran::of(
            command
                .args(["prune", "--registry", "--keep", "0"])
                .args(more),
        )
    };
    let listing = prune(&["--yes"]).succeeded();
    is(
        &listing,
        "deps-0000000000000001",
        "delete",
        "nothing needs it",
    );
    is(
        &listing,
        "deps-0000000000000002",
        "keep",
        "deps..main is the same image",
    );
    assert!(!listing.stdout.contains("in-progress"), "{listing}");
    let listing = prune(&[]).succeeded();
    assert!(
        !listing.stdout.contains("deps-0000000000000001"),
        "{listing}"
    );
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_named() {
    let _turn = Turn::share();
    let own = OwnRegistry::start(DELETES);
    let at = format!("{}/shop", own.address());
    let ready = Ready::at(&at, &["api"], "scratch", "");
    let ran = ready.run(&["prune", "--registry"]).exited(1);
    ran.says("image-unknown")
        .says(&format!("{at}/api"))
        .says("REGISTRY");
    let ran = ready
        .run(&["prune", "--registry", "--older", "often"])
        .exited(2);
    ran.says("config-value").says("30d");
    let mut command = ready.command();
    let down = Ran::of(
        command
            .env("REGISTRY", "127.0.0.1:1/x")
            .args(["prune", "--registry"]),
    );
    down.exited(1).says("registry-failed").says("127.0.0.1:1");
    ready.run(&["prune"]).exited(2).says("--registry");
}
