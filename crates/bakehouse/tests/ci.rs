//! `bakehouse ci`: the workflows match the snapshots and the public schemas of the services, and their commands run
//! here.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::shop::{Shop, stderr};

const GITHUB: &str = ".github/workflows/bakehouse.yml";
const SIGN: &str = ".github/workflows/bakehouse-sign.yml";
const GITLAB: &str = ".gitlab/bakehouse.yml";

/// The line of `bakehouse.toml` that says how CI installs this program.
const INSTALL: &str = "install = \"cargo install --locked --git https://git.example/bakehouse --rev 0123456789abcdef0123456789abcdef01234567 bakehouse\"";

/// Returns the shop in a repository with one commit.
fn shop() -> Shop {
    let shop = Shop::new();
    git(&shop, &["init", "--quiet", "--initial-branch", "main"]);
    shop
}

fn git(shop: &Shop, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t"])
        .args(arguments)
        .current_dir(shop.path(""))
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

fn written(shop: &Shop, service: &str, file: &str) -> String {
    let output = shop.bakehouse(&["ci", service]);
    assert!(output.status.success(), "{}", stderr(&output));
    shop.read(file)
}

/// Removes the checksum from a file, since any word of the file changes it.
fn body(text: &str) -> &str {
    text.split_once("\n\n").unwrap().1
}

#[test]
fn the_workflows_are_as_reviewed() {
    let shop = shop();
    insta::assert_snapshot!("github", body(&written(&shop, "github", GITHUB)));
    insta::assert_snapshot!("gitlab", body(&written(&shop, "gitlab", GITLAB)));
}

/// Returns configurations that lead to different parts of the workflows.
fn all() -> Vec<(&'static str, Shop)> {
    let without_cache = shop();
    without_cache.edit(
        "bakehouse.toml",
        "[cache]\nref = \"registry.example/shop/cache\"\n",
        "",
    );
    let github_registry = shop();
    github_registry.edit(
        "bakehouse.toml",
        "registry.example/shop",
        "ghcr.io/acme/shop",
    );
    let on_hub = shop();
    on_hub.edit("bakehouse.toml", "registry.example/shop", "acme");
    let secrets = shop();
    secrets.edit(
        "bakehouse.toml",
        "[bases]",
        "[secrets]\nvariables = [\"CARGO_REGISTRIES_ACME_TOKEN\", \"OTHER_PASSWORD\"]\n\n[bases]",
    );
    let own_words = shop();
    own_words.edit(
        "bakehouse.toml",
        INSTALL,
        "branch = \"trunk/2\"\nrunner = \"big-one\"\ninstall = \"curl -fsS 'https://example.com/a?b=1&c=2' | sh\"",
    );
    vec![
        ("as it is", shop()),
        ("without a cache", without_cache),
        ("GitHub's registry", github_registry),
        ("Docker Hub", on_hub),
        ("secrets", secrets),
        ("own branch, runner and installation", own_words),
        ("a release", of_a_release()),
        ("signed", signed("registry.example/shop")),
        ("signed, GitHub's registry", signed("ghcr.io/acme/shop")),
    ]
}

/// Returns the shop whose images are signed.
fn signed(registry: &str) -> Shop {
    let shop = shop();
    shop.edit("bakehouse.toml", "registry.example/shop", registry);
    shop.edit(
        "bakehouse.toml",
        INSTALL,
        &format!("{INSTALL}\nsign = true"),
    );
    shop
}

/// Returns the files that the services' workflows of a shop are in, with the services.
fn files(about: &str) -> Vec<(&'static str, &'static str)> {
    let mut files = vec![("github", GITHUB), ("gitlab", GITLAB)];
    files.extend(about.starts_with("signed").then_some(("github", SIGN)));
    files
}

/// Returns the shop whose CI downloads a release.
fn of_a_release() -> Shop {
    let shop = shop();
    let sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    shop.edit(
        "bakehouse.toml",
        INSTALL,
        &format!(
            "[ci.install]
version = \"1.2.3\"
url = \"https://example.com/releases/v{{version}}/bakehouse-{{version}}-{{target}}.tar.gz\"
sha256.x86_64-unknown-linux-musl = \"{sum}\"
sha256.aarch64-unknown-linux-musl = \"{sum}\""
        ),
    );
    shop
}

#[test]
fn the_step_that_downloads_a_release_is_as_reviewed() {
    let shop = of_a_release();
    let steps = [("github", GITHUB), ("gitlab", GITLAB)].map(|(service, file)| {
        let text = written(&shop, service, file);
        let job = if service == "github" {
            "affected"
        } else {
            ".bakehouse"
        };
        commands(&text)[job].join("\n---\n")
    });
    insta::assert_snapshot!(steps.join("\n\n=== GitLab\n\n"));
}

#[test]
fn secrets_reach_the_steps_that_bake_and_no_others() {
    let (_, shop) = all()
        .into_iter()
        .find(|(about, _)| *about == "secrets")
        .unwrap();
    let text = written(&shop, "github", GITHUB);
    let steps: Vec<&str> = text.split("\n      - ").skip(1).collect();
    let bakes =
        |step: &&&str| step.contains("docker/bake-action@") || step.contains("bakehouse build");
    let given = |step: &&&str| {
        ["CARGO_REGISTRIES_ACME_TOKEN", "OTHER_PASSWORD"]
            .iter()
            .all(|name| step.contains(&format!("          {name}: ${{{{ secrets.{name} }}}}")))
    };
    let baking: Vec<&&str> = steps.iter().filter(bakes).collect();
    assert_eq!(baking.len(), 3, "{text}");
    assert_eq!(baking, steps.iter().filter(given).collect::<Vec<_>>());
    assert_eq!(
        text.matches("secrets.CARGO_REGISTRIES_ACME_TOKEN").count(),
        3
    );
}

/// `BAKEHOUSE_CHECK_JSONSCHEMA` names the program, which tools/test installs.
#[test]
fn they_fit_the_public_schemas() {
    let Some(program) = std::env::var_os("BAKEHOUSE_CHECK_JSONSCHEMA") else {
        println!("not tried: there is no check-jsonschema; tools/test gets it");
        return;
    };
    for (about, shop) in all() {
        for (service, file) in files(about) {
            let schema = match service {
                "github" => "vendor.github-workflows",
                _ => "vendor.gitlab-ci",
            };
            written(&shop, service, file);
            let check = |path| {
                Command::new(&program)
                    .args(["--builtin-schema", schema])
                    .arg(path)
                    .output()
                    .unwrap()
            };
            let output = check(shop.path(file));
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{about}, {service}: {said}");
            // The check must reject a wrong key.
            let broken = shop.read(file).replace("runs-on:", "runs-upon:");
            let broken = broken.replace("\n  script:", "\n  scripts:");
            shop.write("broken.yml", &broken);
            assert!(
                !check(shop.path("broken.yml")).status.success(),
                "{about}, {service}"
            );
        }
    }
}

/// Returns the commands of a workflow, by job.
fn commands(text: &str) -> BTreeMap<String, Vec<String>> {
    let workflow: Value = serde_saphyr::from_str(text).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        let lines = value.as_array().into_iter().flatten();
        lines
            .filter_map(|line| line.as_str().map(str::to_owned))
            .collect()
    };
    let jobs = workflow.get("jobs").unwrap_or(&workflow);
    let jobs = jobs.as_object().unwrap().iter();
    jobs.map(|(name, job)| {
        let steps = job["steps"].as_array().into_iter().flatten();
        let runs = steps.filter_map(|step| step["run"].as_str().map(str::to_owned));
        let all = runs
            .chain(texts(&job["before_script"]))
            .chain(texts(&job["script"]));
        (name.clone(), all.collect())
    })
    .collect()
}

