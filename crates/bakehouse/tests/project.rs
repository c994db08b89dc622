//! Promises of this repository about itself.

use std::path::Path;
use std::process::Command;

use bakehouse::problem::Code;

fn docs(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(file)
}

#[test]
fn every_error_code_is_documented_with_cause_remedy_and_exit_code() {
    let text = std::fs::read_to_string(docs("errors.md")).unwrap();
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line
            .split(" | ")
            .map(|cell| cell.trim_matches(['|', ' ']))
            .collect();
        let code = cells[0].strip_prefix('`')?.strip_suffix('`')?;
        // The exit codes have a table of their own.
        let is_code = code.starts_with(|c: char| c.is_ascii_lowercase()) && cells.len() > 2;
        let code = is_code.then_some(code)?;
        Some((
            code.to_owned(),
            cells
                .iter()
                .map(|cell| (*cell).to_owned())
                .collect::<Vec<_>>(),
        ))
    });
    let rows: Vec<(String, Vec<String>)> = rows.collect();
    let documented: Vec<&str> = rows.iter().map(|(code, _)| code.as_str()).collect();
    let mut known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    known.sort_unstable();
    assert_eq!(
        documented, known,
        "docs/errors.md has each code once, sorted"
    );
    for ((code, cells), known) in rows.iter().zip({
        let mut all = Code::ALL.to_vec();
        all.sort_by_key(|code| code.as_str());
        all
    }) {
        assert_eq!(cells.len(), 4, "{code}: code, cause, remedy, exit");
        assert!(
            cells[1].len() > 20 && cells[2].len() > 5,
            "{code}: {cells:?}"
        );
        assert_eq!(cells[3], known.exit().to_string(), "{code}");
    }
}

#[test]
fn the_book_has_every_page_and_no_link_leads_nowhere() {
    let summary = std::fs::read_to_string(docs("SUMMARY.md")).unwrap();
    let mut pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
        .map(|name| docs("..").join(name))
        .to_vec();
    for entry in std::fs::read_dir(docs("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(
                name == "SUMMARY.md" || summary.contains(&format!("({name})")),
                "docs/SUMMARY.md lacks {name}"
            );
            pages.push(path);
        }
    }
    let mut followed = 0;
    for path in pages {
        let name = path.display();
        let text = without_blocks(&path);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") || file.contains(' ') || link.is_empty() {
                continue;
            }
            let target = if file.is_empty() {
                path.clone()
            } else {
                path.parent().unwrap().join(file)
            };
            assert!(target.exists(), "{name} leads to {link}");
            let is_page = target
                .extension()
                .is_some_and(|extension| extension == "md");
            if !anchor.is_empty() && is_page {
                let anchors = anchors(&without_blocks(&target));
                assert!(
                    anchors.iter().any(|one| one == anchor),
                    "{name} leads to {link}, and there are {anchors:?}"
                );
            }
            followed += 1;
        }
    }
    assert!(followed > 200, "{followed}");
}

/// Reads a page without its blocks of code, whose comments look like headings.
fn without_blocks(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let outside = text.split("```").step_by(2);
    outside.collect()
}

/// Returns the anchors of a page: GitHub's for headings, and those that it names itself.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let named = text.split("<a id=\"").skip(1);
    let named = named.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
    headings.map(heading).chain(named).collect()
}

/// Returns the anchor that GitHub gives a heading.
fn heading(line: &str) -> String {
    let text = line.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn generated_files_are_folded_in_reviews() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(&root)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let files = git(&["ls-files", "--cached", "--others", "--exclude-standard"]);
    let is_generated = |path: &&str| {
        let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        let mut head = text.lines().take(3);
        head.any(|line| line.starts_with('#') && line.contains("enerated by bakehouse "))
    };
    let generated: Vec<&str> = files.lines().filter(is_generated).collect();
    assert!(generated.contains(&"docker/Dockerfile"), "{generated:?}");
    let mut arguments = vec!["check-attr", "linguist-generated", "--"];
    arguments.extend(&generated);
    for line in git(&arguments).lines() {
        assert!(line.ends_with(": set"), ".gitattributes: {line}");
    }
}

