//! Changes to the cache mounts of a Dockerfile between builds.

use std::fmt::Write as _;

use camino::Utf8Path;
use fs_err as fs;

use crate::engine::docker;
use crate::unique::unique;

/// Returns the ids of the cache mounts in a Dockerfile, for the platform of the current engine.
///
/// # Panics
/// If there are none.
#[track_caller]
fn ids(dockerfile: &Utf8Path) -> Vec<String> {
    let text = fs::read_to_string(dockerfile).expect("a Dockerfile can be read");
    let platform = docker(["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]);
    let mounts = text.split("--mount=type=cache,id=").skip(1);
    let mut ids: Vec<String> = mounts
        .filter_map(|rest| rest.split(',').next())
        .map(|id| id.replace("${TARGETPLATFORM}", platform.trim()))
        .collect();
    ids.sort();
    ids.dedup();
    assert!(!ids.is_empty(), "{dockerfile} has no cache mount");
    ids
}

/// Sets the times of all files in the mounts to the year 2040, as if a clock had been ahead and was set back since.
///
/// # Panics
/// If the engine refuses.
#[track_caller]
pub fn date_ahead(dockerfile: &Utf8Path) {
    let mut step = format!(
        "FROM docker.io/library/debian:bookworm-slim\nARG AGAIN={}\nRUN --network=none",
        unique()
    );
    for (number, id) in ids(dockerfile).iter().enumerate() {
        let _ = write!(
            step,
            " --mount=type=cache,id={id},target=/mounts/{number},sharing=locked"
        );
    }
    step += " find /mounts -exec touch --no-dereference --date 2040-01-01 {} + && echo $AGAIN\n";
    let context = tempfile::tempdir().expect("a folder can be made");
    fs::write(context.path().join("Dockerfile"), step).expect("a file can be written");
    let context = context.path().to_str().expect("its name is UTF-8");
    docker([
        "buildx",
        "build",
        "--quiet",
        "--output",
        "type=cacheonly",
        context,
    ]);
}

/// Deletes the mounts whose id begins with `name` and that no step uses, as BuildKit does when it needs space.
/// Returns their number.
///
/// # Panics
/// If the engine refuses.
#[track_caller]
pub fn collect(name: &str) -> usize {
    let filter = format!("description~=\"with id ./{name}\"");
    let said = docker(["buildx", "prune", "--all", "--force", "--filter", &filter]);
    // The other lines are a heading and the total.
    said.lines().count().saturating_sub(2)
}
