# shellcheck shell=bash
# Shared by the scripts of a release: names, and what the manifests say.

# Every target that has an archive.
# shellcheck disable=SC2034 # used by those that source this file
targets=(aarch64-apple-darwin aarch64-unknown-linux-musl x86_64-apple-darwin x86_64-unknown-linux-musl)

# fail MESSAGE: ends the script.
fail() {
  printf 'error: %s\n' "$1" >&2
  exit 1
}

# said KEY: prints a key of the root manifest's [workspace.package].
said() {
  sed -n '/^\[workspace\.package\]$/,/^\[/s/^'"$1"' = "\(.*\)"$/\1/p' Cargo.toml
}

# archive_name TARGET: prints the name of an archive without `.tar.gz`. It is also the folder in the archive.
archive_name() {
  printf 'bakehouse-%s-%s\n' "$(said version)" "$1"
}

# changes VERSION: prints the changelog's section of a version, without its title.
changes() {
  awk -v title="## $1" '
    $0 == title || index($0, title " ") == 1 { inside = 1; next }
    /^## / { inside = 0 }
    inside' CHANGELOG.md
}