#[test]
fn plan_documents_and_the_check_of_packs_touch_nothing_outside() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let packs = ["check", "glibc", "manifest", "platform", "program", "yaml"];
    let packs = packs.map(|file| source.join(format!("packs/{file}.rs")));
    let rooms = ["plan", "documents"].map(|room| rust_files(&source.join(room)));
    for file in rooms.into_iter().flatten().chain(packs) {
        let text = std::fs::read_to_string(&file).unwrap();
        for outside in [
            "fs_err",
            "std::fs",
            "std::env",
            "std::process",
            "SystemTime",
            "Instant",
        ] {
            assert!(!text.contains(outside), "{} uses {outside}", file.display());
        }
    }
}

#[test]
fn no_hash_holds_a_debug_text() {
    // Output of `Debug` is for debugging, and changes with the types and with the compiler.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["toolchain", "graph", "plan"] {
        for file in rust_files(&source.join(room)) {
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            // These files write TOML, where a string with these names looks as `Debug` prints it.
            let toml = ["graph/lock.rs", "graph/listing.rs", "plan/skeleton/cut.rs"];
            if toml.iter().any(|toml| file.ends_with(toml)) {
                continue;
            }
            assert!(!text.contains(":?}"), "{} prints Debug", file.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else {
            files.push(path);
        }
    }
    assert!(!files.is_empty());
    files
}

#[test]
fn every_file_of_tests_is_played_and_told() {
    let told = std::fs::read_to_string(docs("testing.md")).unwrap();
    for suite in ["crates/bakehouse", "tools/e2e"] {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = repository.join(suite).join("tests");
        let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if name == "main" || path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            assert!(
                main.contains(&format!("mod {name};\n")),
                "{} is no part of main.rs",
                path.display()
            );
            assert!(
                told.contains(&format!("| `{name}.rs` |")),
                "docs/testing.md does not tell of {}",
                path.display()
            );
        }
    }
}

/// Returns the lines of a source that are no comments and no tests.
fn code(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.map(str::to_owned).collect()
}

#[test]
fn no_hint_names_a_file_that_users_do_not_have() {
    let pages = std::fs::read_dir(docs("")).unwrap();
    let pages = pages.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let pages: Vec<String> = pages.filter(|name| name.ends_with(".md")).collect();
    assert!(pages.contains(&"configuration.md".to_owned()), "{pages:?}");
    for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        for line in code(&path) {
            let mut named = pages
                .iter()
                .filter(|page| line.contains(&format!("docs/{page}")));
            assert_eq!(named.next(), None, "{}: {line}", path.display());
        }
    }
}

#[test]
fn every_page_that_a_hint_names_is_there() {
    let mut found = 0;
    for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = code(&path).join("\n");
        for call in text.split("page(\"").skip(1) {
            let (name, _) = call.split_once('"').unwrap();
            assert!(docs(&format!("{name}.md")).is_file(), "{name}");
            found += 1;
        }
    }
    assert!(found > 5, "{found}");
}

#[test]
fn the_examples_are_generated_formatted_and_told() {
    let page = std::fs::read_to_string(docs("examples.md")).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(docs("examples")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("(examples/{name}/")), "{name}");
        let output = crate::shop::bakehouse(&folder, &["generate", "--check"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
        let format = Command::new(env!("CARGO"))
            .args(["fmt", "--all", "--check"])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(format.status.success(), "{name}: {format:?}");
        // A bump of the toolchain reaches the examples.
        let toolchain = std::fs::read_to_string(folder.join("rust-toolchain.toml")).unwrap();
        let own = std::fs::read_to_string(docs("../rust-toolchain.toml")).unwrap();
        let channel = own.lines().find(|line| line.starts_with("channel"));
        assert!(toolchain.contains(channel.unwrap()), "{name}: {toolchain}");
        count += 1;
    }
    assert_eq!(count, 3);
}