#[test]
fn every_command_is_one_that_a_shell_takes_and_every_action_is_a_commit() {
    for (about, shop) in all() {
        for (service, file) in files(about) {
            let text = written(&shop, service, file);
            for (job, commands) in commands(&text) {
                for command in commands {
                    let shell = Command::new("sh")
                        .args(["-n", "-c", &command])
                        .output()
                        .unwrap();
                    assert!(
                        shell.status.success(),
                        "{about}, {job}: {command}: {}",
                        stderr(&shell)
                    );
                    // Placeholders are in capitals; variables begin with a dollar sign.
                    for word in command.split(|c: char| !c.is_ascii_uppercase() && c != '_') {
                        let variable = command.contains(&format!("${word}"))
                            || command.contains(&format!("${{{word}"))
                            || command.contains(&format!("{word}="));
                        assert!(
                            word.len() < 4 || variable,
                            "{about}, {job}: {word} in {command}"
                        );
                    }
                }
            }
            let uses = text.lines().filter(|line| line.contains("uses: "));
            for line in uses.filter(|line| !line.contains("uses: ./.github/")) {
                let (_, action) = line.split_once('@').unwrap();
                let (commit, version) = action.split_once(" # v").unwrap();
                assert!(
                    commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()),
                    "{line}"
                );
                assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{line}");
            }
        }
    }
}

