//! `bakehouse handover` without an engine: what was pushed, in the forms that deployments read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::shop::{Shop, bakehouse, stderr, stdout};

const FORMS: [&str; 4] = ["kustomize", "helm", "compose", "github"];

fn digest(letter: &str) -> String {
    format!("sha256:{}", letter.repeat(64))
}

/// Returns a file of digests as `build --push` writes it: two images in two registries.
fn digests() -> Value {
    let image = |name: &str, letter: &str, tags: Value| {
        let places = ["ghcr.io/acme/shop", "mirror.example:5000/shop"];
        let places = places.map(|place| json!({"name": format!("{place}/{name}"), "tags": tags}));
        json!({
            "name": name,
            "image": format!("ghcr.io/acme/shop/{name}"),
            "digest": digest(letter),
            "platforms": {"linux/amd64": digest("1"), "linux/arm64": digest("2")},
            "repositories": places,
            "input_hash": "0123456789abcdef",
            "result": "skipped",
        })
    };
    json!({
        "version": 1,
        "images": [
            image("web", "a", json!(["1.10", "latest"])),
            image("batch-shell", "b", json!([])),
        ],
    })
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(digests: &Value) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.path("digests.json"), digests.to_string()).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn handover(&self, form: &str, further: &[&str]) -> Output {
        let arguments = ["handover", form, "--digests", "digests.json"];
        bakehouse(self.0.path(), &[&arguments[..], further].concat())
    }
}

#[test]
fn each_form_names_images_by_digest() {
    let folder = Folder::new(&digests());
    let mut all = String::new();
    for form in FORMS {
        let output = folder.handover(form, &[]);
        assert!(output.status.success(), "{}", stderr(&output));
        all += &format!("== {form}\n{}", stdout(&output));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn values_are_read_back_as_text() {
    let folder = Folder::new(&digests());
    let helm = folder.handover("helm", &["--registry", "mirror.example:5000/shop"]);
    let values: Value = serde_saphyr::from_str(&stdout(&helm)).unwrap();
    let expected = json!({
        "web": {"repository": "mirror.example:5000/shop/web", "digest": digest("a"), "tag": "1.10"},
        "batch-shell": {"repository": "mirror.example:5000/shop/batch-shell", "digest": digest("b")},
    });
    assert_eq!(values["images"], expected);
    let github = stdout(&folder.handover("github", &[]));
    let values = github.lines().map(|line| line.split_once('=').unwrap());
    let values: Vec<(&str, &str)> = values.collect();
    let json = |name: &str| -> Value {
        let (_, value) = values.iter().find(|(key, _)| *key == name).unwrap();
        serde_json::from_str(value).unwrap()
    };
    assert_eq!(json("any"), true);
    assert_eq!(json("digests")["web"], digest("a"));
    let job = json!({"service": "web", "image": "ghcr.io/acme/shop/web", "digest": digest("a")});
    assert_eq!(json("matrix")["include"][0], job);
    let reference = format!("ghcr.io/acme/shop/web@{}", digest("a"));
    assert!(values.contains(&("image-web", reference.as_str())));
}

#[test]
fn github_is_told_when_there_is_nothing() {
    let folder = Folder::new(&json!({"version": 1, "images": []}));
    let lines = stdout(&folder.handover("github", &[]));
    assert_eq!(lines, "any=false\ndigests={}\nmatrix={\"include\":[]}\n");
}

/// An overlay that includes the component has its images by digest, whatever tags its resources have.
#[test]
fn kustomize_puts_the_digests_into_an_overlay() {
    let kustomize = |folder: &Path| {
        let mut command = Command::new("kubectl");
        command.arg("kustomize").arg(folder).output()
    };
    let folder = Folder::new(&digests());
    let file = folder.path("images/kustomization.yaml");
    std::fs::create_dir(folder.path("images")).unwrap();
    let further = ["--registry", "mirror.example:5000/shop", "--out"];
    let further = [&further[..], &[file.to_str().unwrap()]].concat();
    let output = folder.handover("kustomize", &further);
    assert!(output.status.success(), "{}", stderr(&output));
    let overlay = "resources: [pod.yaml]\ncomponents: [images]\n";
    std::fs::write(folder.path("kustomization.yaml"), overlay).unwrap();
    let images = [
        "ghcr.io/acme/shop/web:1.2.3",
        "ghcr.io/acme/shop/batch-shell",
        "ghcr.io/acme/shop/web-other:1",
    ];
    let containers = images.iter().enumerate();
    let containers =
        containers.map(|(at, image)| json!({"name": format!("c{at}"), "image": image}));
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": containers.collect::<Vec<_>>()},
    });
    std::fs::write(folder.path("pod.yaml"), pod.to_string()).unwrap();
    let Ok(built) = kustomize(&folder.path("")) else {
        println!("not tried: there is no kubectl, whose `kustomize` reads the component");
        return;
    };
    assert!(built.status.success(), "{}", stderr(&built));
    let pod: Value = serde_saphyr::from_str(&stdout(&built)).unwrap();
    let containers = pod["spec"]["containers"].as_array().unwrap().iter();
    let images: Vec<&str> = containers
        .map(|one| one["image"].as_str().unwrap())
        .collect();
    let in_mirror =
        |name: &str, letter| format!("mirror.example:5000/shop/{name}@{}", digest(letter));
    let expected = [
        in_mirror("web", "a"),
        in_mirror("batch-shell", "b"),
        "ghcr.io/acme/shop/web-other:1".to_owned(),
    ];
    assert_eq!(images, expected);
}

