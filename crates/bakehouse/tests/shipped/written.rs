//! What Bake files and Dockerfiles by hand say, case by case.

use super::Row;

/// A Dockerfile whose stages have the names of binaries.
const STAGES: &str = r#"ARG FEATURES=""
ARG PROFILE=release
FROM rust:1.95-trixie AS build
ARG FEATURES
ARG PROFILE
COPY . .
RUN cargo build --profile $PROFILE --features "$FEATURES" --bin gateway --bin relayer
FROM debian:trixie-slim AS gateway
ARG PROFILE
COPY --from=build /target/$PROFILE/gateway /usr/local/bin/
USER 1000:1000
ENTRYPOINT ["/usr/local/bin/gateway"]
FROM debian:trixie-slim AS relayer
ARG PROFILE
COPY --from=build /target/$PROFILE/relayer /usr/local/bin/
USER 1000:1000
ENTRYPOINT ["/usr/local/bin/relayer"]
"#;

pub const ROWS: &[Row<'_>] = &[
    (
        "targets that others inherit are no images",
        &[
            (
                "docker-bake.hcl",
                r#"group "default" { targets = ["gateway", "relayer"] }
target "docker-metadata" {}
target "docker-metadata-action" { tags = ["ghcr.io/acme/shop:main"] }
target "rust" { dockerfile = "Dockerfile" }
target "gateway" {
  inherits = ["rust", "docker-metadata"]
  target = "gateway"
  tags = ["ghcr.io/acme/gateway"]
}
target "relayer" {
  inherits = ["rust", "docker-metadata-action"]
  target = "relayer"
}
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "a Bake file laid over another one is a variant, or gives names",
        &[
            (
                "docker-bake.hcl",
                r#"variable "FEATURES" { default = "otlp" }
group "default" { targets = ["gateway"] }
target "docker-metadata-gateway" {}
target "_common" { args = { FEATURES = FEATURES } }
target "gateway" {
  inherits = ["_common", "docker-metadata-gateway"]
  target = "gateway"
}
"#,
            ),
            (
                "docker-bake-profiling.hcl",
                r#"target "_common" {
  args = {
    FEATURES = "otlp,jemalloc"
    PROFILE = "maxperf"
  }
}
target "gateway" { tags = ["ghcr.io/acme/gateway:profiling"] }
"#,
            ),
            (
                "docker-bake.ci.hcl",
                r#"variable "TAG" { default = "dev" }
target "docker-metadata-gateway" { tags = ["ghcr.io/acme/gateway:${TAG}"] }
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "variants, tags, platforms, outputs and labels of targets",
        &[
            (
                "docker-bake.hcl",
                r#"variable "TAG" { default = "dev" }
variable "COMMIT" { default = "" }
variable "PROFILE" { default = "release" }
group "default" { targets = ["gateway", "relayer"] }
group "nightly" { targets = ["gateway-heap", "gateway-archive"] }
group "unknown" { targets = ["gateway", "site"] }
group "more" { targets = ["nightly", "relayer"] }
target "_common" {
  platforms = ["linux/amd64", "linux/arm64"]
  args = { PROFILE = PROFILE }
  labels = {
    "org.opencontainers.image.source" = "https://example.com/shop"
    "org.opencontainers.image.revision" = COMMIT
  }
}
target "gateway-heap" {
  inherits = ["gateway"]
  args = { FEATURES = "jemalloc", PROFILE = "maxperf" }
  platforms = ["linux/amd64"]
  tags = ["ghcr.io/acme/gateway:${TAG}-heap"]
}
target "gateway" {
  inherits = ["_common"]
  target = "gateway"
  tags = ["ghcr.io/acme/gateway:${TAG}", "ghcr.io/acme/gateway:latest", "ghcr.io/acme/gateway:${COMMIT}"]
}
target "gateway-archive" {
  inherits = ["gateway"]
  tags = ["ghcr.io/acme/gateway:archive"]
  output = ["type=oci,dest=artifacts/gateway.tar"]
}
target "relayer" {
  inherits = ["_common"]
  target = "relayer"
  platforms = ["linux/amd64"]
  tags = ["ghcr.io/acme/relayer:stable"]
  output = ["type=docker,dest=artifacts/relayer.tar"]
}
target "local" {
  inherits = ["_common"]
  target = "relayer"
  tags = ["relayer:local"]
}
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "a context of Bake is followed",
        &[
            (
                "docker-bake.hcl",
                r#"group "all" { targets = ["gateway", "relayer"] }
target "builder" {
  dockerfile = "images/builder.Dockerfile"
  args = { PROFILE = "maxperf" }
  contexts = { rust = "docker-image://rust:1.95.0-bookworm@sha256:2222222222222222222222222222222222222222222222222222222222222222" }
}
target "base" { dockerfile = "images/base.Dockerfile" }
target "_image" {
  dockerfile = "images/image.Dockerfile"
  contexts = {
    builder = "target:builder"
    base = "target:base"
  }
}
target "gateway" {
  inherits = ["_image"]
  target = "gateway"
}
target "relayer" {
  inherits = ["_image"]
  target = "relayer"
}
target "keygen" {
  dockerfile = "images/script.Dockerfile"
  contexts = { tools = "../tools" }
}
"#,
            ),
            (
                "images/builder.Dockerfile",
                r#"FROM rust AS builder
ARG PROFILE=release
RUN apt-get update && apt-get install -y protobuf-compiler
COPY . /src
RUN cd /src && cargo build --profile $PROFILE --bin gateway --bin relayer && cp target/$PROFILE/gateway target/$PROFILE/relayer /dist/
"#,
            ),
            (
                "images/base.Dockerfile",
                "FROM debian:bookworm\nRUN apt-get install -y tini\nUSER 1000:1000\n",
            ),
            (
                "images/image.Dockerfile",
                r#"FROM base AS gateway
COPY --from=builder /dist/gateway /usr/local/bin/
ENTRYPOINT ["tini", "--", "gateway"]
FROM base AS relayer
COPY --from=builder /dist/relayer /usr/local/bin/
ENTRYPOINT ["tini", "--", "relayer"]
"#,
            ),
            (
                "images/script.Dockerfile",
                "FROM debian:bookworm\nCOPY --from=tools /dist/keygen /usr/local/bin/keygen\nUSER 5000:5000\n",
            ),
        ],
    ),
    (
        "names and values of CI",
        &[
            (
                "docker-bake.hcl",
                r#"variable "DOCKER_REGISTRY" { default = "" }
target "docker-metadata-gateway" {}
target "gateway" {
  inherits = ["docker-metadata-gateway"]
  target = "gateway"
}
target "relayer" {
  target = "relayer"
  tags = ["${DOCKER_REGISTRY}relayer:1"]
}
"#,
            ),
            ("Dockerfile", STAGES),
            (
                ".github/workflows/images.yml",
                r#"jobs:
  bake:
    strategy:
      matrix:
        image: [{ target: docker-metadata-gateway, registry: ghcr.io/acme/shop-gateway }]
    steps:
      - uses: docker/metadata-action@v5
        with:
          images: ${{ matrix.image.registry }}
          bake-target: ${{ matrix.image.target }}
          tags: type=raw,value=edge
      - uses: docker/bake-action@v6
        env: { DOCKER_REGISTRY: ghcr.io/acme/ }
        with: { targets: gateway }
"#,
            ),
        ],
    ),
    (
        "bases of services, static binaries and packages",
        &[(
            "Dockerfile",
            r#"FROM rust:1.94-slim@sha256:1111111111111111111111111111111111111111111111111111111111111111 AS build
RUN apt-get update && apt-get install -y mold
COPY . .
RUN RUSTFLAGS="-C link-arg=-fuse-ld=mold" cargo build --release --bin relayer --bin gateway
FROM rust:1.95 AS musl
COPY . .
RUN cargo build --release --target x86_64-unknown-linux-musl --bin keygen
FROM gcr.io/distroless/static-debian12:nonroot AS gateway
COPY --from=build /target/release/gateway /
ENTRYPOINT ["/gateway"]
FROM debian:trixie-slim@sha256:2222222222222222222222222222222222222222222222222222222222222222 AS relayer
RUN apt-get update && apt-get install -y libpq5 curl
COPY --from=build /target/release/relayer /usr/bin/
ENTRYPOINT ["relayer"]
FROM debian:trixie-slim@sha256:2222222222222222222222222222222222222222222222222222222222222222 AS gateway-admin
COPY --from=build /target/release/gateway-admin /usr/bin/
USER nobody
CMD ["gateway-admin", "--all"]
FROM scratch AS keygen
COPY --from=musl /target/x86_64-unknown-linux-musl/release/keygen /keygen
ENTRYPOINT ["/keygen"]
"#,
        )],
    ),
    (
        "the version of a Dockerfile where no toolchain is pinned, and an Alpine builder",
        &[
            (
                "rust-toolchain.toml",
                "[toolchain]\nprofile = \"minimal\"\n",
            ),
            (
                "Dockerfile",
                r#"FROM rust:1.95.0-alpine3.22 AS build
RUN apk add --no-cache musl-dev
COPY . .
RUN cargo build --release --bin relayer
FROM alpine:3.22
RUN apk add --no-cache ca-certificates
COPY --from=build /target/release/relayer /usr/local/bin/
ENTRYPOINT ["relayer"]
HEALTHCHECK CMD wget -q http://localhost:80/health
EXPOSE 80
"#,
            ),
        ],
    ),
    (
        "users, working folders, health checks and files",
        &[
            (
                "Dockerfile",
                r#"FROM rust:1.95-bookworm AS build
ARG GIT_SHA
COPY . /src
RUN cd /src && BUILD_ID="${BUILD_ID}" cargo build --release --bin gateway --features otlp,none --bin relayer --features otlp,none
FROM node:22 AS ui
WORKDIR /app
COPY ui .
RUN npm ci && npm run build
FROM debian:bookworm-slim AS gateway
RUN apt-get update && apt-get install -y curl
WORKDIR /app
COPY --from=build /src/target/release/gateway .
COPY config/gateway.toml config.toml
COPY scripts /scripts
COPY --from=ui /app/dist /static
RUN chmod +x /scripts/*.sh
LABEL org.opencontainers.image.source="https://example.com/shop" org.opencontainers.image.revision=$GIT_SHA
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=2s --start-period=1m30s --retries=5 CMD curl -f http://localhost:8080/health
CMD ["./gateway", "--config", "config.toml"]
FROM debian:bookworm-slim AS relayer
WORKDIR /usr/local/bin
COPY --from=build /src/target/release/relayer .
USER 1000:1000
HEALTHCHECK --timeout=3s CMD ["./relayer", "check"]
ENTRYPOINT ["./relayer"]
FROM ghcr.io/astral-sh/uv:0.10-trixie-slim AS keygen
COPY --from=build /src/target/release/keygen /usr/local/bin/
ENTRYPOINT ["uv", "run", "python"]
"#,
            ),
            ("config/gateway.toml", ""),
            ("scripts/start.sh", "#!/bin/sh\n"),
            ("ui/package.json", "{}"),
            (
                "crates/gateway/build.rs",
                "fn main() {\n    println!(\"{:?}\", std::env::var(\"GIT_SHA\"));\n    println!(\"{:?}\", std::env::var(\"BUILD_ID\"));\n    println!(\"{:?}\", std::env::var(\"OTHER\"));\n}\n",
            ),
        ],
    ),
    (
        "what a Bake file cannot say here",
        &[
            (
                "docker-bake.hcl",
                r#"variable "BUILD_PROFILE" { default = "release" }
target "gateway" {
  target = "gateway"
  args = { PROFILE = BUILD_PROFILE }
  platforms = [BAKE_LOCAL_PLATFORM]
  tags = [for name in ["a", "b"] : "ghcr.io/acme/${name}:1"]
  output = ["type=oci,dest=a.tar", "type=docker"]
}
target "inline" { dockerfile-inline = "FROM scratch" }
target "remote" { context = "https://example.com/shop.git" }
target "missing" { dockerfile = "missing.Dockerfile" }
target "relayer" {
  target = "relayer"
  output = ["type=oci"]
  labels = { "a" = "1", "dev.bakehouse.input-hash" = "x" }
}
target "twice" {
  target = "relayer"
  tags = ["relayer"]
}
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "variables that decide about a target",
        &[
            (
                "docker-bake.hcl",
                r#"variable "TAG" { default = "" }
variable "TAGS" { default = "latest,nightly" }
variable "PUSH_LATEST" { default = false }
variable "OUTPUT" { default = "type=docker,dest=artifacts/relayer.tar" }
variable "DEBUG" { default = "" }
function "tag" {
  params = [name]
  result = "ghcr.io/acme/${name}:${TAG == "" ? "nightly" : TAG}"
}
target "gateway" {
  target = "gateway"
  args = { PROFILE = DEBUG == "1" ? "dev" : "release" }
  tags = [tag("gateway"), PUSH_LATEST ? "ghcr.io/acme/gateway:latest" : ""]
  secret = ["id=token"]
  annotations = ["a=b"]
  network = "host"
  ssh = []
}
target "relayer" {
  target = "relayer"
  tags = [tag("relayer"), "docker.io/acme/relayer:1@sha256:2222222222222222222222222222222222222222222222222222222222222222"]
  output = [OUTPUT]
}
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "a list of tags in a variable, and the group of a matrix",
        &[
            (
                "docker-bake.hcl",
                r#"variable "TAGS" { default = "edge,nightly" }
target "all" {
  name = name
  matrix = { name = ["gateway", "relayer"] }
  target = name
  tags = [for tag in split(",", TAGS) : "ghcr.io/acme/${name}:${tag}"]
}
group "images" { targets = ["all"] }
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "what scripts, users and documents of an image do is said",
        &[
            (
                "Dockerfile",
                r#"FROM rust:1.95-bookworm AS build
ARG FLAGS
ENV CARGO_PROFILE_RELEASE_LTO=thin CC=clang CARGO_HOME=/cargo
COPY . .
RUN cargo +nightly build --release --config net.offline=true -Zunstable --bin gateway $(test -n "$F" && echo --features $F)
RUN cargo build --release --bin relayer $FLAGS
FROM rust:1.95-bookworm AS made
COPY . .
RUN make release
FROM debian:bookworm-slim AS gateway
RUN apt-get update && apt-get install -y --no-install-recommends curl=7.88.* libpq5=15.1 "libssl$V" && rm -rf /var/lib/apt/lists/*
RUN groupadd app && useradd -u 1000 -g 1000 app && mkdir -p /data/cache /etc/gateway && chown app /data
RUN setcap cap_net_bind_service=+ep /usr/bin/gateway && echo done >/dev/null && echo "a" > /etc/motd
COPY --from=build /target/release/gateway /usr/bin/gateway
RUN ln -s /usr/bin/gateway /gateway
COPY --chown=app:app config /etc/gateway
COPY <<EOF /etc/gateway/more.toml
a = 1
EOF
ENV PORT=8080 BIN=/usr/bin/gateway
USER 1000:1000
ENTRYPOINT ["/gateway"]
CMD ["--port", "8080"]
FROM debian:bookworm-slim AS relayer
COPY --from=build /target/release/relayer /app/relayer
ENV PORT=8080 RELAYER=/app/relayer
USER 1000:1000
CMD $RELAYER --port $PORT
FROM debian:bookworm-slim AS keygen
COPY --from=made /target/release/keygen /usr/local/bin/
USER 1000:1000
ENTRYPOINT ["keygen"]
"#,
            ),
            ("config/gateway.toml", ""),
        ],
    ),
    (
        "registries that images do not share",
        &[
            (
                "docker-bake.hcl",
                r#"target "gateway" {
  target = "gateway"
  tags = ["ghcr.io/acme/gateway:1", "docker.io/acme/gateway:1"]
}
target "relayer" {
  target = "relayer"
  tags = ["ghcr.io/acme/relayer:1"]
}
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "what calls of Bake set, and an empty list that a parent has",
        &[
            (
                "docker-bake.hcl",
                r#"target "_base" {
  output = ["type=oci,dest=out/image.tar"]
  platforms = ["linux/amd64"]
}
target "_none" {
  output = []
  platforms = []
}
target "gateway" {
  inherits = ["_base", "_none"]
  target = "gateway"
  tags = ["ghcr.io/acme/gateway:1", "ghcr.io/acme/gate:1"]
}
target "relayer" {
  target = "relayer"
  args = { PROFILE = "release" }
  platforms = ["linux/aarch64"]
}
"#,
            ),
            (
                ".github/workflows/images.yml",
                r#"on: push
jobs:
  images:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        platform: [linux/amd64, linux/arm64]
    steps:
      - uses: docker/bake-action@v6
        with:
          set: |
            gateway.platform=${{ matrix.platform }}
            *.cache-from=type=gha
            gateway.tags=ghcr.io/acme/other:1
      - run: docker buildx bake --set relayer.tags=ghcr.io/acme/relayer:stable --set '*.args.PROFILE=maxperf' relayer
      - run: |
          docker buildx bake relayer gateway --set 'relayer.labels.org.acme.team=core' \
            --set=gateway.target=other --set *.output=type=registry
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "files of a target, and what an image is changed by",
        &[
            (
                "docker-bake.hcl",
                r#"target "gateway" {
  contexts = { ui = "target:dashboard", made = "target:made" }
  tags = ["ghcr.io/acme/gateway:1"]
}
target "dashboard" {
  context = "dashboard"
  args = { NODE_ENV = "production", UNUSED = "1" }
  tags = ["ghcr.io/acme/shop-dashboard:3"]
}
target "made" { target = "build" }
"#,
            ),
            (
                "Dockerfile",
                r#"FROM rust:1.95-bookworm AS build
COPY . .
RUN cargo build --release --bin gateway
FROM debian:bookworm-slim
COPY --from=made /target/release/gateway /usr/local/bin/
COPY --from=ui /dist /srv/ui
COPY --chmod=600 config/key.pem /etc/key.pem
COPY --chmod=644 config/gateway.toml /etc/gateway.toml
ADD config/seed.tar.gz /srv/seed
WORKDIR /var/lib/gateway
VOLUME /var/lib/gateway
RUN --mount=type=bind,source=config,target=/c cp /c/more.toml /etc/more.toml
HEALTHCHECK CMD curl -f http://localhost:8080/healthz
EXPOSE 8080
ENTRYPOINT ["gateway"]
"#,
            ),
            ("config/gateway.toml", ""),
            ("config/key.pem", ""),
            ("config/more.toml", ""),
            ("config/seed.tar.gz", ""),
            (
                "dashboard/Dockerfile",
                "FROM node:20 AS build\nARG NODE_ENV\nRUN mkdir /dist\n",
            ),
        ],
    ),
    (
        "what Compose says of a build",
        &[
            (
                "compose.yaml",
                r#"services:
  gateway:
    image: ghcr.io/acme/gateway:${TAG:-dev}
    build:
      context: .
      target: gateway
      platforms: [linux/amd64]
      labels: { a: b }
      tags: ["ghcr.io/acme/gateway:old"]
    entrypoint: ["gateway", "${FLAG:---fast}"]
    command: ["serve"]
    ports: ["8000-8010:8000-8010", "9000:9000"]
  relayer:
    build: { context: ., target: relayer }
    command: relayer --price $$5
  inline:
    build:
      context: .
      dockerfile_inline: |
        FROM scratch
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "files that are copied over others",
        &[
            (
                "Dockerfile",
                r#"FROM rust:1.95-bookworm AS build
COPY . .
RUN cargo build --release --bin gateway --bin relayer
FROM debian:bookworm-slim AS gateway
COPY --from=build /target/release/gateway /usr/local/bin/
COPY config/default.toml /etc/gateway.toml
COPY config/production.toml /etc/gateway.toml
COPY config /etc/gateway
COPY zones/app.toml /etc/gateway/default.toml
ENTRYPOINT ["/usr/local/bin/gateway"]
FROM debian:bookworm-slim AS relayer
COPY --from=build /target/release/relayer /usr/local/bin/
COPY zones /etc/relayer
COPY config/default.toml /etc/relayer/app.toml
ENTRYPOINT ["/usr/local/bin/relayer"]
"#,
            ),
            ("config/default.toml", ""),
            ("config/production.toml", ""),
            ("zones/app.toml", ""),
        ],
    ),
    (
        "names of targets and images that are not kept are said",
        &[
            (
                "docker-bake.hcl",
                r#"variable "REL" { default = false }
target "API" {
  target = "gateway"
  tags = flatten([["ghcr.io/a/gateway:${coalesce("", "0")}x"], REL ? ["ghcr.io/a/gateway:rel"] : []])
}
target "relayer" {
  target = "relayer"
  tags = [format("docker.io/c/%s:%d", "relayer", 2)]
}
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "tags that are only in one of the registries are said",
        &[
            (
                "docker-bake.hcl",
                r#"target "gateway" {
  target = "gateway"
  tags = ["ghcr.io/acme/gateway:dev", "docker.io/acme/gateway:stable"]
}
"#,
            ),
            ("Dockerfile", STAGES),
        ],
    ),
    (
        "copies that do more than copy, relative paths and links in a shell",
        &[
            (
                "Dockerfile",
                r#"FROM rust:1.95-bookworm AS build
COPY . .
RUN cargo build --release --bin gateway --bin relayer
FROM debian:bookworm-slim AS gateway
COPY --from=build /target/release/gateway /usr/bin/
COPY config config
COPY --parents config/a.toml /opt/
COPY config/a.toml /etc/one.toml
COPY config/a.toml /etc/two.toml
ADD files.tar.gz /opt/
USER 1000:1000
ENTRYPOINT ["gateway", "--config", "config/a.toml"]
FROM debian:bookworm-slim AS relayer
COPY --from=build /target/release/relayer /opt/relayer/relayer
RUN ln -s /opt/relayer/relayer /usr/bin/relay
USER 1000:1000
CMD relay --x $FOO
"#,
            ),
            ("config/a.toml", ""),
            ("files.tar.gz", ""),
        ],
    ),
    (
        "a health check that a later line removes",
        &[(
            "Dockerfile",
            r#"FROM rust:1.95-bookworm AS build
COPY . .
RUN cargo build --release --bin gateway --bin relayer
FROM debian:bookworm-slim AS checked
HEALTHCHECK --interval=5s CMD ["gateway", "check"]
FROM checked AS gateway
COPY --from=build /target/release/gateway /usr/bin/
USER 1000:1000
HEALTHCHECK NONE
ENTRYPOINT ["gateway"]
FROM checked AS relayer
COPY --from=build /target/release/relayer /usr/bin/
USER 1000:1000
HEALTHCHECK NONE
HEALTHCHECK CMD ["relayer", "check"]
ENTRYPOINT ["relayer"]
"#,
        )],
    ),
];
