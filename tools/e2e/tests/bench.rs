//! `bakehouse bench`: it measures as documented, and detects stale binaries.

use bakehouse_e2e::tiny::tiny;
use bakehouse_testkit::Turn;
use serde_json::Value;

#[test]
#[ignore = "measures: tools/test --slow"]
fn a_stale_binary_is_seen() {
    let _turn = Turn::take();
    let workspace = tiny();
    let out = workspace.dir().join("out");
    let ran = workspace.bakehouse([
        "bench",
        "--quiet",
        "--rounds=1",
        "--way=host,layer,mount,seed",
        "--scenario=cold,nothing,build-nothing,service,common,back-and-forth",
        "--out",
        out.as_str(),
    ]);
    let _ = ran.succeeded();
    let results: Value = serde_json::from_str(&workspace.read("out/bench.json")).unwrap();
    let run = |scenario: &str, way: &str| -> Value {
        let rows = results["scenarios"].as_array().unwrap();
        let row = rows.iter().find(|row| row["scenario"] == scenario).unwrap();
        row["cells"][way]["runs"][0].clone()
    };
    for way in ["host", "layer", "mount"] {
        for scenario in ["cold", "service", "common", "back-and-forth"] {
            assert_eq!(run(scenario, way)["outcome"], "right", "{scenario} {way}");
        }
        assert_eq!(run("service", way)["compiled_own"], 1, "{way}");
        assert_eq!(run("nothing", way)["compiled_own"], 0, "{way}");
    }
    assert_eq!(run("back-and-forth", "seed")["outcome"], "stale");
    assert!(run("build-nothing", "layer")["seconds"].as_f64().unwrap() > 0.0);
    assert!(run("cold", "layer")["context_bytes"].as_u64().unwrap() > 1000);
    assert!(workspace.read("out/bench.md").contains("**stale binary**"));
    assert!(workspace.read("out/bench.svg").contains("stale binary"));
}