#[test]
fn digests_come_from_standard_input_too() {
    let folder = Folder::new(&digests());
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("bakehouse"));
    command.args(["handover", "helm", "--digests", "-"]);
    let file = std::fs::File::open(folder.path("digests.json")).unwrap();
    let output = command.stdin(Stdio::from(file)).output().unwrap();
    assert_eq!(stdout(&output), stdout(&folder.handover("helm", &[])));
}

#[test]
fn what_is_no_file_of_digests_is_refused_and_nothing_is_written() {
    let edited = |edit: fn(&mut Value)| {
        let mut digests = digests();
        edit(&mut digests);
        digests.to_string()
    };
    let table = [
        ("{".to_owned(), "digests.json is no file of digests: EOF"),
        (
            edited(|it| it["version"] = json!(2)),
            "is of version 2, not 1",
        ),
        (
            edited(|it| _ = it["images"][0].as_object_mut().unwrap().remove("digest")),
            "missing field `digest`",
        ),
        (
            edited(|it| it["images"][0]["digest"] = json!("sha256:1")),
            "`web` has the digest `sha256:1`",
        ),
        (
            edited(|it| it["images"][1]["platforms"]["linux/amd64"] = json!("md5:1")),
            "`batch-shell` has the digest `md5:1`",
        ),
        (
            edited(|it| it["images"][1]["name"] = json!("web")),
            "`web` is there twice",
        ),
        (
            edited(|it| it["images"][1]["name"] = json!("a\n::set-output")),
            "is no name of a service",
        ),
        (
            edited(|it| it["images"][0]["repositories"] = json!([])),
            "`web` is in no repository",
        ),
        (
            edited(|it| it["images"][0]["repositories"][0]["name"] = json!("a b")),
            "`web` is in `a b`, which contains ` `",
        ),
        (
            edited(|it| it["images"][0]["repositories"][0]["tags"] = json!(["a:b"])),
            "has `:` in its tag",
        ),
    ];
    for (text, expected) in table {
        let folder = Folder::new(&json!(null));
        std::fs::write(folder.path("digests.json"), &text).unwrap();
        let output = folder.handover("compose", &["--out", "out.yaml"]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        let said = stderr(&output);
        assert!(said.contains("digests-invalid"), "{said}");
        let said = said.replace("\n  │ ", " ");
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!folder.path("out.yaml").exists());
    }
}

#[test]
fn a_registry_that_does_not_have_an_image_is_refused() {
    let mut digests = digests();
    digests["images"][1]["repositories"] = json!([{"name": "ghcr.io/acme/shop/b", "tags": []}]);
    let folder = Folder::new(&digests);
    // The beginning of a name is no registry.
    for (registry, names) in [
        ("mirror.example:5000/shop", "`batch-shell` was"),
        ("ghcr.io/ac", "`web`, `batch-shell` were"),
    ] {
        let output = folder.handover("helm", &["--registry", registry]);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        let expected = format!("{names} not pushed to {registry}");
        assert!(
            said.contains("digest-missing") && said.contains(&expected),
            "{said}"
        );
    }
}

#[test]
fn what_cannot_be_a_registry_is_refused_with_what_to_write() {
    let folder = Folder::new(&digests());
    for (registry, mistake, hint) in [
        ("", "is empty", "write it as in `ghcr.io/acme/shop`"),
        (
            "ghcr.io/acme/shop/",
            "ends with `/`",
            "write `ghcr.io/acme/shop`",
        ),
        (
            "https://ghcr.io/acme/shop/",
            "begins with the scheme `https://`",
            "write `ghcr.io/acme/shop`",
        ),
        ("ghcr.io/acme:1", "has a tag", "write `ghcr.io/acme`"),
    ] {
        for form in FORMS {
            let output = folder.handover(form, &["--registry", registry]);
            assert_eq!(output.status.code(), Some(2), "{registry}");
            let said = stderr(&output).replace('│', " ");
            let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let expected = format!("the registry `{registry}` {mistake}");
            assert!(words.contains(&expected) && words.contains(hint), "{said}");
        }
    }
}

/// Kustomize knows images by name alone, and the tags of two services in one repository are gone in references by digest.
#[test]
fn images_of_one_name_are_one_entry_for_kustomize_or_refused() {
    let mut digests = digests();
    for key in ["image", "repositories"] {
        digests["images"][1][key] = digests["images"][0][key].clone();
    }
    let folder = Folder::new(&digests);
    let output = folder.handover("kustomize", &["--out", "out.yaml"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.starts_with("name-collision"), "{said}");
    assert!(said.contains("`web` and `batch-shell`"), "{said}");
    assert!(!folder.path("out.yaml").exists());
    // The others name images by service.
    for form in ["helm", "compose", "github"] {
        let output = folder.handover(form, &[]);
        assert!(output.status.success(), "{form}: {}", stderr(&output));
    }
    digests["images"][1]["digest"] = digests["images"][0]["digest"].clone();
    let output = Folder::new(&digests).handover("kustomize", &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let component: Value = serde_saphyr::from_str(&stdout(&output)).unwrap();
    let entry = json!([{
        "name": "ghcr.io/acme/shop/web", "newName": "ghcr.io/acme/shop/web", "digest": digest("a"),
    }]);
    assert_eq!(component["images"], entry);
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_built() {
    let shop = Shop::new();
    let build = |further: &[&str]| {
        let output = shop.bakehouse(&[&["build", "--push"], further].concat());
        (output.status.code(), stderr(&output))
    };
    let (code, said) = build(&["--digests", "none/digests.json"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("file-unwritable") && said.contains("none/digests.json"),
        "{said}"
    );
    let (code, said) = build(&["--digests", "-", "--progress", "json"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("both print to standard output"), "{said}");
    let output = shop.bakehouse(&["build", "--digests", "digests.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--push"), "{}", stderr(&output));
}
