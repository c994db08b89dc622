//! `bakehouse init` in repositories that already say what they ship.

use std::fmt::Write;

use crate::grove::Grove;

mod decided;
mod written;

/// Package → its binaries; the first is `src/main.rs`.
const PACKAGES: [(&str, &[&str]); 4] = [
    ("gateway", &["gateway", "gateway-admin"]),
    ("relayer", &["relayer"]),
    ("tools", &["keygen"]),
    ("xtask", &["xtask"]),
];

/// Returns a workspace of [`PACKAGES`] with more files.
fn repository(files: &[(&str, &str)]) -> Grove {
    let mut lock = "version = 4\n".to_owned();
    let mut all: Vec<(String, String)> = Vec::new();
    for (package, binaries) in PACKAGES {
        let _ = write!(
            lock,
            "\n[[package]]\nname = {package:?}\nversion = \"0.1.0\"\n"
        );
        let mut manifest = format!(
            "[package]\nname = {package:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\notlp = []\njemalloc = []\n"
        );
        for bin in binaries {
            let _ = write!(
                manifest,
                "\n[[bin]]\nname = {bin:?}\npath = \"src/{bin}.rs\"\n"
            );
            all.push((
                format!("crates/{package}/src/{bin}.rs"),
                "fn main() {}".into(),
            ));
        }
        all.push((format!("crates/{package}/Cargo.toml"), manifest));
    }
    all.push(("Cargo.lock".into(), lock));
    all.push((
        "Cargo.toml".into(),
        "[workspace]\nresolver = \"3\"\nmembers = [\"crates/gateway\", \"crates/relayer\", \"crates/tools\", \"crates/xtask\"]\n\n[profile.maxperf]\ninherits = \"release\"\n".into(),
    ));
    all.push((
        "rust-toolchain.toml".into(),
        "[toolchain]\nchannel = \"1.95.0\"\n".into(),
    ));
    let mut all: Vec<(&str, &str)> = all
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    all.extend(files);
    Grove::new(&all)
}

/// Case → files.
pub type Row<'a> = (&'a str, &'a [(&'a str, &'a str)]);

