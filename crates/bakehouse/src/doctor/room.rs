//! Checks of the disk, the build cache, and the garbage collection of the cache.

use super::builder::Builder;
use super::{Check, Verdict};
use crate::documents::dockerfile::mount_ids;
use crate::engine::Engine;
use crate::engine::usage::CacheRecord;
use crate::plan::Plan;

/// Bytes that should be free: a cold bake of a workspace with some hundred crates needs a few gigabytes.
const ENOUGH: u64 = 10 << 30;

pub fn checks(engine: &Engine, builder: Option<&Builder>, plan: &Plan) -> Vec<Check> {
    let records = engine.cache_records();
    let kept = records.iter().flatten().map(|record| record.bytes).sum();
    vec![
        disk(engine, builder, kept),
        cache(builder, records.as_deref(), plan),
    ]
}

/// Returns the free bytes of the disk on which the engine keeps its data, if that is on this machine.
fn free(engine: &Engine) -> Option<u64> {
    let folder = engine
        .output(&["info", "--format", "{{.DockerRootDir}}"])
        .ok()?;
    let endpoint = engine.output(&[
        "context",
        "inspect",
        "--format",
        "{{.Endpoints.docker.Host}}",
    ]);
    if !endpoint.ok()?.starts_with("unix://") {
        return None;
    }
    let disk = rustix::fs::statvfs(&folder).ok()?;
    Some(disk.f_bavail * disk.f_frsize)
}

/// Checks the disk. `kept` is the size of the builder's cache.
fn disk(engine: &Engine, builder: Option<&Builder>, kept: u64) -> Check {
    let rules = builder.map_or(&[][..], |builder| &builder.rules[..]);
    // A rule never frees the bytes that it reserves, however full the disk is.
    let rules = rules.iter().filter(|rule| kept > rule.reserved);
    let least = rules.filter_map(|rule| rule.free).max();
    let needed = match least {
        Some(least) => format!(
            "{}, and more than {}: below that, the builder drops cache after each build",
            size(ENOUGH),
            size(least)
        ),
        None => size(ENOUGH),
    };
    let Some(free) = free(engine) else {
        return Check::unknown("disk", "the engine's disk is on another machine", needed);
    };
    let found = format!("{} free where the engine keeps its data", size(free));
    let remedy = "`docker system df` shows what fills it; `docker image prune` and `docker buildx prune` make room";
    if free < ENOUGH {
        return Check::new("disk", Verdict::Bad, found, needed, remedy);
    }
    if least.is_some_and(|least| free < least) {
        return Check::new("disk", Verdict::Warning, found, needed, remedy);
    }
    Check::good("disk", found, needed)
}

/// Checks the rule for cache mounts, which are collected before anything else.
fn cache(builder: Option<&Builder>, records: Option<&[CacheRecord]>, plan: &Plan) -> Check {
    let ids = mount_ids(plan);
    let Some(records) = records else {
        return Check::unknown(
            "cache",
            "buildx does not report what the builder keeps",
            "room for the mounts of this workspace",
        );
    };
    let sum = |of: &dyn Fn(&CacheRecord) -> bool| -> u64 {
        records
            .iter()
            .filter(|record| of(record))
            .map(|record| record.bytes)
            .sum()
    };
    let all = sum(&|_| true);
    let mounts = sum(&|record| ids.iter().any(|id| record.is_mount(id)));
    let rule = builder.and_then(|builder| builder.rules.iter().find(|rule| rule.is_for_mounts()));
    let found = format!(
        "{} of cache, {} of it the mounts of this workspace",
        size(all),
        size(mounts)
    );
    let Some((rule, most)) = rule.and_then(|rule| Some((rule, rule.most?))) else {
        return Check::good("cache", found, "room for the mounts of this workspace");
    };
    let needed = format!(
        "mounts and contexts of all workspaces together below {}: above that, those unused for {} are dropped",
        size(most),
        rule.keep.as_deref().unwrap_or("a while")
    );
    let is_governed = |record: &CacheRecord| {
        let mut filters = rule.filters.split(',');
        filters.any(|filter| filter.strip_prefix("type==") == Some(&record.kind))
    };
    let governed = sum(&is_governed);
    if governed > most {
        return Check::new(
            "cache",
            Verdict::Warning,
            format!("{found}; {} fall under the rule for mounts", size(governed)),
            needed,
            "give the builder a larger limit: `builder.gc.policy` in the engine's daemon.json, `gcpolicy` in buildkitd.toml. A lost mount costs time, never a wrong binary",
        );
    }
    Check::good("cache", found, needed)
}

/// Formats bytes for people.
fn size(bytes: u64) -> String {
    let mib = bytes >> 20;
    if mib < 10_240 {
        format!("{mib} MiB")
    } else {
        format!("{}.{} GiB", mib >> 10, ((mib & 1023) * 10) >> 10)
    }
}
