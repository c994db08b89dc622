# Provides folders of the repository from which Cargo takes third-party crates. Sourced by vendor.sh, which copies them
# into the Cargo home, and by the scripts that compile third-party crates.
#
#   FOLDERS=..    for vendor.sh
mkdir -p /vendor/out/local
for folder in ${FOLDERS-$(cat /cargo-home/folders)}; do
  mkdir -p "/vendor/out/local/$folder" "$(dirname "$folder")"
  if [ -n "${FOLDERS-}" ]; then
    cp -R --preserve=mode,links "/sources/$folder/." "/vendor/out/local/$folder"
    ln -sfn "/vendor/out/local/$folder" "$folder"
    echo "$folder" >>/vendor/out/folders
  else
    ln -sfn "/cargo-home/local/$folder" "$folder"
  fi
done
if [ -n "${FOLDERS-}" ]; then
  # Cargo does not notice an edited crate of the same version, so these sums are compared.
  (cd /vendor/out/local && find . -name .cargo-checksum.json) | sed 's|/[^/]*$||' | LC_ALL=C sort | while read -r crate; do
    cd "/vendor/out/local/$crate"
    package=$(awk -F '"' '/^\[package\]/{p=1} p && /^name *=/ && !n {n=$2} p && /^version *=/ && !v {v=$2} END{print n "@" v}' Cargo.toml)
    sum=$(find . -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum)
    printf '%s %s %s\n' "$crate" "$package" "${sum%% *}"
  done >/vendor/out/sources
  return
fi
touch target/sources
changed=$(awk '{ gsub(/"/, "") }
  FILENAME == "/cargo-home/Cargo.lock" { if ($1 == "name") name = $3; if ($1 == "version" && name) { locked[name "@" $3] = 1; name = "" } next }
  FILENAME == "target/sources" { was[$1] = $3; next }
  ($1 in was) && was[$1] != $3 && ($2 in locked) { printf " -p %s", $2 }' /cargo-home/Cargo.lock target/sources /cargo-home/sources)
[ -z "$changed" ] || clean $changed || find target -mindepth 1 ! -path '*/lock' ! -path '*/toolchain*' -delete
awk 'NR == FNR { now[$1] = 1; print; next } !($1 in now)' /cargo-home/sources target/sources >/tmp/sources
cp /tmp/sources target/sources
