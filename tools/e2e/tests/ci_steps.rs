//! The steps of the generated workflow, played in their order for everything that happens in a repository.

use std::collections::BTreeMap;
use std::process::Command;

use bakehouse_e2e::forge::{Event, Played, Workflow};
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::own_registry::Settings;
use bakehouse_testkit::{Member, OwnRegistry, Ran, Turn, Workspace};
use camino::Utf8PathBuf;
use serde_json::{Value, json};

/// Waits for seconds while it compiles if a file asks for it, so that a run can be cancelled then.
const PAUSE: &str = r#"fn main() {
    let pause = std::fs::read_to_string("pause").unwrap_or_default();
    if let Ok(seconds) = pause.trim().parse() {
        std::thread::sleep(std::time::Duration::from_secs(seconds));
    }
}
"#;

/// A repository with two services, and its registry. The workspace is the developer's clone, from which the repository
/// itself is pushed to.
struct Project {
    workspace: Workspace,
    hosted: tempfile::TempDir,
    registry: OwnRegistry,
    workflow: Workflow,
}

/// The tags of all repositories, `repository:tag`, with their digests.
type Tags = BTreeMap<String, String>;

fn source(says: &str) -> String {
    format!("fn main() {{\n    println!(\"{says}\");\n}}\n")
}

impl Project {
    fn new() -> Self {
        let registry = OwnRegistry::start(Settings::default());
        let at = registry.address();
        let config = format!(
            "registry = \"{at}/shop\"\n\n[cache]\nref = \"{at}/cache\"\n\n[ci]\ninstall = \"exit 7\"\n\n\
             [services.hello]\npackage = \"hello\"\n\n[services.clock]\npackage = \"clock\"\n"
        );
        let members = [
            Member::binary("hello", &source("hello")).file("build.rs", PAUSE),
            Member::binary("clock", &source("clock")),
        ];
        let workspace = Workspace::of(&members, &config);
        let hosted = tempfile::tempdir().expect("a folder can be made");
        let _ = workspace.bakehouse(["generate"]).succeeded();
        workspace.git(["init", "--quiet", "--initial-branch", "main"]);
        let _ = workspace.bakehouse(["ci", "github"]).succeeded();
        let workflow = Workflow::read(&workspace.read(".github/workflows/bakehouse.yml"));
        let project = Self {
            workspace,
            hosted,
            registry,
            workflow,
        };
        let git = Command::new("git")
            .args(["init", "--quiet", "--bare"])
            .arg(project.hosted.path())
            .status();
        assert!(git.expect("git runs").success());
        project
    }

    fn hosted(&self) -> &str {
        self.hosted.path().to_str().expect("its name is UTF-8")
    }

