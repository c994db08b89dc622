//! Any text as `bakehouse.toml`: it is refused with problems that have a place in it, or the reader of each generated
//! file accepts the file.

#![no_main]

use std::sync::LazyLock;

use bakehouse::documents;
use bakehouse::graph::cargo::Cargo;
use bakehouse::graph::Workspace;
use bakehouse::packs::yaml;
use bakehouse::plan::Plan;
use bakehouse::plan::config::Config;
use bakehouse::plan::draft::Draft;
use bakehouse::problem::Source;
use camino::Utf8Path;
use libfuzzer_sys::{Corpus, fuzz_target};

/// The workspace of the generator's own tests.
static WORKSPACE: LazyLock<Workspace> = LazyLock::new(|| {
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/bakehouse/tests/fixtures/shop/Cargo.toml");
    Workspace::read(&Cargo::remembering(), Some(Utf8Path::new(shop))).expect("a workspace")
});

fuzz_target!(|text: &str| -> Corpus {
    let source = Source {
        name: "bakehouse.toml".to_owned(),
        text: text.to_owned(),
    };
    let mut workspace = WORKSPACE.clone();
    let config = match Config::read(&source, &mut workspace) {
        Ok(config) => config,
        Err(problems) => {
            assert!(!problems.0.is_empty());
            for problem in &problems.0 {
                assert!(problem.start() == usize::MAX || problem.line_and_column().is_some(), "{problem}");
            }
            return Corpus::Keep;
        }
    };
    let draft = Draft::new(&workspace, config);
    let Ok(sources) = workspace.sources(&Vec::from_iter(draft.reads())) else {
        return Corpus::Keep;
    };
    let plan = Plan::new(draft, &sources);
    // Patterns of `.dockerignore` cannot be quoted.
    for path in plan.context.iter().chain(&plan.left_out).chain(&plan.put_back) {
        let special = |c: char| c.is_control() || "*?[]\\".contains(c);
        assert!(!path.as_str().contains(special) && !path.as_str().starts_with(['!', '#', ' ']), "{path:?}");
    }
    for document in documents::render(&plan) {
        let path = &document.path;
        if path.extension() == Some("hcl") {
            hcl::parse(&document.text).unwrap_or_else(|error| panic!("{path}: {error}"));
        } else if path.file_name() == Some("Dockerfile") {
            parse_dockerfile::parse(&document.text).unwrap_or_else(|error| panic!("{path}: {error}"));
        } else if path.extension() == Some("yaml") {
            // The reader of packs does not know Compose's tags.
            let (_, mistakes) = yaml::parse(&document.text.replace("!reset ", ""));
            assert!(mistakes.is_empty(), "{path}: {mistakes:?}\n{}", document.text);
        }
    }
    Corpus::Keep
});
