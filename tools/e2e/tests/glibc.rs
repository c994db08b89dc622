//! Check of the C library: a binary that would not start on its base does not become an image, and the build names the
//! version and the symbol that the base lacks.

use bakehouse_e2e::old_base;
use bakehouse_e2e::tiny::{expected, tiny};
use bakehouse_testkit::{BakeRun, Turn, Workspace, container, runner, unique};

/// Creates a base with the C library of bullseye.
fn old_base(workspace: &Workspace) -> String {
    old_base::make(workspace, "old", 31)
}

/// Creates the workspace with another base for `a` than for the rest.
fn with_base(strategy: &str, base: impl Fn(&Workspace) -> String) -> Workspace {
    let workspace = tiny();
    workspace.make_cold(&unique::unique());
    let base = base(&workspace);
    let service = format!("package = \"a\"\nruntime = \"{base}\"\n");
    workspace.replace("bakehouse.toml", "package = \"a\"\n", &service);
    workspace.append(
        "bakehouse.toml",
        &format!("\n[cache]\nstrategy = \"{strategy}\"\n"),
    );
    workspace.generate();
    workspace
}

#[track_caller]
fn says(run: &BakeRun, texts: &[&str]) {
    assert!(!run.success, "{run}");
    let said = run.said();
    for text in texts {
        assert!(said.contains(text), "{text}: {said}");
    }
    assert!(failed(run).contains(&"build-a"), "{run}");
}

/// Returns the stages with steps that failed.
fn failed(run: &BakeRun) -> Vec<&str> {
    let failed = run.steps.iter().filter(|step| step.error.is_some());
    failed.map(|step| step.stage.as_str()).collect()
}

#[test]
fn a_binary_that_needs_a_newer_glibc_than_its_base_has_fails_the_build() {
    let turn = Turn::share();
    for strategy in ["layer", "mount"] {
        let workspace = with_base(strategy, old_base);
        let run = workspace.bake(["a"]).attempt(&turn);
        let lacks = "error: a needs GLIBC_2.34 (symbol ";
        says(&run, &[lacks, "old:latest has glibc 2.31", "bases.builder"]);
        // It fails again, despite the cache. The other services run on another base.
        let run = workspace.bake(["a"]).attempt(&turn);
        says(&run, &[lacks]);
        let run = workspace.bake(["b", "c"]).attempt(&turn);
        assert!(run.success, "{run}");

        // The base is declared to have a new enough version.
        let base = workspace.images.name("old");
        let said = format!("[bases]\nglibc = {{ \"{base}\" = \"2.36\" }}\n");
        workspace.replace("bakehouse.toml", "[bases]\n", &said);
        workspace.generate();
        let run = workspace.bake(["a"]).attempt(&turn);
        assert!(run.success, "{run}");
    }
}

#[test]
fn a_variant_needs_no_base_of_another_and_gets_no_binary_that_its_own_cannot_run() {
    let turn = Turn::take();
    for strategy in ["layer", "mount"] {
        let workspace = with_base(strategy, old_base);
        let old = workspace.images.name("old");
        let gone = format!("{}/no-such/base:1", runner::registry());
        let variants = format!(
            "variants.here = {{}}\nvariants.gone = {{ runtime = \"{gone}\" }}\nvariants.old = {{ runtime = \"{old}\" }}\n"
        );
        workspace.replace(
            "bakehouse.toml",
            &format!("runtime = \"{old}\"\n"),
            &variants,
        );
        workspace.generate();
        workspace.bake(["a-here"]).run(&turn);
        assert_eq!(
            container::prints(&workspace.images.name("a-here"), []),
            expected("a", "A", "A", "A"),
            "{strategy}"
        );
        let run = workspace.bake(["a-gone"]).attempt(&turn);
        assert!(!run.success && run.said().contains(&gone), "{run}");
        // It fails again, despite the cache, which has the binary.
        for _ in 0..2 {
            let run = workspace.bake(["a-old"]).attempt(&turn);
            assert!(!run.success, "{run}");
            let said = run.said();
            assert!(said.contains("error: a needs GLIBC_2.34"), "{said}");
            assert!(said.contains("old:latest has glibc 2.31"), "{said}");
            assert_eq!(failed(&run), ["glibc-a-on-old-latest"], "{run}");
        }
    }
}

#[test]
fn a_dynamic_binary_on_an_empty_base_fails_the_build() {
    let turn = Turn::share();
    for strategy in ["layer", "mount"] {
        let workspace = with_base(strategy, |_| "scratch".to_owned());
        let run = workspace.bake(["a"]).attempt(&turn);
        says(
            &run,
            &[
                "error: a is linked dynamically",
                "scratch has no C library",
                "static = true",
            ],
        );
        // The hint in the message works.
        workspace.replace(
            "bakehouse.toml",
            "package = \"a\"\n",
            "package = \"a\"\nstatic = true\n",
        );
        workspace.generate();
        workspace.bake(["a"]).run(&turn);
        assert_eq!(
            container::prints(&workspace.images.name("a"), []),
            expected("a", "A", "A", "A")
        );
    }
}

#[test]
fn a_binary_of_a_pack_is_held_against_the_bases_of_all_services() {
    let turn = Turn::share();
    let workspace = with_base("layer", old_base);
    let binaries = "path = \"packs/demo\"\nbinaries = [{ package = \"b\", to = \"bin/\" }]\n";
    workspace.replace("bakehouse.toml", "path = \"packs/demo\"\n", binaries);
    workspace.generate();
    let run = workspace.bake(["pack-demo-b"]).attempt(&turn);
    assert!(!run.success, "{run}");
    let said = run.said();
    assert!(
        said.contains("error: b needs GLIBC_2.34") && said.contains("old:latest has glibc 2.31"),
        "{said}"
    );
}
