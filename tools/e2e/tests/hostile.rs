//! Hostile text in every place of `bakehouse.toml`: it is refused with its place and nothing is written, or Bake,
//! BuildKit, Compose, CI's parser and a shell read back exactly the same text.

use std::collections::BTreeMap;
use std::process::Command;

use bakehouse_testkit::container;
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Compose, Member, Ran, Turn, Workspace};
use serde_json::{Value, json};

/// Every place that accepts text, as TOML with `@` for the content of the quotes.
const PLACES: [&str; 49] = [
    "name = @",
    "registry = @",
    "platforms = [@]",
    "profile = @",
    "glibc = @",
    "context = @",
    "[groups]\n@ = [\"lib\"]",
    "[groups]\nsmall = [@]",
    "[output]\nfolder = @",
    "[output]\nbake = @",
    "[secrets]\nvariables = [@]",
    "[secrets]\nfiles = { @ = \"/etc/file\" }",
    "[secrets]\nfiles = { FILE = @ }",
    "[builders.@]\nnodes = [{}]",
    "[builders.fleet]\nnodes = [{ endpoint = @ }]",
    "[builders.fleet]\nnodes = [{ platforms = [@] }]",
    "[builders.fleet]\nnodes = [{ options = { @ = \"x\" } }]",
    "[builders.fleet]\nnodes = [{ options = { cacert = @ } }]",
    "[ci]\nbranch = @",
    "[ci]\nrunner = @",
    "[ci]\ninstall = @",
    "[cache]\nref = @",
    "[bases]\nbuilder = @",
    "[bases]\nruntime = @",
    "[bases]\npackages = [@]",
    "[bases]\ninit = @",
    "[bases]\nglibc = { @ = \"2.36\" }",
    "[runtime]\nuser = @",
    "[runtime]\npackages = [@]",
    "[runtime]\npacks = @",
    "[runtime]\npacks-dev = @",
    "[runtime]\nworkdir = @",
    "[runtime.env]\n@ = \"x\"",
    "[runtime.env]\nTEXT = @",
    "[runtime.labels]\n@ = \"x\"",
    "[runtime.labels]\n\"on.text\" = @",
    "[services.@]\npackage = \"thing\"",
    "[services.thing]\nbin = @",
    "[services.thing]\nfeatures = [@]",
    "[services.thing]\nworkdir = @",
    "[services.thing]\ntag = [@]",
    "[bake]\ntag = @",
    "[services.thing]\nfiles = { @ = \"/srv/x\" }",
    "[services.thing]\nfiles = { \"notes\" = @ }",
    "[services.thing.variants.@]",
    "[services.thing]\nhealth = [@]",
    "[services.thing]\nports = [80]\nhealth = @",
    "[inputs.thing]\npaths = [@]",
    "[inputs.thing]\nvariables = [@]",
];

/// Returns texts that should be plain text but have a special meaning to some reader.
fn hostile() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("empty", String::new()),
        ("quotes", "a\"b'c`d".to_owned()),
        (
            "interpolation",
            "${HOME} $HOME $(id) $$ $${A:-b} ${A:?no} %{if true}x%{endif} %%{".to_owned(),
        ),
        ("newlines", "a\nb\r\nFROM scratch\n".to_owned()),
        ("backslashes", "a\\b\\n\\\" \\u0041\\".to_owned()),
        ("end of a heredoc", "x\nSCRIPT\nEOF\nEOT\n".to_owned()),
        ("upwards", "../../etc".to_owned()),
        ("upwards within", "/srv/../etc".to_owned()),
        ("zero", "a\0b".to_owned()),
        ("escape", "a\u{1b}[31mb\u{7f}".to_owned()),
        (
            "other scripts",
            "пекарня-面包房-\u{202e}-\u{2028}-\u{feff}🍞".to_owned(),
        ),
        ("long", "long/".repeat(820)),
        ("option", "--privileged".to_owned()),
        ("spaces", " a  b ".to_owned()),
        ("comma", "a,target=/etc,rw".to_owned()),
        ("glob", "*?[!a]{b,c}~#!".to_owned()),
        ("YAML", "a: b, #c - [d] {e} &f *g !h %i @j |k >l".to_owned()),
        ("number", " 012 ".to_owned()),
    ])
}

/// Places that accept some of the texts, in addition to [`TEXTS`]. All other places refuse all of them.
const TAKEN: [(&str, &[&str]); 4] = [
    (
        "[builders.fleet]\nnodes = [{ endpoint = @ }]",
        &[
            "comma",
            "glob",
            "long",
            "quotes",
            "upwards",
            "upwards within",
        ],
    ),
    (
        "[runtime.labels]\n@ = \"x\"",
        &["option", "upwards", "upwards within"],
    ),
    (
        "[services.thing]\nhealth = [@]",
        &["end of a heredoc", "escape", "newlines"],
    ),
    (
        "[services.thing]\nports = [80]\nhealth = @",
        &["upwards within"],
    ),
];

/// Places with free text on one line.
const TEXTS: [&str; 5] = [
    "[builders.fleet]\nnodes = [{ options = { cacert = @ } }]",
    "[ci]\ninstall = @",
    "[runtime.env]\nTEXT = @",
    "[runtime.labels]\n\"on.text\" = @",
    "[services.thing]\nhealth = [@]",
];