const ROWS: &[Row<'_>] = &[
    (
        "a Dockerfile with one image",
        &[
            (
                "deploy/Dockerfile",
                r#"ARG PROFILE=maxperf
FROM rust:1.95 AS builder
WORKDIR /src
RUN apt-get update && apt-get install -y cmake \
    libclang-dev
COPY . .
ARG PROFILE
ENV RUSTFLAGS="-C force-frame-pointers=yes"
RUN cargo build --profile $PROFILE -p gateway --features otlp,none --no-default-features --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends tini ca-certificates && \
    groupadd -g 2000 app && useradd -u 2000 -g 2000 app
COPY --from=builder /src/target/$PROFILE/gateway /src/target/$PROFILE/gateway-admin /usr/bin/
COPY config /etc/gateway/
COPY deploy/limits.conf /etc/limits.conf
COPY --from=builder /usr/lib/libz.so /usr/lib/
ENV RUST_LOG=info PORT=8080
ENV PATH=/opt/bin:$PATH
EXPOSE 8080 9000/udp
USER app
STOPSIGNAL SIGINT
HEALTHCHECK CMD curl -f http://localhost:8080/healthz || exit 1
ENTRYPOINT ["tini", "--", "/usr/bin/gateway"]
CMD ["--config", "/etc/gateway/gateway.toml"]
"#,
            ),
            ("config/gateway.toml", ""),
            ("deploy/limits.conf", ""),
        ],
    ),
    (
        "a Bake file with several targets of one Dockerfile",
        &[
            (
                "docker-bake.hcl",
                r#"variable "TAG" { default = "latest" }
variable "REGISTRY" { default = "ghcr.io/acme/shop" }
function "image" {
  params = [name]
  result = ["${REGISTRY}/${name}:${TAG}"]
}
group "default" { targets = ["gateway", "relayer"] }
group "nightly" { targets = ["relayer-nightly", "gateway"] }
group "sites" { targets = ["each"] }
target "_common" {
  dockerfile = "Dockerfile"
  platforms = ["linux/amd64", "linux/arm64"]
}
target "gateway" {
  inherits = ["_common"]
  args = { BIN = "gateway" }
  tags = image("shop-gateway")
}
target "relayer" {
  inherits = ["_common"]
  args = { BIN = "relayer", FEATURES = "jemalloc" }
  tags = image("relayer")
}
target "relayer-nightly" {
  inherits = ["relayer"]
  args = { PROFILE = "maxperf" }
  tags = ["${REGISTRY}/relayer-nightly:${timestamp()}"]
}
target "each" {
  name = "site-${item}"
  matrix = { item = ["a", "b"] }
  dockerfile = "site/Dockerfile"
  context = "."
  args = { SITE = item }
}
target "odd" {
  dockerfile = "Dockerfile"
  tags = [sha256("x")]
}
"#,
            ),
            (
                "Dockerfile",
                r#"FROM rust:1.95 AS build
ARG PROFILE=release
ARG FEATURES=""
ARG BIN
COPY . /src
RUN --mount=type=cache,target=/src/target cd /src && \
    # only what is asked for
    if [ -n "$FEATURES" ]; then cargo build --profile ${PROFILE} --bin ${BIN} --features "$FEATURES"; \
    else cargo build --profile ${PROFILE} --bin ${BIN}; fi && cp target/$PROFILE/$BIN /out/$BIN
FROM gcr.io/distroless/cc-debian12
ARG BIN
COPY --from=build /out/$BIN /app
USER nonroot
ENTRYPOINT ["/app"]
"#,
            ),
            (
                "site/Dockerfile",
                "FROM node\nCOPY . .\nRUN npm run build\n",
            ),
        ],
    ),
    (
        "a Compose file and a workflow",
        &[
            (
                "compose.yaml",
                r#"services:
  db:
    image: postgres
  api:
    build: { context: ., target: gateway }
    ports: ["80:8080"]
    depends_on: [db, worker]
  worker:
    build:
      context: .
      target: gateway
    command: gateway worker --queue jobs
"#,
            ),
            (
                ".github/workflows/images.yml",
                r#"on: push
env: { IMAGE: ghcr.io/acme/relayer }
jobs:
  build:
    strategy: { matrix: { bin: [relayer] } }
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with: { images: "${{ env.IMAGE }}" }
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: Dockerfile
          target: ${{ matrix.bin }}
          tags: ${{ steps.meta.outputs.tags }}
          build-args: |
            FEATURES=otlp
"#,
            ),
            (
                "Dockerfile",
                r#"FROM rust:1.95 AS builder
ARG FEATURES=jemalloc
WORKDIR /w
COPY . .
RUN cargo install --path crates/relayer --root /out --features=$FEATURES && cargo install --path crates/gateway --root /out
FROM debian:bookworm-slim AS gateway
COPY --from=builder /out/bin/gateway /usr/local/bin/
CMD exec gateway serve
FROM debian:bookworm-slim AS relayer
COPY --from=builder /out/bin/relayer /usr/local/bin/
USER 1000:1001
CMD ["relayer"]
"#,
            ),
        ],
    ),
    (
        "a Bake file with two registries and a group that cannot be",
        &[
            (
                "docker-bake.hcl",
                r#"target "relayer" { tags = ["ghcr.io/acme/relayer:1", "quay.io/acme/relayer:1"] }
target "admin" {
  args = { BIN = "gateway-admin" }
  tags = ["ghcr.io/acme/admin:1", "quay.io/acme/admin:1"]
}
group "relayer" { targets = ["admin"] }
"#,
            ),
            (
                "Dockerfile",
                r#"FROM rust AS build
COPY . .
RUN cargo build --release --workspace
FROM debian
ARG BIN=relayer
COPY --from=build /target/release/${BIN} /usr/local/bin/
ENV BIN=$BIN
ENTRYPOINT exec $BIN
"#,
            ),
        ],
    ),
    (
        "a chart that names the image",
        &[
            (
                "Dockerfile",
                "FROM rust AS b\nCOPY . .\nRUN cargo build --release --bin relayer\nFROM debian\nCOPY --from=b /target/release/relayer /\nENTRYPOINT [\"/relayer\"]\n",
            ),
            ("charts/relayer/Chart.yaml", "name: relayer\n"),
            (
                "charts/relayer/values.yaml",
                "image:\n  repository: quay.io/acme/relayer\nsidecar:\n  image: { repository: envoy }\n",
            ),
            ("charts/broken/Chart.yaml", "name: x\n"),
            ("charts/broken/values.yaml", "{{ if x }}\n- a: [\n"),
            ("other/values.yaml", "{{ not a chart\n"),
        ],
    ),
    (
        "one program under several names",
        &[(
            "Dockerfile",
            r#"FROM rust:1.95-alpine AS builder
COPY . /src
RUN cd /src && cargo build --release -p tools
FROM alpine
COPY --from=builder /src/target/release/keygen /keygen
RUN ln -s /keygen /rotate
ENTRYPOINT ["/rotate"]
CMD ["--once"]
"#,
        )],
    ),
    (
        "files that are not understood",
        &[
            (
                "Dockerfile",
                "FROM {{ base }}\n{{ if x }}\nCOPY a b\n{{ end }}\n",
            ),
            ("docker-bake.hcl", "target \"x\" {\n"),
            ("bake.json", "{"),
            ("compose.yaml", "services: [\n"),
            (".github/workflows/x.yml", "jobs: {{\n"),
            (
                "tests/Dockerfile",
                "FROM rust\nRUN cargo build --bin relayer\nCMD [\"relayer\"]\n",
            ),
            (
                "README.md",
                "Run `gateway` and\n```\ncargo run --bin relayer\n```\nbut not keygen.\n",
            ),
        ],
    ),
    (
        "several calls of Cargo in one step, and quoted values",
        &[
            (
                "Dockerfile",
                r#"FROM rust:1.95 AS builder
COPY . /src
WORKDIR /src
RUN cargo build --release -p gateway && \
    export RUSTFLAGS="-C target-cpu=x86-64-v3" && \
    cargo build --profile maxperf -p relayer --features jemalloc && \
    cargo build --release -p gateway --features otlp
FROM debian:bookworm-slim AS gateway
COPY --from=builder /src/target/release/gateway /usr/bin/
ENV LEVEL=info
ENV LEVEL=debug OLD=$LEVEL PATTERN='$1;x' \
    # of the proxy
    URL=http://proxy/?a=1&b=2 PRICE=\$5
SHELL ["/bin/bash", "-eo", "pipefail", "-c"]
USER 2000
CMD gateway --pattern '$LEVEL' --level $LEVEL | tee /tmp/log
FROM debian:bookworm-slim AS relayer
COPY --from=builder /src/target/maxperf/relayer /usr/bin/
USER 5
HEALTHCHECK CMD pgrep relayer
CMD ["relayer"]
"#,
            ),
            (
                "compose.yaml",
                r#"services:
  relayer:
    image: quay.io/acme/relayer
    build: { context: ., target: relayer }
    command: relayer --price $$5 '$${NAME}'
    environment: { A: b }
    user: "7"
  gateway:
    build: { context: ., target: gateway }
"#,
            ),
        ],
    ),
    (
        "values that a configuration cannot have",
        &[(
            "Dockerfile",
            r#"FROM rust:1.95 AS builder
COPY . /src
RUN cd /src && cargo build --profile fastest -p relayer
FROM debian:bookworm-slim
COPY --from=builder /src/target/fastest/relayer /usr/bin/relayer
ENV 1X=2
USER relayer
EXPOSE 0
CMD ["relayer"]
"#,
        )],
    ),
];

