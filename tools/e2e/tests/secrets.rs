//! `[secrets]`: the step that fetches gets the secrets for it, and no trace of them is left.

use std::process::Command;

use bakehouse_testkit::{
    Crates, Leaks, Member, Ran, Ssh, Turn, Workspace, bakehouse, container, runner, unique,
};
use camino::{Utf8Path, Utf8PathBuf};

const CONFIG: &str = r#"registry = "tiny"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"
runtime = "docker.io/library/debian:bookworm-slim"

[runtime]
packages = ["media-types"]

[secrets]
variables = ["CARGO_REGISTRIES_PRIVATE_TOKEN"]
ssh = true

[secrets.files]
COMPANY_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"
"#;

/// A workspace with a crate from a registry that requires a token and has its own certificate, and a crate from a
/// repository that is reached by SSH.
struct Company {
    workspace: Workspace,
    crates: Crates,
    ssh: Ssh,
    files: Utf8PathBuf,
    /// The registry that it publishes to.
    registry: String,
    _folder: tempfile::TempDir,
}

impl Company {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let files = Utf8Path::from_path(folder.path()).expect("its name is UTF-8");
        let crates = Crates::start("hidden", "pub fn say() -> &'static str { \"by token\" }\n");
        let ssh = Ssh::start();
        let remote = Workspace::empty();
        let manifest = "[package]\nname = \"remote\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
        remote.write("Cargo.toml", manifest);
        remote.write(
            "src/lib.rs",
            "pub fn say() -> &'static str { \"by ssh\" }\n",
        );
        remote.git(["init", "--quiet"]);
        remote.git(["add", "--all"]);
        remote.git(["commit", "--quiet", "--message", "first"]);
        let kept = files.join("remote");
        let clone = ["clone", "--quiet", "--bare", ".", kept.as_str()];
        remote.git(clone);
        let say = "fn main() { println!(\"{} {}\", hidden::say(), remote::say()); }\n";
        let member = Member::binary("shown", say)
            .depends("hidden = { version = \"1\", registry = \"private\" }")
            .depends(&format!("remote = {{ git = \"{}\" }}", ssh.url(&kept)));
        let workspace = Workspace::empty();
        workspace.write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
        );
        workspace.write(".cargo/config.toml", &crates.config());
        workspace.write("bakehouse.toml", CONFIG);
        workspace.add(&member);
        let company = Self {
            files: files.to_owned(),
            registry: format!("{}/secrets-{}", runner::registry(), unique::unique()),
            _folder: folder,
            workspace,
            crates,
            ssh,
        };
        let write = |name: &str, text: &str| {
            std::fs::write(company.files.join(name), text).expect("a file can be written");
        };
        // A company's own list: the public certificates, with which packages are fetched, and one more.
        let public = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt");
        let all = public.unwrap_or_default() + company.crates.certificate();
        write("COMPANY_CERTIFICATES", &all);
        write("KNOWN_HOSTS", &company.ssh.known_hosts());
        company.lock();
        company.workspace.generate();
        company
    }

    /// Runs a developer's own Cargo, which has all secrets, to create the lock.
    fn lock(&self) {
        let known = format!("net.ssh.known-hosts=['{}']", self.ssh.known_hosts().trim());
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = Command::new(cargo);
        command
            .current_dir(self.workspace.dir())
            .args(["generate-lockfile", "--config", &known])
            .env("CARGO_HOME", self.files.join("cargo-home"))
            .env("CARGO_HTTP_CAINFO", self.files.join("COMPANY_CERTIFICATES"));
        let _ = Ran::of(self.knowing(&mut command)).succeeded();
    }

    fn knowing<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("CARGO_REGISTRIES_PRIVATE_TOKEN", self.crates.token())
            .env("SSH_AUTH_SOCK", self.ssh.agent())
    }

    /// Runs `bakehouse build` without secrets, with everything published that can be published.
    fn build(&self) -> Command {
        let mut command = bakehouse::command(self.workspace.dir());
        command
            .args(["build", "--push"])
            .env("REGISTRY", &self.registry)
            .env("CACHE_REF", format!("{}/cache", self.registry))
            .env("PROVENANCE", "max")
            .env_remove("SSH_AUTH_SOCK");
        command
    }

    /// Runs the build with every secret.
    fn build_with_secrets(&self) -> Ran {
        let mut command = self.build();
        for name in ["COMPANY_CERTIFICATES", "KNOWN_HOSTS"] {
            command.env(name, self.files.join(name));
        }
        Ran::of(self.knowing(&mut command))
    }

    /// Returns the places with traces of secrets since then. Certificates and known hosts are public.
    fn leaks(&self, since: &Leaks) -> Vec<String> {
        let key = self.ssh.key();
        // One line of the key is enough.
        let line = key.lines().nth(2).expect("a key has several lines");
        let mut found = since.of(self.crates.token());
        found.extend(since.of(line));
        found
    }
}