    /// Commits everything, and pushes it to a branch of the repository. Returns the commit.
    fn push(&self, branch: &str) -> String {
        let git = &self.workspace;
        git.git(["add", "--all"]);
        git.git(["commit", "--quiet", "--allow-empty", "--message", branch]);
        let to = format!("HEAD:refs/heads/{branch}");
        git.git(["push", "--quiet", "--force", self.hosted(), &to]);
        git.git(["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn says(&self, service: &str, text: &str) {
        let path = format!("crates/{service}/src/main.rs");
        self.workspace.write(&path, &source(text));
    }

    fn event(&self, commit: &str, name: &str, reference: (&str, &str), payload: &Value) -> Event {
        let (ref_type, ref_name) = reference;
        let of_fork = payload["pull_request"]["head"]["repo"]["full_name"] == "somebody/shop";
        let head = match name {
            "pull_request" => "feature",
            _ => "",
        };
        let secrets = json!({"REGISTRY_USERNAME": "u", "REGISTRY_PASSWORD": "p"});
        Event {
            repository: Utf8PathBuf::from(self.hosted()),
            commit: commit.to_owned(),
            github: json!({
                "event_name": name, "event": payload, "repository": "acme/shop", "head_ref": head,
                "ref": format!("refs/{ref_type}/{ref_name}"), "ref_type": ref_type, "ref_name": ref_name,
            }),
            secrets: if of_fork { json!({}) } else { secrets },
            cancelled_at: None,
        }
    }

    fn pushed(&self, commit: &str) -> Event {
        self.event(commit, "push", ("branch", "main"), &json!({}))
    }

    fn pull_request(&self, commit: &str, base: &str, repository: &str) -> Event {
        let payload = json!({"pull_request": {
            "base": {"sha": base}, "head": {"repo": {"full_name": repository}},
        }});
        self.event(commit, "pull_request", ("branch", "1/merge"), &payload)
    }

    fn play(&self, event: &Event) -> Played {
        self.workflow.play(event)
    }

    /// Asks the registry.
    fn ask(&self, path: &str) -> String {
        let url = format!("http://{}/v2/{path}", self.registry.address());
        let accept = "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                      application/vnd.docker.distribution.manifest.v2+json";
        let mut curl = Command::new("curl");
        Ran::of(curl.args(["--silent", "--include", "--header", accept, &url])).stdout
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.ask(path);
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
        serde_json::from_str(body).expect("JSON")
    }

    fn tags(&self) -> Tags {
        let mut all = Tags::new();
        let texts = |value: &Value| -> Vec<String> {
            let list = value.as_array().cloned().unwrap_or_default();
            list.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        for repository in texts(&self.json("_catalog")["repositories"]) {
            for tag in texts(&self.json(&format!("{repository}/tags/list"))["tags"]) {
                let answer = self.ask(&format!("{repository}/manifests/{tag}"));
                let mut lines = answer.lines();
                let digest = lines.find_map(|line| line.strip_prefix("Docker-Content-Digest: "));
                let digest = digest.expect("a manifest has a digest").to_owned();
                all.insert(format!("{repository}:{tag}"), digest);
            }
        }
        all
    }
}

impl Drop for Project {
    /// Removes the images that jobs loaded into the engine.
    fn drop(&mut self) {
        let pattern = format!("reference={}/shop/*", self.registry.address());
        let format = ["--format", "{{.Repository}}:{{.Tag}}"];
        let listed = docker(
            ["image", "ls", "--filter", &pattern]
                .into_iter()
                .chain(format),
        );
        if !listed.is_empty() {
            docker(["image", "rm", "--force"].into_iter().chain(listed.lines()));
        }
    }
}

/// Returns the tags that are new or moved. Tags do not go.
#[track_caller]
fn moved<'a>(before: &Tags, after: &'a Tags) -> Vec<&'a str> {
    for tag in before.keys() {
        assert!(after.contains_key(tag), "{tag} is gone");
    }
    let moved = after
        .iter()
        .filter(|(tag, digest)| before.get(*tag) != Some(*digest));
    moved.map(|(tag, _)| tag.as_str()).collect()
}

/// Returns the tags of images, without those of input hashes.
fn named<'a>(tags: &[&'a str]) -> Vec<&'a str> {
    let is_named = |tag: &&&str| tag.starts_with("shop/") && !tag.contains(":in-");
    tags.iter().filter(is_named).copied().collect()
}

#[track_caller]
fn ends(played: &Played, expected: [(&str, &str); 5]) {
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(job, result)| ((*job).to_owned(), (*result).to_owned()))
        .collect();
    assert_eq!(played.results, expected, "{:#?}", played.said);
}

const PUBLISHED: [(&str, &str); 5] = [
    ("affected", "skipped"),
    ("compile", "skipped"),
    ("images", "skipped"),
    ("checked", "skipped"),
    ("publish", "success"),
];

const CHECKED: [(&str, &str); 5] = [
    ("affected", "success"),
    ("compile", "success"),
    ("images", "success"),
    ("checked", "success"),
    ("publish", "skipped"),
];