/// Runs a command of a workflow like its runner.
fn run(shop: &Shop, command: &str, variables: &[(&str, &str)]) -> std::process::Output {
    let program = assert_cmd::cargo::cargo_bin("bakehouse");
    let folder = program.parent().unwrap().display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    Command::new("bash")
        .args(["-e", "-c", command])
        .current_dir(shop.path(""))
        .env("PATH", path)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn a_pull_request_builds_what_it_affects() {
    let shop = shop();
    let text = written(&shop, "github", GITHUB);
    shop.generate();
    git(&shop, &["add", "--all"]);
    git(&shop, &["commit", "--quiet", "--message", "one"]);
    git(&shop, &["tag", "base"]);
    let batch = shop.read("batch/src/main.rs");
    shop.write("batch/src/main.rs", &format!("{batch}\n// Another line.\n"));
    git(&shop, &["commit", "--quiet", "--all", "--message", "two"]);

    let outputs = shop.path("outputs");
    let variables = [
        ("BASE", "base"),
        ("GITHUB_OUTPUT", outputs.to_str().unwrap()),
    ];
    let jobs = commands(&text);
    for command in &jobs["affected"] {
        if !command.contains("cargo install") {
            let output = run(&shop, command, &variables);
            assert!(output.status.success(), "{command}: {}", stderr(&output));
        }
    }
    let outputs = std::fs::read_to_string(&outputs).unwrap();
    assert!(outputs.contains("any=true\n"), "{outputs}");
    assert!(
        outputs.contains("matrix={\"include\":[{\"target\":\"batch-python\"}"),
        "{outputs}"
    );

    // The commands of GitLab, where targets are words.
    let text = written(&shop, "gitlab", GITLAB);
    let affected = "{\"services\": [\"batch\", \"web\"], \"packs\": [\"demo\"]}";
    shop.write("affected.json", affected);
    let jobs = commands(&text);
    let chooses = jobs["bakehouse-images"]
        .iter()
        .find(|line| line.starts_with("targets=$("));
    if Command::new("jq").arg("--version").output().is_ok() {
        let command = format!("{}; echo $targets", chooses.unwrap());
        let folder = shop.path("");
        let variables = [("CI_PROJECT_DIR", folder.to_str().unwrap())];
        let output = run(&shop, &command, &variables);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "batch web packs\n");
    } else {
        println!("the choice of GitLab's targets is not tried: there is no jq");
    }

    // The job that a pull request requires fails if any other job fails.
    let checked = &commands(&shop.read(GITHUB))["checked"][0];
    for (results, passes) in [
        ("success success success", true),
        ("success skipped skipped", true),
        ("success failure skipped", false),
        ("success success cancelled", false),
    ] {
        let output = run(&shop, checked, &[("RESULTS", results)]);
        assert_eq!(output.status.success(), passes, "{results}");
    }
}

