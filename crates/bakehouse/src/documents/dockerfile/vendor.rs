//! `vendor`: a Cargo home with the sources of the third-party crates, as `cargo fetch` leaves them under the
//! repository's own configuration. It holds everything that Cargo on the host reads of a crate: complete git
//! repositories, mirrors, and folders of the repository that replace a registry.

use super::BUILD;
use super::cross;
use super::model::{Instruction, Mount, Run, Stage};
use super::secrets;
use super::third_party::{
    cargo_clean, cargo_config, fetching_config_mounts, in_workspace, mount_id, stubs,
};
use crate::plan::Plan;

/// The Cargo home of the stages that compile.
pub const CARGO_HOME: &str = "/cargo-home";

/// The output folder of the stage.
const OUT: &str = "/vendor/out";

/// Renders the stage. Of the stages that build binaries, it is the only one with a step that has network access.
pub fn stage(plan: &Plan) -> Stage {
    let mut mounts = vec![
        Mount::Cache {
            // Cargo fetches the same files for every C library.
            id: mount_id(
                plan,
                "downloads",
                plan.compiler(),
                cross::platform_of_compiler(plan),
            ),
            target: DOWNLOADS.to_owned(),
        },
        Mount::context(plan.skeleton_folder().join("deps"), "/skeleton"),
    ];
    mounts.extend(fetching_config_mounts(plan));
    let local = plan.local_sources.iter();
    mounts.extend(local.map(|path| Mount::context(path.as_str(), format!("/sources/{path}"))));
    mounts.extend(secrets::of_vendor(plan));
    let mut script = same_toolchain(plan);
    script.extend(secrets::only_given(plan));
    script.extend([
        // `WORKDIR` would be one more step each time images are given timestamps.
        format!("mkdir -p {BUILD} {OUT}"),
        format!("cd {BUILD}"),
        "cp -R /skeleton/. .".to_owned(),
    ]);
    script.extend(cargo_config(plan));
    script.extend(stubs(plan));
    if !plan.local_sources.is_empty() {
        script.extend([
            "# Folders of the repository that stand for a registry.".to_owned(),
            format!("mkdir -p {OUT}/local"),
            format!("cp -R --preserve=mode,links /sources/. {OUT}/local/"),
        ]);
        script.extend(links_to_local_sources(plan, &format!("{OUT}/local")));
    }
    script.extend(lines(FETCH));
    script.extend(in_workspace(plan, lines("cargo fetch")));
    let lock = plan.folder.join("Cargo.lock");
    script.extend(lines(&KEEP.replace("LOCK", lock.as_str())));
    if !plan.local_sources.is_empty() {
        script.extend(lines(SUMS));
    }
    script.extend(lines(&VERSIONS.replace("OUT", OUT)));
    script.extend([
        "# Build scripts compare times: a crate that is fetched again must not look newer than what was built from it."
            .to_owned(),
        format!("find {OUT} -exec touch -h -d @1 {{}} +"),
    ]);
    let run = Run {
        network: true,
        mounts,
        script,
    };
    Stage {
        comment: vec![
            "vendor: a Cargo home with the third-party crates' sources, and the lock cut to them. The only step of the builder with network."
                .to_owned(),
        ],
        from: "toolchain".to_owned(),
        name: "vendor".to_owned(),
        instructions: vec![
            Instruction::Arg(cross::platform_of_compiler(plan).to_owned()),
            Instruction::Run(run),
        ],
    }
}

/// Mounts the Cargo home in a compile stage. Cargo and build scripts may write to it; the changes are thrown away.
pub fn mount() -> Mount {
    Mount::Bind {
        from: Some("vendor".to_owned()),
        source: OUT.to_owned(),
        target: CARGO_HOME.to_owned(),
        writable: true,
    }
}

/// Links the repository's folders of crates to where Cargo's configuration expects them.
pub fn local_sources(plan: &Plan) -> Vec<String> {
    links_to_local_sources(plan, &format!("{CARGO_HOME}/local"))
}

fn links_to_local_sources(plan: &Plan, from: &str) -> Vec<String> {
    let links = plan.local_sources.iter().flat_map(|path| {
        let parent = path.parent().filter(|parent| !parent.as_str().is_empty());
        let folder = parent.map(|parent| format!("mkdir -p {parent}"));
        folder
            .into_iter()
            .chain([format!("ln -sfn {from}/{path} {path}")])
    });
    links.collect()
}