#[test]
fn secrets_are_where_they_are_needed_and_nowhere_else() {
    let _turn = Turn::share();
    let company = Company::new();
    let since = Leaks::new();
    let _ = company.build_with_secrets().succeeded();
    let image = format!("{}/shown:latest", company.registry);
    assert_eq!(container::prints(&image, []), "by token by ssh");
    // The step that installed the base's packages had the files. It must not leave the folder of one that did not exist
    // before.
    let entries = container::entries(&image);
    assert!(entries.iter().any(|entry| entry.path == "etc/mime.types"));
    let left = entries
        .iter()
        .filter(|entry| entry.path.starts_with("etc/ssh"));
    assert_eq!(left.count(), 0, "{entries:?}");
    assert_eq!(company.leaks(&since), Vec::<String>::new());
    // A user without secrets can use the crates that were already fetched.
    company
        .workspace
        .replace("crates/shown/src/main.rs", "{} {}", "{}, {}");
    let _ = Ran::of(&mut company.build()).succeeded();
    let image = format!("{}/shown:latest", company.registry);
    let _ = bakehouse_testkit::engine::docker(["pull", "--quiet", &image]);
    assert_eq!(container::prints(&image, []), "by token, by ssh");
}

#[test]
#[ignore = "shows that the search of the other test finds something: tools/test --slow"]
fn a_secret_that_a_step_writes_down_would_be_found() {
    let _turn = Turn::share();
    let company = Company::new();
    let dockerfile = company.workspace.read("docker/Dockerfile");
    let leaking = dockerfile.replace(
        "mkdir -p /vendor/out\n",
        "mkdir -p /vendor/out\necho \"$CARGO_REGISTRIES_PRIVATE_TOKEN\" >/vendor/out/note\n",
    );
    assert_ne!(leaking, dockerfile);
    company.workspace.write("docker/Dockerfile", &leaking);
    let since = Leaks::new();
    let bake = |command: &mut Command| {
        command
            .current_dir(company.workspace.dir())
            .args(["buildx", "bake", "--push", "--allow=ssh"])
            .arg(format!("--allow=fs.read={}", company.files))
            .env("REGISTRY", &company.registry)
            .env("CACHE_REF", format!("{}/cache", company.registry));
        for name in ["COMPANY_CERTIFICATES", "KNOWN_HOSTS"] {
            command.env(name, company.files.join(name));
        }
    };
    let mut command = Command::new("docker");
    bake(&mut command);
    let _ = Ran::of(company.knowing(&mut command)).succeeded();
    let found = company.leaks(&since);
    let registry = found
        .iter()
        .filter(|place| place.contains("/registry/"))
        .count();
    assert!(registry > 0 && found.len() > registry, "{found:?}");
}

#[test]
fn who_has_no_token_is_told_so() {
    let _turn = Turn::share();
    let company = Company::new();
    let mut command = company.build();
    for name in ["COMPANY_CERTIFICATES", "KNOWN_HOSTS"] {
        command.env(name, company.files.join(name));
    }
    let failed = Ran::of(&mut command).exited(1);
    failed.says("requires authentication");
}