#[test]
fn what_is_published_is_tagged_by_its_branch_or_version() {
    for (branch, tag) in [("main", "main"), ("vnext", "vnext"), ("trunk/2", "trunk-2")] {
        let shop = shop();
        shop.edit(
            "bakehouse.toml",
            "[ci]",
            &format!("[ci]\nbranch = \"{branch}\""),
        );
        for (service, file, job) in [
            ("github", GITHUB, "publish"),
            ("gitlab", GITLAB, "bakehouse-publish"),
        ] {
            let commands = commands(&written(&shop, service, file)).remove(job);
            let is_about_tags = |command: &&String| command.contains("TAG=");
            let commands = commands.unwrap();
            let commands: Vec<&str> = commands
                .iter()
                .filter(is_about_tags)
                .map(String::as_str)
                .collect();
            let command = commands.join("\n");
            assert!(command.contains("bakehouse build --push"), "{command}");
            let command = command.replace("bakehouse build --push", "printenv TAG");
            let of_branch = [
                ("GITHUB_REF_TYPE", "branch"),
                ("GITHUB_REF_NAME", branch),
                ("CI_COMMIT_TAG", ""),
            ];
            let of_version = [
                ("GITHUB_REF_TYPE", "tag"),
                ("GITHUB_REF_NAME", "v1.2.3"),
                ("CI_COMMIT_TAG", "v1.2.3"),
            ];
            for (variables, tag) in [(of_branch, tag), (of_version, "1.2.3")] {
                let output = run(&shop, &command, &variables);
                let said = String::from_utf8_lossy(&output.stdout);
                assert_eq!(said.trim_end(), tag, "{service}: {}", stderr(&output));
            }
        }
    }
}

/// A job may write packages only if it logs in to that registry.
#[test]
fn jobs_may_touch_github_s_packages_only_if_images_go_there() {
    for (about, shop) in all() {
        let text = written(&shop, "github", GITHUB);
        let to_github = about.ends_with("GitHub's registry");
        assert_eq!(text.contains("packages: write"), to_github, "{about}");
        assert_eq!(text.contains("packages: read"), to_github, "{about}");
    }
}

#[test]
fn the_workflows_that_sign_are_as_reviewed() {
    let shop = signed("registry.example/shop");
    let github = written(&shop, "github", GITHUB);
    let (_, publishing) = github.split_once("  # Pushes the images").unwrap();
    insta::assert_snapshot!("sign_github", publishing);
    insta::assert_snapshot!("sign_github_called", body(&shop.read(SIGN)));
    let gitlab = written(&shop, "gitlab", GITLAB);
    let (_, publishing) = gitlab.split_once("# Pushes the images").unwrap();
    insta::assert_snapshot!("sign_gitlab", publishing);
    // A file that is out of date is told, whichever of them it is.
    shop.edit("bakehouse.toml", "[ci]", "[ci]\nrunner = \"big-one\"");
    std::fs::remove_file(shop.path(SIGN)).unwrap();
    let checked = shop.bakehouse(&["ci", "github", "--check"]);
    assert_eq!(checked.status.code(), Some(3));
    let said = stderr(&checked);
    assert!(said.contains(SIGN) && said.contains(GITHUB), "{said}");
}

#[test]
fn no_job_but_the_one_that_signs_can_have_a_token_that_signs() {
    for (about, shop) in all() {
        for (service, file) in files(about) {
            let workflow: Value = serde_saphyr::from_str(&written(&shop, service, file)).unwrap();
            assert_eq!(workflow["permissions"]["id-token"], Value::Null);
            let jobs = workflow.get("jobs").unwrap_or(&workflow);
            for (name, job) in jobs.as_object().unwrap() {
                let github = job["permissions"]["id-token"] == "write";
                let gitlab = job["id_tokens"]["SIGSTORE_ID_TOKEN"]["aud"] == "sigstore";
                let signs = name == "sign" || name == "bakehouse-sign";
                assert_eq!(github || gitlab, signs, "{about}, {file}, {name}");
                let text = job.to_string();
                let builds = ["bakehouse build", "INSTALL", "actions/checkout", "cargo "];
                assert!(
                    !signs || !builds.iter().any(|own| text.contains(own)),
                    "{text}"
                );
            }
        }
    }
}

/// A `cosign` that remembers what it signed, in the file `signed`.
const COSIGN: &str = r#"#!/bin/sh
for image; do :; done
case $1 in
verify) grep -qxF "$image" signed 2>/dev/null ;;
sign) echo "$image" >>signed ;;
esac
"#;

