//! `.github/workflows/bakehouse.yml`.

use camino::Utf8PathBuf;

use super::install::{self, Runner};
use super::{GITHUB_REGISTRY, LIST_OF_DIGESTS, Place, fill, further_hosts, registry_host};
use crate::documents::document::Document;
use crate::documents::header::with_header_of;
use crate::documents::yaml::scalar;
use crate::plan::Plan;

/// The actions of the workflow, pinned by commit, since a tag can be moved. The version follows as a comment, for
/// people and for bots that update actions.
const ACTIONS: [(&str, &str); 9] = [
    (
        "uses: CHECKOUT\n",
        "uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n",
    ),
    (
        "uses: CACHE_ACTION\n",
        "uses: actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5\n",
    ),
    (
        "uses: BUILDX\n",
        "uses: docker/setup-buildx-action@37fe631027851001ddb9b187196cc803df7f5f0e # v4.3.0\n",
    ),
    (
        "uses: QEMU\n",
        "uses: docker/setup-qemu-action@96fe6ef7f33517b61c61be40b68a1882f3264fb8 # v4.2.0\n",
    ),
    (
        "uses: LOGIN\n",
        "uses: docker/login-action@4907a6ddec9925e35a0a9e82d7399ccc52663121 # v4.1.0\n",
    ),
    (
        "uses: BAKE\n",
        "uses: docker/bake-action@a66e1c87e2eca0503c343edf1d208c716d54b8a8 # v7.1.0\n",
    ),
    (
        "uses: UPLOAD\n",
        "uses: actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1\n",
    ),
    (
        "uses: DOWNLOAD\n",
        "uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1\n",
    ),
    (
        "uses: COSIGN\n",
        "uses: sigstore/cosign-installer@6f9f17788090df1f26f669e9d70d6ae9567deba6 # v4.1.2\n",
    ),
];

const RUNNER: Runner = Runner {
    folder: "$RUNNER_TEMP/bakehouse",
    on_path: Some("echo \"$folder\" >>\"$GITHUB_PATH\""),
    into: "",
};

/// Renders the workflows, below the root of the repository: the one that signs is apart from the one that builds.
pub fn render(plan: &Plan, place: &Place) -> Vec<Document<Utf8PathBuf>> {
    let mut documents = vec![("bakehouse.yml", include_str!("github.yml"))];
    if plan.config.ci_sign {
        documents.push(("bakehouse-sign.yml", include_str!("github-sign.yml")));
    }
    let documents = documents.into_iter();
    documents
        .map(|(name, template)| workflow(plan, place, name, template))
        .collect()
}

fn workflow(plan: &Plan, place: &Place, name: &str, template: &str) -> Document<Utf8PathBuf> {
    let config = &plan.config;
    let host = registry_host(plan);
    let (user, password) = match host {
        Some(GITHUB_REGISTRY) => ("${{ github.actor }}", "${{ secrets.GITHUB_TOKEN }}"),
        _ => (
            "${{ secrets.REGISTRY_USERNAME }}",
            "${{ secrets.REGISTRY_PASSWORD }}",
        ),
    };
    let source = if place.context.as_str().is_empty() {
        ".".to_owned()
    } else {
        format!("./{}", place.context)
    };
    let bake = &config.output.bake;
    let mut values = vec![
        ("REGISTRY_NAME", scalar(config.registry())),
        ("CACHE_NAME", scalar(&config.cache_ref)),
        ("REGISTRY_HOST", scalar(host.unwrap_or_default())),
        ("USERNAME", user.to_owned()),
        ("PASSWORD", password.to_owned()),
        ("RUNNER", scalar(&config.ci_runner)),
        ("VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ("SOURCE", scalar(&source)),
        ("FOLDER", scalar(place.workspace.as_str())),
        (
            "files: docker-bake.hcl",
            format!("files: {}", scalar(bake.as_str())),
        ),
        ("[BRANCH]", format!("[{}]", scalar(&place.branch))),
        ("BRANCH_TAG", place.branch_tag()),
    ];
    let secrets = config.secrets.variables.iter();
    let secrets: Vec<String> = secrets
        .map(|name| format!("{name}: ${{{{ secrets.{name} }}}}"))
        .collect();
    values.push(("DIGESTS_FILE", "$RUNNER_TEMP/digests.json".to_owned()));
    values.push(("LIST_OF_DIGESTS", LIST_OF_DIGESTS.to_owned()));
    values.push(("SECRET_VARIABLES", secrets.join("\n          ")));
    values.push(("FURTHER_LOGINS\n", further_logins(plan)));
    values.extend(ACTIONS.map(|(name, action)| (name, action.to_owned())));
    // The text of the configuration is not searched for names.
    values.push(("INSTALL", install::step(&place.install, &RUNNER, 10)));
    Document {
        path: Utf8PathBuf::from(".github/workflows").join(name),
        text: with_header_of("ci github", &fill(template, plan, place, &values)),
    }
}

/// Returns the steps that log in to the registries after the first.
fn further_logins(plan: &Plan) -> String {
    let steps = further_hosts(plan).map(|(number, host)| {
        let (user, password) = match host {
            Some(GITHUB_REGISTRY) => ("github.actor".to_owned(), "secrets.GITHUB_TOKEN".to_owned()),
            _ => (
                format!("secrets.REGISTRY_{number}_USERNAME"),
                format!("secrets.REGISTRY_{number}_PASSWORD"),
            ),
        };
        let host = host.map(|host| format!("          registry: {}\n", scalar(host)));
        let host = host.unwrap_or_default();
        format!(
            "- uses: LOGIN\n        with:\n{host}          username: ${{{{ {user} }}}}\n          password: ${{{{ {password} }}}}\n"
        )
    });
    steps.collect::<Vec<_>>().join("      ")
}
