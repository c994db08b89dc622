//! The examples under `--help`, in the manual's pages and in docs/cli.md.

pub const INIT: &str = "\
Examples:

    bakehouse init                # write bakehouse.toml
    bakehouse init --print        # see it first";

pub const GENERATE: &str = "\
Examples:

    bakehouse generate            # write what is out of date
    bakehouse generate --diff     # see what would change
    bakehouse generate --check    # in CI: exit with 3 when something would";

pub const PLAN: &str = "\
Examples:

    bakehouse plan
    bakehouse plan --format json | jq -r '.services[] | \"\\(.name) \\(.input_hash)\"'";

pub const GRAPH: &str = "\
Examples:

    bakehouse graph --out graph.html                  # a page to click through
    bakehouse graph --format mermaid                  # for a README
    bakehouse graph --format dot | dot -Tsvg >graph.svg";

pub const GROUP: &str = "\
Examples:

    bakehouse group                          # see what would be put together, and why
    bakehouse group --write                  # write [groups] into bakehouse.toml";

pub const BUILD: &str = "\
Examples:

    bakehouse build                          # every service that the engine does not have
    bakehouse build api worker               # these two; all variants of worker
    bakehouse build --push                   # what the registry does not have
    bakehouse build --push --digests digests.json
    bakehouse build api -- --no-cache        # with arguments for `docker buildx bake`
    bakehouse build --progress json          # lines of JSON, for a program";

pub const DEV: &str = "\
Examples:

    bakehouse dev                            # all services, with their logs
    bakehouse dev api --no-logs              # api and what it depends on; a line for each edit
    bakehouse dev api --keep                 # the containers stay after Ctrl-C";

pub const DOCTOR: &str = "\
Examples:

    bakehouse doctor                         # all checks, each failed one with its remedy
    bakehouse doctor --verbose               # also what each check requires
    bakehouse doctor --format json | jq '.checks[] | select(.verdict != \"good\")'";

pub const BENCH: &str = "\
Examples:

    bakehouse bench                                               # all ways, all scenarios
    bakehouse bench --way host,layer --scenario service,common    # two columns, two rows
    bakehouse bench --runner ci --registry 127.0.0.1:5000         # and a bare runner, the context `ci`
    bakehouse bench --replay HEAD~20.. --way layer,chef           # the last 20 commits, one after another";

pub const BUILDER: &str = "\
Examples:

    bakehouse builder                        # print the commands
    bakehouse builder fleet --create         # run them
    BUILDX_BUILDER=fleet docker buildx bake";

pub const CI: &str = "\
Examples:

    bakehouse ci github                      # write .github/workflows/bakehouse.yml
    bakehouse ci github --check              # exit with 3 when it is out of date";

pub const HANDOVER_KUBERNETES: &str = "\
Examples:

    bakehouse handover kubernetes --digests digests.json --namespace live | kubectl apply --filename -
    bakehouse handover kubernetes --out base/shop.yaml    # by tag: to be kept, patched and pinned by Kustomize";

pub const HANDOVER_KUSTOMIZE: &str = "\
Examples:

    bakehouse handover kustomize --digests digests.json --out overlays/live/images/kustomization.yaml
    bakehouse handover kustomize --digests - <digests.json";

pub const HANDOVER_HELM: &str = "\
Examples:

    bakehouse handover helm --digests digests.json --out images.yaml
    bakehouse handover helm --digests digests.json --registry mirror.example/shop";

pub const HANDOVER_COMPOSE: &str = "\
Examples:

    bakehouse handover compose --digests digests.json --out docker/compose.live.yaml";

pub const HANDOVER_GITHUB: &str = "\
Examples:

    bakehouse handover github --digests digests.json >>\"$GITHUB_OUTPUT\"";

pub const SBOM: &str = "\
Examples:

    bakehouse sbom api                       # CycloneDX
    bakehouse sbom --format spdx --out sbom  # sbom/<service>.spdx.json for each service";

pub const PACKS_CHECK: &str = "\
Examples:

    bakehouse packs check                    # all packs of bakehouse.toml
    bakehouse packs check packs/core         # a folder";

pub const PACKS_BUILD: &str = "\
Examples:

    bakehouse packs build
    bakehouse packs build core --platform linux/amd64,linux/arm64";

pub const PACKS_LIST: &str = "\
Examples:

    bakehouse packs list
    bakehouse packs list --format json";

pub const PIN: &str = "\
Examples:

    bakehouse pin                            # toolchain.json, and digests of base images
    bakehouse pin --check --only toolchain   # in CI, without a registry";

pub const REBASE: &str = "\
Examples:

    bakehouse rebase --base debian:bookworm-slim@sha256:…        # all services, and bakehouse.toml
    TAG=1.2.3 bakehouse rebase api --base debian:bookworm-slim@sha256:…
    bakehouse rebase --from debian:bookworm-slim@sha256:…        # where bakehouse.toml names the new base already";

pub const PRUNE: &str = "\
Examples:

    bakehouse prune --registry               # list, and delete nothing
    bakehouse prune --registry --branch origin/main --branch origin/release-1
    bakehouse prune --registry --keep 20 --older 14d --yes";

pub const VERIFY: &str = "\
Examples:

    bakehouse verify ghcr.io/acme/shop/api:1.2.3
    bakehouse verify ghcr.io/acme/shop/api:1.2.3 --key cosign.pub
    bakehouse verify ghcr.io/acme/shop/api:1.2.3 --format json --certificate-identity-regexp '^https://github.com/acme/' \\
        --certificate-oidc-issuer https://token.actions.githubusercontent.com";

pub const REPRODUCE: &str = "\
Examples:

    bakehouse reproduce ghcr.io/acme/shop/api:1.2.3
    bakehouse reproduce ghcr.io/acme/shop/api:1.2.3 ghcr.io/acme/shop/worker:1.2.3 --builder fresh --platform linux/amd64
    bakehouse reproduce ghcr.io/acme/shop/api:1.2.3 --base debian:bookworm-slim@sha256:…    # after `rebase`";

pub const AFFECTED: &str = "\
Examples:

    bakehouse affected                       # since the branch left the main branch
    bakehouse affected --since origin/main
    bakehouse affected --since HEAD~1 --format github >>\"$GITHUB_OUTPUT\"";

pub const WHY: &str = "\
Examples:

    bakehouse why api                        # what it is built from
    bakehouse why api --since origin/main    # what changed, and how it reaches the service
    bakehouse why api --since HEAD --verbose # all of it";

pub const COMPLETIONS: &str = "\
Examples:

    bakehouse completions bash >~/.local/share/bash-completion/completions/bakehouse
    bakehouse completions zsh >\"${fpath[1]}/_bakehouse\"
    bakehouse completions fish >~/.config/fish/completions/bakehouse.fish";