#[test]
fn every_digest_that_was_pushed_is_signed_once() {
    use std::os::unix::fs::PermissionsExt;

    if Command::new("jq").arg("--version").output().is_err() {
        println!("not tried: there is no jq");
        return;
    }
    let shop = signed("registry.example/shop");
    let digests = r#"{"version": 1, "images": [
        {"name": "api", "digest": "sha256:0a", "repositories": [{"name": "one.example/api"}, {"name": "two.example/api"}]},
        {"name": "web", "digest": "sha256:0b", "repositories": [{"name": "one.example/web"}]}]}"#;
    let expected =
        "one.example/api@sha256:0a\none.example/web@sha256:0b\ntwo.example/api@sha256:0a\n";
    shop.write("digests.json", digests);
    shop.write("bin/cosign", COSIGN);
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(shop.path("bin/cosign"), executable).unwrap();
    let path = format!(
        "{}:{}",
        shop.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let run = |command: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-e", "-c", command]).current_dir(shop.path(""));
        shell.env("PATH", &path);
        for name in [
            "GITHUB_SERVER_URL",
            "GITHUB_REPOSITORY",
            "CI_PROJECT_URL",
            "CI_SERVER_URL",
        ] {
            shell.env(name, "x");
        }
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{command}: {}", stderr(&output));
    };
    let _ = written(&shop, "github", GITHUB);
    let github = commands(&shop.read(SIGN)).remove("sign").unwrap();
    let github = github.join("\n");
    let gitlab = commands(&written(&shop, "gitlab", GITLAB));
    let gitlab = &gitlab["bakehouse-sign"];
    // After the installation and the login.
    let gitlab = gitlab[gitlab.len() - 2..].join("\n");
    for script in [&github, &gitlab] {
        for _ in 0..2 {
            run(script);
            let mut signed: Vec<String> = shop.read("signed").lines().map(str::to_owned).collect();
            signed.sort();
            assert_eq!(signed.join("\n") + "\n", expected, "{script}");
        }
        std::fs::remove_file(shop.path("signed")).unwrap();
    }
}

#[test]
fn what_is_out_of_date_or_edited_is_told() {
    let shop = shop();
    assert_eq!(
        shop.bakehouse(&["ci", "github", "--check"]).status.code(),
        Some(3)
    );
    let text = written(&shop, "github", GITHUB);
    assert!(
        shop.bakehouse(&["ci", "github", "--check"])
            .status
            .success()
    );

    shop.edit(
        "bakehouse.toml",
        "registry.example/shop",
        "registry.example/other",
    );
    let output = shop.bakehouse(&["ci", "github", "--check"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("run `bakehouse ci github`"),
        "{}",
        stderr(&output)
    );
    assert_ne!(written(&shop, "github", GITHUB), text);

    let edited = format!("{}# mine\n", shop.read(GITHUB));
    shop.write(GITHUB, &edited);
    let output = shop.bakehouse(&["ci", "github"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).contains("was edited by hand"),
        "{}",
        stderr(&output)
    );
    assert_eq!(shop.read(GITHUB), edited);
    assert!(
        shop.bakehouse(&["ci", "github", "--force"])
            .status
            .success()
    );
    assert_ne!(shop.read(GITHUB), edited);
}

#[test]
fn without_a_registry_or_a_repository_it_says_so() {
    let shop = shop();
    shop.edit(
        "bakehouse.toml",
        "registry = \"registry.example/shop\"\n",
        "",
    );
    let output = shop.bakehouse(&["ci", "github"]);
    assert!(
        stderr(&output).contains("no registry that CI could push to"),
        "{}",
        stderr(&output)
    );
    let shop = Shop::new();
    let output = shop.bakehouse(&["ci", "github"]);
    assert!(
        stderr(&output).contains("is not in a git repository"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn no_workflow_installs_a_package_that_nobody_published() {
    let shop = shop();
    shop.edit("bakehouse.toml", INSTALL, "");
    for service in ["github", "gitlab"] {
        let output = shop.bakehouse(&["ci", service]);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.contains("install-missing"), "{said}");
        assert!(said.contains("install = "), "{said}");
    }
    assert!(!shop.path(GITHUB).exists() && !shop.path(GITLAB).exists());
}
