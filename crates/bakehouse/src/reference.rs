//! Generates the reference pages: docs/bakehouse.schema.json and the tables of docs/configuration.md from the raw types
//! of `bakehouse.toml`, and docs/cli.md from the command-line arguments. `BAKEHOUSE_UPDATE=1 cargo test` writes them;
//! without it a difference fails the test.

use std::path::PathBuf;

use camino::Utf8Path;
use clap::CommandFactory;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::cli::args::Args;
use crate::graph::cargo_config;
use crate::plan::config::RawConfig;
use crate::problem::Source;

/// Returns the root of the repository, or `None` where only the crate is, as in the package of a registry.
pub fn repository() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("docs/book.toml").is_file().then_some(root)
}

/// Returns the text of a file of the repository, if that is there.
fn text_of(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(repository()?.join(path)).unwrap())
}

fn page() -> Option<String> {
    let folder = Utf8Path::new("docs");
    text_of(folder.join("configuration.md").as_str())
}

/// Compares a page with a text, if the repository is there.
fn assert_written(file: &str, text: &str) {
    let Some(repository) = repository() else {
        return;
    };
    let path = repository.join("docs").join(file);
    if std::env::var_os("BAKEHOUSE_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == text,
        "docs/{file} is not what the program says; run `BAKEHOUSE_UPDATE=1 cargo test --package bakehouse reference`\n{}",
        similar::TextDiff::from_lines(written.as_str(), text).unified_diff()
    );
}

/// The schema uses Draft 7, which editors support.
fn schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<RawConfig>().to_value();
    tidy(&mut schema);
    schema["title"] = json!("bakehouse.toml");
    schema
}

/// Removes null, which TOML does not have, and joins the lines of paragraphs.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                let paragraphs = text.split("\n\n").map(|text| text.replace('\n', " "));
                *text = paragraphs.collect::<Vec<_>>().join("\n\n");
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Returns the keys of a type with their descriptions.
fn keys<'a>(schema: &'a Value, name: &str) -> &'a Map<String, Value> {
    let of = if name == "RawConfig" {
        schema
    } else {
        &schema["definitions"][name]
    };
    of["properties"]
        .as_object()
        .unwrap_or_else(|| panic!("no type {name}"))
}

/// Renders the table of a type's keys. The name of the type may include a prefix for the keys.
fn table(schema: &Value, name: &str) -> String {
    let (name, prefix) = name.split_once(' ').unwrap_or((name, ""));
    let mut text = "| key | form | default | means |\n|---|---|---|---|\n".to_owned();
    for (key, described) in keys(schema, name) {
        let description = described["description"].as_str().unwrap_or_default();
        // The tables of the root have chapters of their own.
        let Some((means, rest)) = description.split_once("\n\nForm: ") else {
            assert!(
                name == "RawConfig" && !description.is_empty(),
                "the comment of {name}.{key} must end with a paragraph `Form: … . Default: … .`"
            );
            continue;
        };
        let (form, default) = rest.split_once(". Default: ").unwrap();
        let default = default.strip_suffix('.').unwrap();
        assert!(
            !means.contains('\n') && !means.contains('|'),
            "{name}.{key}: {means}"
        );
        text += &format!("| `{prefix}{key}` | {form} | {default} | {means} |\n");
    }
    text
}

/// Returns the page with a freshly generated table of Cargo's own keys.
fn with_keys_of_cargo(page: &str) -> String {
    let (begin, end) = ("<!-- Cargo's keys -->\n", "<!-- end of Cargo's keys -->\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{begin}{}{end}{after}", cargo_config::keys::table())
}

/// Returns the page with freshly generated tables.
fn rendered(page: &str, schema: &Value) -> String {
    let (begin, end) = ("<!-- keys of ", "<!-- end of keys -->\n");
    let mut parts = page.split(begin);
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(" -->\n").unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        text += &format!("{begin}{name} -->\n{}{end}{after}", table(schema, name));
    }
    text
}

#[test]
fn the_schema_is_what_the_configuration_is_read_by() {
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    assert_written("bakehouse.schema.json", &text);
}

#[test]
fn the_reference_page_is_what_the_configuration_is_read_by() {
    let schema = schema();
    let Some(page) = page() else {
        return;
    };
    for name in schema["definitions"].as_object().unwrap().keys() {
        assert!(
            page.contains(&format!("<!-- keys of {name}")),
            "configuration.md has no table of {name}"
        );
    }
    let text = with_keys_of_cargo(&rendered(&page, &schema));
    assert_written("configuration.md", &text);
}

