//! The page of `bakehouse graph` in a browser: where its boxes and edges lie, and what it does.

use std::collections::BTreeSet;
use std::process::Command;

use bakehouse::documents::graph::{Graph, History, Kind, Node, html};
use serde_json::{Value, json};

use crate::shop::{self, Shop};

/// Name of the browser in Debian and elsewhere.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

fn browser() -> Option<&'static str> {
    let found = BROWSERS.into_iter().find(|name| which::which(name).is_ok());
    if found.is_none() {
        println!("not tried: there is no browser; `tools/engine chromium` installs Debian's");
    }
    found
}

/// Opens the page in a headless browser, runs `script` in it, and returns the value that the script passes to `say(…)`.
fn seen(browser: &str, page: &str, (width, height): (u32, u32), script: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    let script = format!(
        "<script>const say = (what) => document.body.setAttribute('data-seen', JSON.stringify(what));\n\
        addEventListener('load', async () => {{ try {{ {script} }} catch (error) {{ say(String(error)) }} }});</script></body>"
    );
    std::fs::write(&file, page.replace("</body>", &script)).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg("--virtual-time-budget=5000")
        .arg(format!("--window-size={width},{height}"))
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
    let entities = [
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let said = entities
        .iter()
        .fold(said.to_owned(), |said, (entity, text)| {
            said.replace(entity, text)
        });
    serde_json::from_str(&said).unwrap()
}

/// Adds a node, with the closure that follows from what it needs.
fn add(graph: &mut Graph, kind: Kind, name: &str, folder: &str, needs: BTreeSet<usize>) {
    let place = graph.nodes.len();
    let mut closure: BTreeSet<usize> = needs
        .iter()
        .flat_map(|needed| graph.nodes[*needed].closure.clone())
        .collect();
    if kind == Kind::Crate {
        closure.insert(place);
    } else {
        for package in &closure {
            graph.nodes[*package].changes.push(place);
        }
    }
    graph.nodes.push(Node {
        kind,
        name: name.to_owned(),
        about: "made up".to_owned(),
        folder: folder.to_owned(),
        needs: needs.into_iter().collect(),
        closure: closure.into_iter().collect(),
        changes: Vec::new(),
        stages: Vec::new(),
        binary_stages: Vec::new(),
        rebuilds: 0,
        hash: None,
        files: 1,
        bytes: 100,
        commits: place % 7,
        seconds: None,
    });
}

fn empty(name: &str) -> Graph {
    Graph {
        version: 1,
        name: name.to_owned(),
        commits: 10,
        nodes: Vec::new(),
        history: History::default(),
    }
}

/// Returns a workspace of layers: each library needs some of those before it, and each service some libraries of a few.
fn workspace(services: usize, libraries: usize) -> Graph {
    let mut graph = empty("made-up");
    let mut state = 7_usize;
    let mut random = |below: usize| {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        (state >> 8) % below.max(1)
    };
    for place in 0..libraries {
        let needs = (0..=random(2)).map(|_| random(place.min(libraries / 3)));
        let needs: BTreeSet<usize> = needs.filter(|_| place > 2).collect();
        let name = ["store", "client", "protocol", "telemetry-export"][place % 4];
        let folder = format!("crates/library-{place}");
        add(
            &mut graph,
            Kind::Crate,
            &format!("{name}-{place}"),
            &folder,
            needs,
        );
    }
    let binaries: Vec<usize> = (0..services)
        .map(|service| {
            let needs = (0..=random(3)).map(|_| random(libraries));
            let needs: BTreeSet<usize> = needs.filter(|_| libraries > 0).collect();
            let folder = format!("services/team-{}/service-{service}", service % 4);
            add(
                &mut graph,
                Kind::Crate,
                &format!("the-service-{service}"),
                &folder,
                needs,
            );
            graph.nodes.len() - 1
        })
        .collect();
    for (service, binary) in binaries.into_iter().enumerate() {
        add(
            &mut graph,
            Kind::Service,
            &format!("service-{service}"),
            "",
            BTreeSet::from([binary]),
        );
    }
    graph
}

/// Measures the drawing as the browser shows it. Coordinates are those of the sheet, before it is scaled.
const MEASURED: &str = r##"
    const boxes = [...document.querySelectorAll("#sheet .box")].map(({ style }) => {
      const [x, y, width, height] = ["left", "top", "width", "height"].map((side) => parseFloat(style[side]));
      return { x, y, right: x + width, bottom: y + height };
    });
    const edges = [...document.querySelectorAll("#sheet .edge")];
    const isIn = (point) => (box) => point.x > box.x + 0.5 && point.x < box.right - 0.5 && point.y > box.y + 0.5 && point.y < box.bottom - 0.5;
    const through = edges.filter((edge) => {
      const length = edge.getTotalLength();
      for (let at = 0; at <= length; at += 3) if (boxes.some(isIn(edge.getPointAtLength(at)))) return true;
      return false;
    });
    let overlaps = 0;
    boxes.forEach((a, index) => boxes.slice(index + 1).forEach((b) => {
      if (a.x < b.right && b.x < a.right && a.y < b.bottom && b.y < a.bottom) overlaps += 1;
    }));
    const names = [...document.querySelectorAll("#sheet bdi")];
    const scale = new DOMMatrix(getComputedStyle(sheet).transform).a;
    // All nodes in the boxes that edges lead to from that of a service.
    const below = (place) => {
      const reached = new Set(view.state.plan.boxes.find((box) => box.places.includes(place)).places);
      for (let before = 0; before < reached.size;) {
        before = reached.size;
        for (const { from, to } of view.state.edges) if (to.places.some((one) => reached.has(one))) from.places.forEach((one) => reached.add(one));
      }
      return reached;
    };
    const services = view.graph.nodes.map((node, place) => ({ ...node, place })).filter((node) => node.kind === "service");
    const misses = services.filter((service) => {
      const reached = below(service.place);
      const crates = [...reached].filter((place) => view.graph.nodes[place].kind === "crate");
      return service.closure.some((place) => !reached.has(place)) || (view.state.plan.level === "crates" && crates.length !== service.closure.length);
    });
    say({
      title: document.title,
      level: view.state.plan.level,
      boxes: boxes.length,
      edges: edges.length,
      through: through.length,
      overlaps,
      misses: misses.map((service) => service.name),
      text: Math.min(...names.map((name) => parseFloat(getComputedStyle(name).fontSize))) * scale,
      cut: names.filter((name) => name.scrollWidth > name.clientWidth + 1).map((name) => name.textContent),
      wide: (view.state.plan.width * scale) / stage.clientWidth,
      high: (view.state.plan.height * scale) / stage.clientHeight,
    });
    "##;

#[test]
fn edges_lead_around_boxes_and_names_can_be_read_at_any_size() {
    let Some(browser) = browser() else { return };
    for (services, libraries) in [(1, 0), (5, 7), (14, 24), (100, 300)] {
        let page = html::render(&workspace(services, libraries));
        for window in [(1400, 900), (800, 900)] {
            let seen = seen(browser, &page, window, MEASURED);
            let shown = format!("{services} services in {window:?}: {seen:#}");
            assert_eq!(seen["title"], "made-up", "{shown}");
            assert_eq!(seen["through"], 0, "{shown}");
            assert_eq!(seen["overlaps"], 0, "{shown}");
            assert_eq!(seen["misses"], json!([]), "{shown}");
            assert_eq!(seen["cut"], json!([]), "{shown}");
            if services > 1 {
                let number = |name: &str| seen[name].as_f64().unwrap();
                assert!(number("edges") > 3.0, "{shown}");
                assert!(number("boxes") > 7.0, "{shown}");
                assert!(
                    number("text") >= if services > 14 { 9.0 } else { 11.0 },
                    "{shown}"
                );
                let (wide, high) = (number("wide"), number("high"));
                assert!(wide.max(high) > 0.9 && wide.max(high) < 1.01, "{shown}");
                assert!(wide.min(high) > 0.5, "{shown}");
            }
        }
    }
}

#[test]
fn every_level_of_detail_leads_edges_around_boxes() {
    let Some(browser) = browser() else { return };
    let page = html::render(&workspace(14, 60));
    let mut boxes = Vec::new();
    for level in ["crates", "outputs", "folders"] {
        let script = format!(
            "document.getElementById('implied').click(); const level = document.getElementById('level'); level.value = '{level}'; \
            level.dispatchEvent(new Event('change')); {MEASURED}"
        );
        let seen = seen(browser, &page, (1400, 900), &script);
        assert_eq!(seen["level"], level, "{seen:#}");
        assert_eq!(seen["through"], 0, "{seen:#}");
        assert_eq!(seen["overlaps"], 0, "{seen:#}");
        assert_eq!(seen["misses"], json!([]), "{seen:#}");
        boxes.push(seen["boxes"].as_u64().unwrap());
    }
    assert!(boxes.is_sorted_by(|a, b| a > b), "{boxes:?}");
}

#[test]
fn names_that_are_markup_or_run_from_the_right_are_only_names() {
    let Some(browser) = browser() else { return };
    let names = ["</script><b>x", "<!--", "a\"b'c&amp;d", "עולם-שלום"];
    let title = "</title><script>say(1)</script>\u{202e}אב";
    let mut graph = empty(title);
    for name in names {
        add(&mut graph, Kind::Crate, name, name, BTreeSet::new());
    }
    let all = BTreeSet::from([0, 1, 2, 3]);
    add(&mut graph, Kind::Service, "service", "", all);
    let seen = seen(
        browser,
        &html::render(&graph),
        (1400, 900),
        r##"
        const texts = (query) => [...document.querySelectorAll(query)].map((one) => one.textContent);
        document.querySelector(`.item[data-node="0"]`).click();
        await new Promise((done) => setTimeout(done, 50));
        say({ title: document.title, heading: texts("h1"), crates: texts(".item.crate bdi"), chosen: texts("#about h2"), picked: texts(".item.picked") });
        "##,
    );
    let mut crates: Vec<&str> = seen["crates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    crates.sort_unstable();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(crates, expected);
    assert_eq!(seen["title"], title);
    assert_eq!(seen["heading"], json!([title]));
    assert_eq!(seen["chosen"], json!([names[0]]));
    assert_eq!(seen["picked"], json!([names[0]]));
}

#[test]
fn the_page_answers_clicks_keys_and_searches() {
    let Some(browser) = browser() else { return };
    let shop = Shop::new();
    let output = shop.bakehouse(&["graph"]);
    assert!(output.status.success(), "{}", shop::stderr(&output));
    let seen = seen(
        browser,
        &String::from_utf8(output.stdout).unwrap(),
        (1400, 900),
        r##"
        const step = () => new Promise((done) => setTimeout(done, 50));
        const name = (item) => item.querySelector("bdi").textContent;
        const item = (kind, wanted) => [...document.querySelectorAll(`.item.${kind}`)].find((one) => name(one) === wanted);
        const lit = (...states) => [...document.querySelectorAll(".item")].filter((one) => states.some((state) => one.classList.contains(state))).map(name).sort();
        const all = () => ({ again: lit("again"), between: lit("between"), made: lit("made"), picked: lit("picked") });
        const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        const colour = (one) => getComputedStyle(one).backgroundColor;
        const saw = { title: document.title, first: all(), tabs: document.querySelectorAll('.item[tabindex="0"]').length };
        item("service", "web").click();
        await step();
        saw.service = all(); saw.about = document.getElementById("about").textContent; saw.address = location.hash;
        document.querySelector('#about a[href="#crate%3Aprices"]').click();
        await step();
        saw.crate = all(); saw.caption = document.getElementById("caption").textContent;
        saw.pressed = item("crate", "prices").getAttribute("aria-pressed");
        saw.colours = new Set([colour(item("service", "web")), colour(item("crate", "common")), colour(item("pack", "base"))]).size;
        const boxes = () => document.querySelectorAll("#sheet .box").length;
        const before = boxes();
        press(document.body, "f");
        saw.only = boxes() < before && item("pack", "base") === undefined;
        press(document.body, "f");
        saw.back = boxes() === before;
        press(document.body, "Escape");
        await step();
        saw.none = all();
        item("pack", "base").focus();
        press(document.activeElement, "ArrowLeft");
        saw.moved = [document.activeElement.tagName, document.activeElement.className.includes("pack-binary")];
        item("pack", "base").click();
        await step();
        saw.pack = all();
        press(document.body, "/");
        const search = document.getElementById("search");
        saw.focused = document.activeElement === search;
        search.value = "BATCH";
        search.dispatchEvent(new Event("input"));
        saw.found = document.getElementById("found").textContent;
        saw.listed = [...document.querySelectorAll("#list li a")].map((one) => one.textContent).sort();
        press(search, "Enter");
        await step();
        saw.searched = all();
        const width = () => sheet.getBoundingClientRect().width;
        const fitted = width();
        press(document.body, "+");
        saw.larger = width() > fitted;
        press(document.body, "0");
        saw.fits = width() === fitted;
        say(saw);
        "##,
    );
    let all = |again: &[&str], between: &[&str], made: &[&str], picked: &[&str]| json!({"again": again, "between": between, "made": made, "picked": picked});
    let none = all(&[], &[], &[], &[]);
    let expected = json!({
        "title": "shop",
        "first": none,
        "tabs": 1,
        "service": all(&[], &[], &["common", "prices", "web"], &["web"]),
        "address": "#service%3Aweb",
        "crate": all(&["web"], &["web"], &["common"], &["prices"]),
        "caption": "pricesbuilt again when it changes: 1 servicecompiled again: 1 cratebuilt from: 1 crate",
        "pressed": "true",
        "colours": 3,
        "only": true,
        "back": true,
        "none": none,
        "moved": ["BUTTON", true],
        "pack": all(&[], &[], &["pack-base-probe"], &["base"]),
        "focused": true,
        "found": "3 found",
        "listed": ["batch", "batch-python", "batch-shell"],
        "searched": all(&["batch-python", "batch-shell"], &[], &["common"], &["batch"]),
        "larger": true,
        "fits": true,
    });
    let mut got = seen.clone();
    let about = got.as_object_mut().unwrap().remove("about").unwrap();
    assert_eq!(got, expected, "{seen:#}");
    let about = about.as_str().unwrap();
    for said in [
        "input hash",
        "shop-web of web",
        "lib-common",
        "vendor",
        "Compiled from (3)",
    ] {
        assert!(about.contains(said), "{said}: {about}");
    }
}
