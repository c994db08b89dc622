//! Decisions that only a build makes: branches of scripts, stages and tags of workflows, parts of values.

use super::Row;

pub const ROWS: &[Row<'_>] = &[
    (
        "branches of scripts that the build does not take",
        &[(
            "Dockerfile",
            r#"ARG GPU
FROM tonistiigi/xx AS xx
FROM lukemathwalker/cargo-chef:latest-rust-1.95.0-bookworm AS builder
COPY --from=xx / /
RUN apt-get update && apt-get install -y clang
RUN xx-apt-get install -y libunwind-dev
COPY . /src
WORKDIR /src
ARG PROFILE=release
ARG FEATURES
ARG ALIGN=512
ENV LIST="default"
RUN if [ -s /run/secrets/token ]; then export LIST="$LIST,secret"; fi \
    && if [ "$ALIGN" = "4k" ]; then export LIST="$LIST,jemalloc"; \
       elif [ "$ALIGN" = "512" ]; then export LIST="$LIST,otlp"; fi \
    && xx-cargo build --profile $PROFILE ${FEATURES:+--features} $FEATURES --features=$LIST ${GPU:+--features=gpu} --bin gateway \
    && mv target/$(xx-cargo --print-target-triple)/$PROFILE/gateway /gateway
FROM debian:bookworm-slim AS base-cpu
FROM nvidia/opengl:1.2 AS base-gpu
FROM base-${GPU:+gpu}${GPU:-cpu}
ARG GPU
RUN if [ -n "$GPU" ]; then apt-get update && apt-get install -y libvulkan1 ; fi
ARG USER_ID=0
RUN apt-get update && apt-get install -y tzdata && \
    if [ "$USER_ID" != 0 ]; then useradd --uid "$USER_ID" app && mkdir -p /data; else echo root; fi
COPY --from=builder /gateway /usr/bin/gateway
CMD ["gateway"]
"#,
        )],
    ),
    (
        "bases by parts of variables",
        &[(
            "Dockerfile",
            r#"ARG RELEASE=bookworm
ARG FLAVOR=${RELEASE}-slim
ARG SUM=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ARG BASE=debian:${FLAVOR}
ARG BASE=${BASE/debian:bookworm-slim/debian:bookworm-slim@$SUM}
ARG BASE=${BASE/debian:bullseye-slim/debian:other}
ARG VERSION=v1.95.0
FROM rust:${VERSION#v}-${FLAVOR%-slim} AS builder
COPY . .
RUN cargo build --release --bin relayer
FROM $BASE
COPY --from=builder /target/release/relayer /usr/bin/relayer
CMD ["relayer"]
"#,
        )],
    ),
    (
        "a builder that is older than a package needs",
        &[
            (
                "rust-toolchain.toml",
                "[toolchain]\nprofile = \"minimal\"\n",
            ),
            (
                "crates/gateway/Cargo.toml",
                "[package]\nname = \"gateway\"\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.90\"\n\n[[bin]]\nname = \"gateway\"\npath = \"src/gateway.rs\"\n",
            ),
            (
                "Dockerfile",
                "FROM rust:1.91.0-bookworm AS builder\nCOPY . .\nRUN cargo build --release --bin gateway\nFROM debian:bookworm-slim\nCOPY --from=builder /target/release/gateway /usr/bin/\nCMD [\"gateway\"]\n",
            ),
            (
                "relayer/Dockerfile",
                "FROM rust:1.85.0-bookworm AS builder\nCOPY . .\nRUN cargo build --release --bin relayer\nFROM debian:bookworm-slim\nCOPY --from=builder /target/release/relayer /usr/bin/\nCMD [\"relayer\"]\n",
            ),
            (
                "tools/Dockerfile",
                "FROM rust:1.85.0-bookworm AS builder\nCOPY . .\nRUN cargo build --release --bin keygen\nFROM debian:bookworm-slim\nCOPY --from=builder /target/release/keygen /usr/bin/\nCMD [\"keygen\"]\n",
            ),
        ],
    ),
    (
        "no builder that is new enough",
        &[
            (
                "rust-toolchain.toml",
                "[toolchain]\nprofile = \"minimal\"\n",
            ),
            (
                "crates/relayer/Cargo.toml",
                "[package]\nname = \"relayer\"\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.90\"\n\n[[bin]]\nname = \"relayer\"\npath = \"src/relayer.rs\"\n",
            ),
            (
                "Dockerfile",
                "FROM rust:1.85.0-bookworm@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef AS builder\nCOPY . .\nRUN cargo build --release --bin relayer\nFROM debian:bookworm-slim\nCOPY --from=builder /target/release/relayer /usr/bin/\nCMD [\"relayer\"]\n",
            ),
        ],
    ),
    (
        "a stage that a run of the workflow says",
        &[
            (
                ".github/workflows/images.yml",
                r#"on:
  workflow_call:
    inputs: { stage: { required: true, type: string } }
jobs:
  build:
    strategy: { matrix: { name: [gateway, relayer] } }
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          target: ${{ inputs.stage }}
          tags: ghcr.io/acme/${{ matrix.name }}:1
          build-args: |
            PACKAGE=${{ matrix.name }}
            TARGET=x86_64-unknown-linux-musl
"#,
            ),
            (
                "Dockerfile",
                r#"ARG PACKAGE
FROM alpine:3.24 AS base-gateway
WORKDIR /bin
RUN apk add --no-cache iptables
FROM alpine:3.24 AS base-relayer
WORKDIR /bin
FROM base-${PACKAGE} AS base
ARG PACKAGE
ENV PACKAGE=${PACKAGE}
CMD ${PACKAGE}
FROM base AS release
ARG PACKAGE
COPY ${PACKAGE} .
FROM base AS dev
ARG PACKAGE
RUN apk add rustup sccache
ENV RUSTC_WRAPPER=sccache
COPY . .
RUN cargo build -p ${PACKAGE} && cp target/debug/${PACKAGE} /bin
"#,
            ),
        ],
    ),
    (
        "two targets of one image, whose tags a workflow ends in different ways",
        &[
            (
                ".github/workflows/images.yml",
                r#"env: { IMAGE: ghcr.io/acme/gateway }
jobs:
  build:
    steps:
      - uses: docker/metadata-action@v5
        with:
          images: ${{ env.IMAGE }}
          bake-target: docker-metadata-action
          tags: type=semver,pattern={{version}}
      - uses: docker/metadata-action@v5
        with:
          images: ${{ env.IMAGE }}
          bake-target: docker-metadata-action-debug
          flavor: |
            latest=auto
            suffix=-debug,onlatest=true
          tags: type=semver,pattern={{version}}
      - uses: docker/bake-action@v5
"#,
            ),
            (
                "docker-bake.hcl",
                r#"group "default" { targets = ["regular", "debug"] }
target "docker-metadata-action" {}
target "docker-metadata-action-debug" {}
target "regular" { inherits = ["docker-metadata-action"] }
target "debug" {
  inherits = ["docker-metadata-action-debug"]
  target = "debug"
}
"#,
            ),
            (
                "Dockerfile",
                r#"FROM rust:1.95-bookworm AS build
COPY . .
RUN cargo build --release --bin gateway
FROM debian:bookworm AS debug
COPY --from=build /target/release/gateway /usr/bin/
CMD ["gateway"]
FROM debian:bookworm-slim
COPY --from=build /target/release/gateway /usr/bin/
CMD ["gateway"]
"#,
            ),
        ],
    ),
    (
        "other forms of a Dockerfile, which workflows build under the same name",
        &[
            (
                ".github/workflows/a-kafka.yml",
                "jobs:\n  x:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: { context: ., file: Dockerfile.kafka, tags: \"quay.io/acme/relayer:kafka\" }\n",
            ),
            (
                ".github/workflows/b.yml",
                "jobs:\n  x:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: { context: ., file: Dockerfile, tags: \"quay.io/acme/relayer:edge\" }\n",
            ),
            (
                "Dockerfile.kafka",
                "FROM rust:1.95-bookworm AS build\nCOPY . .\nRUN cargo build --release --bin relayer --features otlp\nFROM debian:bookworm\nCOPY --from=build /target/release/relayer /usr/bin/\nCMD [\"relayer\"]\n",
            ),
            (
                "Dockerfile",
                "FROM rust:1.95-bookworm AS build\nCOPY . .\nRUN cargo build --release --bin relayer\nFROM debian:bookworm-slim\nCOPY --from=build /target/release/relayer /usr/bin/\nCMD [\"relayer\"]\n",
            ),
        ],
    ),
];
