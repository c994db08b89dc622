//! `bakehouse graph`: the graph shows what is built, and the program that each format is for can read it.

use std::process::Command;

use serde_json::{Value, json};

use crate::shop::{self, Shop};

fn graph(shop: &Shop, format: &str) -> String {
    let output = shop.bakehouse(&["graph", "--format", format]);
    assert!(output.status.success(), "{}", shop::stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn json(shop: &Shop) -> Value {
    serde_json::from_str(&graph(shop, "json")).unwrap()
}

fn node<'a>(graph: &'a Value, kind: &str, name: &str) -> &'a Value {
    let mut nodes = graph["nodes"].as_array().unwrap().iter();
    let found = nodes.find(|node| node["kind"] == kind && node["name"] == name);
    found.unwrap_or_else(|| panic!("{kind} {name} in {graph:#}"))
}

fn names(graph: &Value, places: &Value) -> Vec<String> {
    let places = places.as_array().unwrap().iter();
    let name =
        |place: &Value| &graph["nodes"][usize::try_from(place.as_u64().unwrap()).unwrap()]["name"];
    let mut names: Vec<String> = places
        .map(|place| name(place).as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn closures_are_those_of_the_plan_and_changes_are_their_reverse() {
    let shop = Shop::new();
    let graph = json(&shop);
    let plan = shop.bakehouse(&["plan", "--format", "json"]);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    for service in plan["services"].as_array().unwrap() {
        let name = service["name"].as_str().unwrap();
        let drawn = node(&graph, "service", name);
        assert_eq!(drawn["hash"], service["input_hash"]);
        let closure: Vec<&str> = service["closure"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        assert_eq!(names(&graph, &drawn["closure"]), closure, "{name}");
        for package in closure {
            let changes = names(&graph, &node(&graph, "crate", package)["changes"]);
            assert!(
                changes.iter().any(|changed| changed == name),
                "{package}: {changes:?}"
            );
        }
    }
}

#[test]
fn the_forms_for_other_programs_are_as_reviewed() {
    let shop = Shop::new();
    insta::assert_snapshot!("mermaid", graph(&shop, "mermaid"));
    insta::assert_snapshot!("dot", graph(&shop, "dot"));
    insta::assert_snapshot!("svg", graph(&shop, "svg"));
}

#[test]
fn commits_are_counted_by_the_packages_that_they_changed() {
    let shop = Shop::new();
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t"])
            .args(arguments)
            .current_dir(shop.path(""))
            .status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    assert_eq!(json(&shop)["commits"], 0);
    git(&["init", "--quiet"]);
    assert_eq!(json(&shop)["commits"], 0);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "all"]);
    for text in ["one", "two"] {
        let source = shop.read("prices/src/lib.rs");
        shop.write("prices/src/lib.rs", &format!("{source}// {text}\n"));
        shop.write("README.md", text);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", text]);
    }
    let graph = json(&shop);
    assert_eq!(graph["commits"], 3);
    let prices = node(&graph, "crate", "prices");
    assert_eq!(prices["commits"], 3);
    assert!(prices["rebuilds"].as_u64().unwrap() > 1, "{prices}");
    assert_eq!(node(&graph, "crate", "web")["commits"], 1);
}

#[test]
fn the_page_needs_nothing_else() {
    let page = graph(&Shop::new(), "html");
    let addresses = page.matches("://").count();
    let namespaces = page.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(addresses, namespaces);
    for word in ["<link", "@import", "url(", "<script src", "<img"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(!page.contains("<!-- "), "every part of the page is filled");
}

/// Name of the browser in Debian and elsewhere.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Opens the page in a headless browser, runs `script` in it, and returns the value that the script passes to `say(…)`.
fn seen(browser: &str, page: &str, script: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let script = format!(
        "<script>const say = (what) => document.body.setAttribute('data-seen', JSON.stringify(what));\n\
        addEventListener('load', async () => {{ try {{ {script} }} catch (error) {{ say(String(error)) }} }});</script></body>"
    );
    std::fs::write(&file, page.replace("</body>", &script)).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args(["--virtual-time-budget=5000", "--window-size=1400,900"])
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = dom.split("data-seen=\"").nth(1);
    let said = said.unwrap_or_else(|| panic!("{dom}\n{}", String::from_utf8_lossy(&output.stderr)));
    let said = said.split('"').next().unwrap();
    serde_json::from_str(&said.replace("&quot;", "\"").replace("&amp;", "&")).unwrap()
}

#[test]
fn the_page_answers_clicks_keys_and_searches_in_a_browser() {
    let Some(browser) = BROWSERS.into_iter().find(|name| which::which(name).is_ok()) else {
        println!("not tried: there is no browser; `tools/engine chromium` installs Debian's");
        return;
    };
    let page = graph(&Shop::new(), "html");
    let seen = seen(
        browser,
        &page,
        r##"
        const step = () => new Promise((done) => setTimeout(done, 50));
        const node = (kind, name) => [...document.querySelectorAll(`.node.${kind}`)].find((one) => one.querySelector("text").textContent === name);
        const lit = () => [...document.querySelectorAll(".node.lit text")].map((one) => one.textContent).sort();
        const about = () => document.getElementById("about").textContent;
        const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        const saw = { first: lit() };
        node("service", "web").dispatchEvent(new MouseEvent("click", { bubbles: true }));
        await step();
        saw.service = lit(); saw.about = about(); saw.address = location.hash;
        document.querySelector('#about a[href="#crate:prices"]').click();
        await step();
        saw.crate = lit();
        press(document, "Escape");
        await step();
        saw.none = lit();
        node("pack", "base").focus();
        press(document.activeElement, "Enter");
        await step();
        saw.pack = lit();
        press(document, "/");
        const search = document.getElementById("search");
        saw.focused = document.activeElement === search;
        search.value = "BATCH";
        search.dispatchEvent(new Event("input"));
        saw.found = document.getElementById("found").textContent;
        press(search, "Enter");
        await step();
        saw.searched = lit();
        const width = () => Number(document.querySelector("svg.graph").getAttribute("width"));
        const before = width();
        press(document.body, "+");
        saw.larger = width() > before;
        say(saw);
        "##,
    );
    assert_eq!(seen["first"], json!([]), "{seen:#}");
    assert_eq!(
        seen["service"],
        json!(["common", "prices", "web", "web"]),
        "{seen:#}"
    );
    let about = seen["about"].as_str().unwrap();
    for said in [
        "input hash",
        "shop-web of web",
        "lib-common",
        "vendor",
        "Compiled from (3)",
    ] {
        assert!(about.contains(said), "{said}: {about}");
    }
    assert_eq!(seen["address"], "#service%3Aweb");
    assert_eq!(
        seen["crate"],
        json!(["common", "prices", "web", "web"]),
        "{seen:#}"
    );
    assert_eq!(seen["none"], json!([]), "{seen:#}");
    assert_eq!(
        seen["pack"],
        json!(["base", "pack-base-probe", "probe"]),
        "{seen:#}"
    );
    assert_eq!(seen["focused"], true);
    assert_eq!(seen["found"], "3 found");
    assert_eq!(
        seen["searched"],
        json!(["batch", "batch-python", "batch-shell", "common"]),
        "{seen:#}"
    );
    assert_eq!(seen["larger"], true);
}