/// Returns whether the schema accepts it, and whether the program does.
fn taken(text: &str) -> (bool, bool) {
    let source = Source {
        name: "bakehouse.toml".to_owned(),
        text: text.to_owned(),
    };
    let (_, problems) = RawConfig::parse(&source);
    let value: Value = toml::from_str(text).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    (validator.is_valid(&value), problems.is_empty())
}

#[test]
fn every_example_is_taken_by_schema_and_program() {
    let Some(page) = page() else {
        return;
    };
    let files = [
        "bakehouse.toml",
        "crates/bakehouse/tests/fixtures/shop/bakehouse.toml",
    ];
    let files = files.map(|file| text_of(file).unwrap());
    let examples = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let mut count = 0;
    for text in examples.chain(files.iter().map(String::as_str)).chain([""]) {
        assert_eq!(taken(text), (true, true), "{text}");
        count += 1;
    }
    assert!(count > 8, "{count}");
}

#[test]
fn what_the_program_refuses_the_schema_refuses() {
    for text in [
        "registri = \"x\"",
        "registry = 1",
        "platforms = \"linux/amd64\"",
        "unify = true",
        "[cache]\nstrategy = [\"layer\"]",
        "[cache]\nstratgy = \"layer\"",
        "[services.a]\nports = [\"80\"]",
        "[services.a]\nports = [70000]",
        "[services.a]\nenv = { A = 1 }",
        "[services.a.variants.b]\npackage = \"c\"",
        "[inputs.a]\npath = [\"b\"]",
        "[packs.a]\nbinaries = []",
        "[packs.a]\npath = \"b\"\nbinaries = [{ package = \"c\" }]",
        "[packs.a]\npath = \"b\"\nbinaries = [{ package = \"c\", to = \"d\", static = 1 }]",
    ] {
        assert_eq!(taken(text), (false, false), "{text}");
    }
}

/// An editor offers the choices of the schema, so they must be those that the program accepts.
#[test]
fn choices_in_the_schema_are_those_in_its_words() {
    let schema = schema();
    for (name, key) in [("RawCache", "strategy"), ("RawConfig", "unify")] {
        let described = &keys(&schema, name)[key];
        let choices: Vec<&str> = described["enum"]
            .as_array()
            .unwrap()
            .iter()
            .map(|choice| choice.as_str().unwrap())
            .collect();
        let words: Vec<String> = choices
            .iter()
            .map(|choice| format!("`\"{choice}\"`"))
            .collect();
        let (last, others) = words.split_last().unwrap();
        let words = format!("{} or {last}", others.join(", "));
        assert!(
            described["description"].as_str().unwrap().contains(&words),
            "{described}"
        );
    }
}

#[test]
fn the_page_of_the_command_line_is_what_help_says() {
    let options = clap_markdown::MarkdownOptions::new()
        .title("Command line".to_owned())
        .show_footer(false)
        .show_table_of_contents(false);
    let command = Args::command();
    let text = clap_markdown::help_markdown_command_custom(&command, &options);
    // Nested lists leave spaces at the ends of lines, and the page ends with an empty line.
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_written("cli.md", &(lines.join("\n").trim_end().to_owned() + "\n"));
}

#[test]
fn each_command_has_examples_that_it_takes() {
    fn leaves(command: &clap::Command, path: &[String], found: &mut Vec<(Vec<String>, String)>) {
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            if sub.has_subcommands() {
                leaves(sub, &path, found);
            } else {
                let help = sub.get_after_help().map(ToString::to_string);
                found.push((path, help.unwrap_or_default()));
            }
        }
    }
    let mut found = Vec::new();
    leaves(&Args::command(), &[], &mut found);
    assert!(found.len() > 14, "{found:?}");
    for (path, help) in found {
        let lines = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("bakehouse "));
        let mut examples = 0;
        for line in lines {
            let end = line.find(['|', '>', '<', '#']).unwrap_or(line.len());
            let words = line[..end].split_whitespace();
            let words: Vec<&str> = words.collect();
            assert!(
                words.len() >= path.len() && words[..path.len()] == path[..],
                "{path:?}: {line}"
            );
            let all = std::iter::once("bakehouse").chain(words);
            if let Err(error) = Args::command().try_get_matches_from(all) {
                panic!("{line}: {error}");
            }
            examples += 1;
        }
        assert!(examples > 0, "{path:?} has no example");
    }
}