/// Drops build results from a target mount that belong to a crate in the repository whose files have changed since.
/// Cargo treats such a crate as unchanged as long as its version is the same.
pub fn content_guard(plan: &Plan) -> Vec<String> {
    if plan.local_sources.is_empty() {
        return Vec::new();
    }
    let mut script = lines(&CHANGED.replace("CARGO_HOME", CARGO_HOME));
    let clean = format!(
        "{} $changed || find {BUILD}/target -mindepth 1 ! -path '*/lock' ! -path '*/toolchain*' -delete",
        cargo_clean(plan)
    );
    let clean = in_workspace(plan, vec![clean]).into_iter();
    script.push("if [ -n \"$changed\" ]; then".to_owned());
    script.extend(clean.map(|line| format!("  {line}")));
    script.push("fi".to_owned());
    script.push("cp /tmp/sources target/sources".to_owned());
    script
}

/// Refuses a Nix-made builder whose toolchain differs from `toolchain.json`, since mounts and images are named after
/// that file. The check is here because a new identity is cheapest here: when `vendor` runs again, its output is the
/// same.
fn same_toolchain(plan: &Plan) -> Vec<String> {
    let Some(toolchain) = &plan.toolchain else {
        return Vec::new();
    };
    let id = &toolchain.id;
    vec![
        format!("if [ \"${{BAKEHOUSE_TOOLCHAIN_ID:-{id}}}\" != {id} ]; then"),
        format!(
            "  echo \"error: toolchain.json has the toolchain {id}, but BUILDER_BASE is made of $BAKEHOUSE_TOOLCHAIN_ID; make that image again, or check out what it was made of\" >&2"
        ),
        "  exit 1".to_owned(),
        "fi".to_owned(),
    ]
}

fn lines(script: &str) -> Vec<String> {
    script.lines().map(str::to_owned).collect()
}

/// Folder of the cache mount that keeps downloads between builds.
const DOWNLOADS: &str = "/downloads";

/// Cargo's own lock files are in the layer, and the mount is locked as a whole. Git databases are copied, because Cargo
/// links the objects of a checkout to them.
const FETCH: &str = r#"export CARGO_HOME=/vendor/out CARGO_NET_OFFLINE=false CARGO_CACHE_AUTO_CLEAN_FREQUENCY=never
# Downloads stay in the mount; what is unpacked goes into the layer.
mkdir -p /downloads/index /downloads/cache /downloads/db $CARGO_HOME/registry $CARGO_HOME/git
ln -s /downloads/index /downloads/cache $CARGO_HOME/registry/
cp -a /downloads/db $CARGO_HOME/git/"#;

/// Checks the lock, and keeps the parts of the downloads that an offline Cargo reads: the locked versions of an index,
/// so that the layer is the same whenever it is made; the markers that an unpacked crate's archive exists; the git
/// databases in use.
const KEEP: &str = r#"names() { awk '/^name = /{n=$3} /^version = "/{print n, $3}' "$1" | tr -d '"' | sort -u; }
names /skeleton/LOCK >/tmp/locked
names LOCK >/tmp/resolved
if grep -Fvx -f /tmp/locked /tmp/resolved; then
  echo "error: Cargo wants these crates, and Cargo.lock does not have them: run 'cargo update --workspace', then 'bakehouse generate'" >&2
  exit 1
fi
cp LOCK /vendor/out/Cargo.lock
cp -a $CARGO_HOME/git/db/. /downloads/db/
for database in $CARGO_HOME/git/db/*; do
  [ -e "$CARGO_HOME/git/checkouts/${database##*/}" ] || rm -rf "$database"
done
rm -rf $CARGO_HOME/registry/index $CARGO_HOME/registry/cache $CARGO_HOME/.package-cache* $CARGO_HOME/.global-cache
for crate in $CARGO_HOME/registry/src/*/*; do
  [ -d "$crate" ] || continue
  source=${crate%/*}
  mkdir -p "$CARGO_HOME/registry/cache/${source##*/}"
  echo >"$CARGO_HOME/registry/cache/${source##*/}/${crate##*/}.crate"