/// Returns what is proposed in each case. Each proposal is one that `plan` accepts.
fn proposed(rows: &[Row<'_>]) -> String {
    let mut all = String::new();
    for (case, files) in rows {
        let grove = repository(files);
        let printed = grove.run(&["init", "--print"]);
        let _ = write!(all, "===== {case}\n{printed}\n");
        grove.run(&["init"]);
        grove.run(&["plan"]);
    }
    all
}

#[test]
fn what_the_repository_ships_is_proposed_with_its_places_and_plans() {
    insta::assert_snapshot!(proposed(ROWS));
}

#[test]
fn what_bake_files_and_dockerfiles_by_hand_say_is_proposed_and_plans() {
    insta::assert_snapshot!(proposed(written::ROWS));
}

#[test]
fn what_only_a_build_decides_is_proposed_as_it_is_without_a_word_and_plans() {
    insta::assert_snapshot!(proposed(decided::ROWS));
}

#[test]
fn hundreds_of_dockerfiles_and_huge_ones_end_in_a_count() {
    let mut files: Vec<(String, String)> = (0..230)
        .map(|n| {
            let text = "FROM {{ base }}\n".to_owned();
            (format!("images/{n}/Dockerfile"), text)
        })
        .collect();
    files.push(("Dockerfile".to_owned(), "# x\n".repeat(200_000)));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let printed = repository(&files).run(&["init", "--print"]);
    let passed: Vec<&str> = printed
        .lines()
        .skip_while(|line| *line != "# Passed over:")
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(passed.len() < 16, "{printed}");
    for word in ["Dockerfile is too large", "more files, after 200", "and "] {
        assert!(
            passed.iter().any(|line| line.contains(word)),
            "{word}: {passed:?}"
        );
    }
}

#[test]
fn without_a_configuration_the_services_are_those_of_the_manifests_and_generate_names_init() {
    let grove = repository(&[("Dockerfile", "FROM x\n")]);
    let said = grove.run(&["generate"]);
    assert!(said.contains("`bakehouse init`"), "{said}");
    let bake = std::fs::read_to_string(grove.path("docker-bake.hcl")).unwrap();
    for name in ["gateway", "gateway-admin", "relayer", "keygen"] {
        assert!(bake.contains(&format!("target \"{name}\"")), "{name}");
    }
    assert!(!bake.contains("target \"xtask\""), "{bake}");
    grove.write("bakehouse.toml", "[services.relayer]\n");
    let said = grove.run(&["generate"]);
    assert!(!said.contains("init"), "{said}");
}
