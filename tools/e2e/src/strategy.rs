//! Strategies that are tested for the same promises, and the usual Dockerfiles, which break them.

use std::fmt::Write;

use bakehouse_testkit::Workspace;

use crate::tiny::{SERVICES, library_of};

/// A way to build.
#[derive(Clone, Copy, Debug)]
pub struct Strategy {
    pub name: &'static str,
    /// Writes the files for the build. It is called after each edit.
    pub prepare: fn(&Workspace),
    /// The target that writes the registry cache, if services do not.
    pub cache: Option<&'static str>,
}

/// Every strategy of the generator.
pub const STRATEGIES: &[Strategy] = &[
    Strategy {
        name: "layer",
        prepare: Workspace::generate,
        cache: Some("compiled"),
    },
    Strategy {
        name: "mount",
        prepare: generate_mount,
        cache: Some("compiled"),
    },
];

fn generate_mount(workspace: &Workspace) {
    let chosen = "\n[cache]\nstrategy = \"mount\"\n";
    if !workspace.read("bakehouse.toml").contains(chosen) {
        workspace.append("bakehouse.toml", chosen);
    }
    workspace.generate();
}

/// The Dockerfile of many Rust projects: for each service a stage that compiles the copied sources in a mounted target
/// folder. It shows that the scenarios detect a stale binary.
pub const USUAL: Strategy = Strategy {
    name: "usual",
    prepare: |workspace| Usual::default().write(workspace),
    cache: None,
};

/// The usual Dockerfile with one target folder for all services, which a mount without an id leads to.
pub const USUAL_ONE_TARGET: Strategy = Strategy {
    name: "usual, one target folder",
    prepare: |workspace| {
        Usual {
            one_target: true,
            ..Usual::default()
        }
        .write(workspace);
    },
    cache: None,
};

/// The usual Dockerfile with a step that compiles the dependencies with empty sources before the real ones are copied.
pub const USUAL_STUBS: Strategy = Strategy {
    name: "usual, with stubs",
    prepare: |workspace| {
        Usual {
            stubs: true,
            ..Usual::default()
        }
        .write(workspace);
    },
    cache: None,
};

/// The usual Dockerfile with a crate folder that is not locked, which is the default of a mount.
pub const USUAL_UNLOCKED: Strategy = Strategy {
    name: "usual, unlocked",
    prepare: |workspace| {
        Usual {
            unlocked: true,
            ..Usual::default()
        }
        .write(workspace);
    },
    cache: None,
};

/// Differences between the usual Dockerfiles.
#[derive(Default)]
struct Usual {
    one_target: bool,
    stubs: bool,
    unlocked: bool,
}

impl Usual {
    /// Writes the Dockerfile and its Bake file.
    fn write(&self, workspace: &Workspace) {
        let config = workspace.read("bakehouse.toml");
        // Only checkouts of the same project share their mounts.
        let project = config
            .lines()
            .next()
            .and_then(|line| line.split('"').nth(1));
        let project = project.expect("`make_cold` gave the workspace a name");
        let mut dockerfile = String::new();
        let mut bake = String::from(USUAL_VARIABLES);
        for service in SERVICES {
            let cargo = format!(
                r"RUN --mount=type=cache,id={project}-registry,target=/cargo/registry,sharing={sharing} \
    --mount=type=cache,id={project}-git,target=/cargo/git,sharing={sharing} \
    --mount=type=cache,id={project}-target-{target},target=/build/target \
    cargo build --release --bin {service}",
                sharing = if self.unlocked { "shared" } else { "locked" },
                target = if self.one_target { "all" } else { service },
            );
            // The files that change least come first, as every guide recommends.
            let members = ["common", library_of(service), service];
            let _ = write!(
                dockerfile,
                "FROM docker.io/library/rust:1.95.0-slim-bookworm AS build-{service}\n\
             ENV CARGO_HOME=/cargo\n\
             WORKDIR /build\n\
             COPY Cargo.toml Cargo.lock ./\n",
            );
            if self.stubs {
                for member in members {
                    let _ = writeln!(
                        dockerfile,
                        "COPY crates/{member}/Cargo.toml crates/{member}/"
                    );
                }
                let _ = writeln!(
                    dockerfile,
                    "RUN for member in crates/*; do mkdir $member/src && touch $member/src/lib.rs; done && \\\n    \
                 rm crates/{service}/src/lib.rs && echo 'fn main() {{}}' >crates/{service}/src/main.rs\n\
                 {cargo}",
                );
            }
            for member in members {
                let _ = writeln!(dockerfile, "COPY crates/{member} crates/{member}");
            }
            let _ = write!(
                dockerfile,
                r"{cargo} && mkdir -p /out && cp target/release/{service} /out/

FROM docker.io/library/debian:bookworm-slim AS {service}
COPY --from=build-{service} /out/{service} /usr/local/bin/
ENTRYPOINT [{entrypoint:?}]

",
                entrypoint = format!("/usr/local/bin/{service}"),
            );
            let _ = write!(bake, "{}", USUAL_TARGET.replace("SERVICE", service));
        }
        workspace.write("Dockerfile", &dockerfile);
        workspace.write("docker-bake.hcl", &bake);
    }
}

const USUAL_VARIABLES: &str = r#"variable "REGISTRY" {}
variable "CACHE_REF" { default = "" }
"#;

const USUAL_TARGET: &str = r#"target "SERVICE" {
  target = "SERVICE"
  tags = ["${REGISTRY}/SERVICE:latest"]
  cache-from = CACHE_REF == "" ? [] : ["type=registry,ref=${CACHE_REF}:SERVICE-main"]
  cache-to = CACHE_REF == "" ? [] : ["type=registry,ref=${CACHE_REF}:SERVICE-main,mode=max"]
}
"#;