done
awk '{
  name = tolower($1)
  n = length(name)
  print (n < 3 ? n : n == 3 ? "3/" substr(name, 1, 1) : substr(name, 1, 2) "/" substr(name, 3, 2)) "/" name
}' /tmp/resolved | sort -u >/tmp/entries
for index in /downloads/index/*; do
  # Crates of earlier builds may be from other registries.
  [ -d "$CARGO_HOME/registry/src/${index##*/}" ] || continue
  kept=$CARGO_HOME/registry/index/${index##*/}
  if [ -e "$index/.git" ] || [ -e "$index/HEAD" ]; then
    mkdir -p $CARGO_HOME/registry/index
    cp -a "$index" "$kept"
    continue
  fi
  while read -r entry; do
    [ -e "$index/.cache/$entry" ] || continue
    mkdir -p "$kept/.cache/${entry%/*}"
    tr '\0\n' '\n\0' <"$index/.cache/$entry" >/tmp/entry
    if [ "$(head -c 2 /tmp/entry)" = "$(printf '\003\002')" ]; then
      awk -v name="${entry##*/}" '
        NR == FNR { if (tolower($1) == name) locked[$2] = 1; next }
        FNR == 4 { $0 = "locked" }
        FNR < 5 { print; next }
        FNR % 2 { version = $0; next }
        version in locked { print version; print }' /tmp/resolved /tmp/entry |
        tr '\0\n' '\n\0' >"$kept/.cache/$entry"
    else
      cp "$index/.cache/$entry" "$kept/.cache/$entry"
    fi
  done </tmp/entries
  [ ! -d "$kept" ] || [ ! -e "$index/config.json" ] || cp "$index/config.json" "$kept/"
done"#;

/// The script that puts the members' own versions into a masked lock.
pub const ADOPT_VERSIONS: &str = "/cargo-home/adopt-versions";

const VERSIONS: &str = r#"cat >OUT/adopt-versions <<'VERSIONS'
set -eu
cargo metadata --no-deps --format-version 1 | grep -o '"name":"[^"]*","version":"[^"]*","id":"' >/tmp/versions
awk -F '"' '
  NR == FNR { version[$4] = $8; next }
  held { if (!/^source/) sub(/0\.0\.0/, version[name], held); print held; held = "" }
  /^name = / { name = $2 }
  /^version = "0\.0\.0"/ && name in version { held = $0; next }
  /^ "/ { split($2, part, " "); if (part[2] == "0.0.0" && part[1] in version) sub(/0\.0\.0/, version[part[1]]) }
  { print }
  END { if (held) { sub(/0\.0\.0/, version[name], held); print held } }' /tmp/versions Cargo.lock >/tmp/Cargo.lock
cp /tmp/Cargo.lock Cargo.lock
VERSIONS"#;

/// Writes a checksum for each crate in the repository, which [`content_guard`] compares.
const SUMS: &str = r#"cd /vendor/out/local
find . -name .cargo-checksum.json | sed 's|/[^/]*$||' | LC_ALL=C sort | while read -r crate; do
  package=$(awk -F '"' '/^\[package\]/{p=1} p && /^name *=/ && !n {n=$2} p && /^version *=/ && !v {v=$2} END{print n "@" v}' "$crate/Cargo.toml")
  sum=$(find "$crate" -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum)
  printf '%s %s %s\n' "$crate" "$package" "${sum%% *}"
done >/vendor/out/sources
cd /build"#;

const CHANGED: &str = r#"# Crates of the repository are judged by content.
touch target/sources
changed=$(awk '{ gsub(/"/, "") }
  FILENAME == "CARGO_HOME/Cargo.lock" { if ($1 == "name") name = $3; if ($1 == "version" && name) { locked[name "@" $3] = 1; name = "" } next }
  FILENAME == "target/sources" { was[$1] = $3; next }
  ($1 in was) && was[$1] != $3 && ($2 in locked) { printf " -p %s", $2 }' CARGO_HOME/Cargo.lock target/sources CARGO_HOME/sources)
awk 'NR == FNR { now[$1] = 1; print; next } !($1 in now)' CARGO_HOME/sources target/sources >/tmp/sources"#;
