#!/bin/sh
# Installs bakehouse: downloads a release, compares it with its checksum, and puts the program into a folder.
#
#   install.sh [--version VERSION] [--sha256 SUM] [--to FOLDER] [--target TARGET]
#
# --version is the release, such as 1.2.3; the script of a release installs that one by default.
# --sha256  is the checksum that the archive has to have. Without it, sums that the script of a release holds count, and for another
#           version the file SHA256SUMS beside the archive: that one finds a damaged download, but no dishonest server.
# --to      is the folder; default ~/.local/bin.
# --target  is the target; default that of this machine.
#
# BAKEHOUSE_RELEASES is the address of another server: there the archive is vVERSION/bakehouse-VERSION-TARGET.tar.gz.
# Needs a POSIX shell, tar, curl or wget, and sha256sum, shasum or openssl.
set -eu

# A release fills these in.
server=
version=
sums=

fail() {
  printf 'error: %s\n' "$1" >&2
  exit 1
}

usage() {
  printf 'usage: install.sh [--version VERSION] [--sha256 SUM] [--to FOLDER] [--target TARGET]\n' >&2
  exit 2
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Prints the target of this machine.
machine() {
  case $(uname -sm) in
  'Darwin arm64') printf 'aarch64-apple-darwin\n' ;;
  'Darwin x86_64') printf 'x86_64-apple-darwin\n' ;;
  'Linux aarch64' | 'Linux arm64') printf 'aarch64-unknown-linux-musl\n' ;;
  'Linux x86_64' | 'Linux amd64') printf 'x86_64-unknown-linux-musl\n' ;;
  *) fail "there is no release for $(uname -sm); build it: cargo install --locked --path crates/bakehouse" ;;
  esac
}

# download URL FILE
download() {
  if has curl; then
    curl --fail --silent --show-error --location --retry 3 --output "$2" "$1" || fail "$1 cannot be downloaded"
  elif has wget; then
    wget -q -O "$2" "$1" || fail "$1 cannot be downloaded"
  else
    fail "there is neither curl nor wget"
  fi
}

# Prints the checksum of a file.
checksum() {
  if has sha256sum; then
    sha256sum <"$1"
  elif has shasum; then
    shasum -a 256 <"$1"
  elif has openssl; then
    openssl dgst -sha256 -r <"$1"
  else
    fail "nothing here computes SHA-256: neither sha256sum, shasum nor openssl"
  fi | cut -c 1-64
}

# Reads lines of checksums, and prints the one of a file.
sum_of() {
  while read -r sum file; do
    if [ "${file#\*}" = "$1" ]; then
      printf '%s\n' "$sum"
    fi
  done
}

# The whole script is read before anything is done: a download of it that breaks off does nothing.
main() {
  released=$version
  to=${HOME:+$HOME/.local/bin}
  wanted=
  target=
  while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || usage
    case $1 in
    --version) version=${2#v} ;;
    --sha256) wanted=$2 ;;
    --to) to=$2 ;;
    --target) target=$2 ;;
    *) usage ;;
    esac
    shift 2
  done
  server=${BAKEHOUSE_RELEASES:-$server}
  server=${server%/}
  [ -n "$server" ] || fail "no server is known: set BAKEHOUSE_RELEASES, or take install.sh of a release"
  [ -n "$version" ] || fail "name a version: --version 1.2.3"
  [ -n "$to" ] || fail "name a folder: --to FOLDER"
  [ -n "$target" ] || target=$(machine)

  name=bakehouse-$version-$target
  archive=$name.tar.gz
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 1' HUP INT TERM
  if [ -z "$wanted" ] && [ "$version" = "$released" ]; then
    wanted=$(printf '%s\n' "$sums" | sum_of "$archive")
  fi
  if [ -z "$wanted" ]; then
    download "$server/v$version/SHA256SUMS" "$scratch/SHA256SUMS"
    wanted=$(sum_of "$archive" <"$scratch/SHA256SUMS")
    [ -n "$wanted" ] || fail "$server/v$version/SHA256SUMS does not list $archive"
  fi

  download "$server/v$version/$archive" "$scratch/$archive"
  sum=$(checksum "$scratch/$archive")
  wanted=$(printf '%s' "$wanted" | tr '[:upper:]' '[:lower:]')
  [ "$sum" = "$wanted" ] || fail "$archive is not what was released: its checksum is $sum, and should be $wanted"
  tar -xzf "$scratch/$archive" -C "$scratch"

  # It is moved within one folder, so that there is never half of it.
  mkdir -p "$to"
  new=$to/.bakehouse.$$
  trap 'rm -rf "$scratch" "$new"' EXIT
  cp "$scratch/$name/bakehouse" "$new"
  chmod 755 "$new"
  said=$("$new" --version) || fail "bakehouse for $target does not run here"
  mv -f "$new" "$to/bakehouse"
  printf 'installed %s\n' "$said as $to/bakehouse"
  case ":$PATH:" in
  *":$to:"*) ;;
  *) printf 'PATH does not have the folder: add %s\n' "$to" ;;
  esac
}

main "$@"