#[test]
fn each_event_ends_with_the_images_and_the_cache_that_it_should() {
    let _turn = Turn::share();
    let project = Project::new();

    // The first push publishes everything, and fills the cache of the branch.
    let first = project.push("main");
    let played = project.play(&project.pushed(&first));
    ends(&played, PUBLISHED);
    assert_eq!(played.logins, ["publish"]);
    let published = project.tags();
    let all: Vec<&str> = published.keys().map(String::as_str).collect();
    assert_eq!(named(&all), ["shop/clock:main", "shop/hello:main"]);
    assert!(published.contains_key("cache:main"), "{all:?}");

    // A run again finds everything.
    ends(&project.play(&project.pushed(&first)), PUBLISHED);
    let again = project.tags();
    let images = |tags: &Tags| -> Tags {
        let mut tags = tags.clone();
        tags.retain(|tag, _| tag.starts_with("shop/"));
        tags
    };
    assert_eq!(images(&again), images(&published));

    // A pull request compiles into the cache of its branch, and pushes no image.
    project.says("hello", "hello, you");
    let feature = project.push("feature");
    let played = project.play(&project.pull_request(&feature, &first, "acme/shop"));
    ends(&played, CHECKED);
    assert_eq!(played.targets["images"], ["hello"]);
    assert_eq!(played.logins, ["compile", "images"]);
    let checked = project.tags();
    let new = moved(&again, &checked);
    assert!(new.contains(&"cache:feature"), "{new:?}");
    assert!(
        new.iter()
            .all(|tag| tag.starts_with("cache:") && tag.ends_with("feature")),
        "{new:?}"
    );

    // A fork's pull request has no secrets: it logs in to nothing and writes nothing.
    let played = project.play(&project.pull_request(&feature, &first, "somebody/shop"));
    let mut of_fork = CHECKED;
    of_fork[1].1 = "skipped";
    ends(&played, of_fork);
    assert_eq!(played.targets["images"], ["hello"]);
    assert!(played.logins.is_empty(), "{:?}", played.logins);
    assert_eq!(project.tags(), checked);

    // A merge queue checks the same for its group.
    let queue = "gh-readonly-queue/main/pr-1-0123456789abcdef0123456789abcdef01234567";
    let group = json!({"merge_group": {"base_sha": first}});
    let played = project.play(&project.event(&feature, "merge_group", ("branch", queue), &group));
    ends(&played, CHECKED);
    assert_eq!(played.targets["images"], ["hello"]);
    let queued = project.tags();
    let new = moved(&checked, &queued);
    assert!(
        !new.is_empty() && new.iter().all(|tag| tag.starts_with("cache:")),
        "{new:?}"
    );

    // The push of the merge publishes what changed, and leaves the rest.
    let merged = project.push("main");
    ends(&project.play(&project.pushed(&merged)), PUBLISHED);
    let merged_tags = project.tags();
    assert_eq!(named(&moved(&queued, &merged_tags)), ["shop/hello:main"]);

    // A release gives the images of its commit another name.
    let release = project.event(&merged, "push", ("tag", "v1.2.3"), &json!({}));
    ends(&project.play(&release), PUBLISHED);
    let released = project.tags();
    let new = moved(&merged_tags, &released);
    assert_eq!(named(&new), ["shop/clock:1.2.3", "shop/hello:1.2.3"]);
    for service in ["clock", "hello"] {
        let tag = |tag: &str| &released[&format!("shop/{service}:{tag}")];
        assert_eq!(tag("1.2.3"), tag("main"), "{service}");
    }
    let other = project.event(&merged, "push", ("tag", "nightly"), &json!({}));
    assert!(!project.workflow.is_started_by(&other));
    let other = project.event(&merged, "push", ("branch", "feature"), &json!({}));
    assert!(!project.workflow.is_started_by(&other));
}

#[test]
fn a_cancelled_run_leaves_nothing_half_and_the_next_one_ends_it() {
    let _turn = Turn::share();
    let project = Project::new();
    let first = project.push("main");
    ends(&project.play(&project.pushed(&first)), PUBLISHED);
    let before = project.tags();

    project.says("hello", "hello again");
    project.workspace.write("crates/hello/pause", "3\n");
    let next = project.push("main");
    let cancelled = |mut event: Event| {
        event.cancelled_at = Some("Compiling hello v0.1.0");
        project.play(&event)
    };
    let played = cancelled(project.pull_request(&next, &first, "acme/shop"));
    // The required check does not pass, and no image is built for nobody.
    ends(
        &played,
        [
            ("affected", "success"),
            ("compile", "cancelled"),
            ("images", "skipped"),
            ("checked", "failure"),
            ("publish", "skipped"),
        ],
    );
    assert_eq!(project.tags(), before);
    let played = cancelled(project.pushed(&next));
    assert_eq!(played.results["publish"], "cancelled", "{:#?}", played.said);
    assert_eq!(project.tags(), before);

    ends(&project.play(&project.pushed(&next)), PUBLISHED);
    let after = project.tags();
    assert_eq!(named(&moved(&before, &after)), ["shop/hello:main"]);
}

#[test]
fn files_that_are_out_of_date_fail_the_check_before_anything_is_built() {
    let _turn = Turn::share();
    let project = Project::new();
    let first = project.push("main");
    let config = project.workspace.read("bakehouse.toml");
    project.workspace.write(
        "bakehouse.toml",
        &config.replace("services.clock]", "services.watch]"),
    );
    let next = project.push("feature");
    let played = project.play(&project.pull_request(&next, &first, "acme/shop"));
    ends(
        &played,
        [
            ("affected", "failure"),
            ("compile", "skipped"),
            ("images", "skipped"),
            ("checked", "failure"),
            ("publish", "skipped"),
        ],
    );
    assert!(
        played.said["affected"].contains("files-out-of-date"),
        "{:#?}",
        played.said
    );
    let played = project.play(&project.pushed(&next));
    assert_eq!(played.results["publish"], "failure", "{:#?}", played.said);
    assert_eq!(project.tags(), Tags::new());
}