/// Returns whether a place accepts a text.
fn is_taken(place: &str, what: &str, text: &str) -> bool {
    let is_text = TEXTS.contains(&place) && !text.contains(char::is_control);
    let is_missing = what == "empty" && place.starts_with("[ci]");
    let mut further = TAKEN.iter().filter(|(taken, _)| *taken == place);
    (is_text && !is_missing) || further.any(|(_, taken)| taken.contains(&what))
}

fn workspace() -> Workspace {
    let main = Member::binary("thing", "fn main() { println!(\"here\"); }").uses("lib");
    let workspace = Workspace::of([&main, &Member::library("lib", "")], "");
    workspace.write("notes", "");
    workspace.git(["init", "--quiet"]);
    workspace.git(["add", "--all"]);
    workspace
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text)
        .expect("a text is JSON")
        .replace('\u{7f}', "\\u007f")
}

#[test]
fn every_place_takes_hostile_text_as_text_or_refuses_it_where_it_stands() {
    let workspace = workspace();
    for place in PLACES {
        for (what, text) in hostile() {
            workspace.write("bakehouse.toml", &place.replace('@', &quoted(&text)));
            let before = workspace.tree();
            let ran = workspace.bakehouse(["generate"]);
            if is_taken(place, what, &text) {
                assert_eq!(ran.code, Some(0), "{place} {what}: {ran}");
                workspace.git(["clean", "--quiet", "--force", "-d", "-x"]);
                continue;
            }
            let ran = ran.exited(2);
            assert!(
                ran.stderr.contains("bakehouse.toml"),
                "{place} {what}: {ran}"
            );
            assert!(
                !ran.stderr.contains(['\0', '\u{1b}']),
                "{place} {what}: {ran}"
            );
            assert_eq!(
                before.differences(&workspace.tree()),
                [""; 0],
                "{place} {what}"
            );
        }
    }
}

#[test]
fn what_is_taken_is_read_back_by_bake_buildkit_compose_and_the_program() {
    let turn = Turn::share();
    let texts: Vec<String> = hostile()
        .into_values()
        .filter(|text| !text.contains(char::is_control))
        .collect();
    let values = |key: &dyn Fn(usize) -> String| -> String {
        let line = |(index, text): (usize, &String)| format!("{} = {}\n", key(index), quoted(text));
        texts.iter().enumerate().map(line).collect()
    };
    let env = values(&|index| format!("TEXT{index}"));
    let labels = values(&|index| format!("\"on.{index}\""));
    let command: Vec<String> = hostile()
        .into_values()
        .filter(|text| !text.contains('\0'))
        .collect();
    let health: Vec<String> = command.iter().map(|text| quoted(text)).collect();
    let source = "fn main() {
        for index in 0.. {
            let Ok(text) = std::env::var(format!(\"TEXT{index}\")) else { break };
            println!(\"{text:?}\");
        }
        println!(\"{}\", std::fs::read_to_string(\"/srv/a=b@+.txt\").unwrap());
    }";
    let workspace = Workspace::of(
        [&Member::binary("thing", source)],
        &format!(
            "[services.thing]\nhealth = [{}]\nfiles = {{ \"notes/a=b@+.txt\" = \"/srv/a=b@+.txt\" }}\n\
            [services.thing.env]\n{env}[services.thing.labels]\n{labels}",
            health.join(", ")
        ),
    );
    workspace.write("notes/a=b@+.txt", "bread");
    workspace.generate();

    let bake = |argument: &str| {
        let mut command = Command::new("docker");
        command.current_dir(workspace.dir());
        Ran::of(command.args(["buildx", "bake", argument, "thing"])).succeeded()
    };
    let _ = bake("--print");
    let checked = bake("--check");
    assert!(checked.stdout.contains("no warnings found"), "{checked}");

    let _ = workspace.bake([]).run(&turn);
    let image = workspace.images.name("thing");
    let inspect =
        || -> Value { serde_json::from_str(&docker(["image", "inspect", &image])).expect("JSON") };
    let inspected = inspect();
    let ran = container::prints(&image, []);
    let mut said = ran.lines();
    let files = Compose::new(&workspace);
    let compose = compose(&files);
    files.run(["build", "thing"]);
    let composed = inspect();
    let service = &compose["services"]["thing"];
    for (index, text) in texts.iter().enumerate() {
        let (variable, label) = (format!("TEXT{index}"), format!("on.{index}"));
        let set = inspected[0]["Config"]["Env"].as_array().expect("a list");
        assert!(
            set.contains(&json!(format!("{variable}={text}"))),
            "{set:?}"
        );
        assert_eq!(inspected[0]["Config"]["Labels"][&label], *text);
        assert_eq!(said.next(), Some(format!("{text:?}").as_str()));
        assert_eq!(service["environment"][variable], *text);
        assert_eq!(composed[0]["Config"]["Labels"][&label], *text);
    }
    assert_eq!(said.next(), Some("bread"));
    let mut test = vec!["CMD".to_owned()];
    test.extend(command);
    assert_eq!(service["healthcheck"]["test"], json!(test));
}

/// Returns the files as Compose resolves them. It prints `$` as `$$`, so that its output can be read as a compose file
/// again.
fn compose(compose: &Compose) -> Value {
    let said = compose.run(["config", "--format", "json"]);
    serde_json::from_str(&said.replace("$$", "$")).expect("Compose prints JSON")
}
