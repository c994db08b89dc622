//! Checks of the engine, of buildx, and of their features.

use camino::Utf8Path;

use super::builder::Builder;
use super::{Check, Verdict};
use crate::engine::Engine;
use crate::engine::buildx::{OLDEST_BUILDX, OLDEST_ENGINE, has_cache};
use crate::pages::page;
use crate::plan::Plan;

pub const NEEDED: &str = "a Docker Engine that answers";

pub fn checks(engine: &Engine, plan: &Plan) -> Vec<Check> {
    let mut checks = Vec::new();
    let needed = format!("Docker Engine {OLDEST_ENGINE} or newer");
    checks.push(match engine.version() {
        Ok(version) => Check::good("engine", format!("Docker Engine {version}"), needed),
        Err(problem) => Check::bad("engine", &problem, needed),
    });
    let needed = format!("buildx {OLDEST_BUILDX} or newer");
    checks.push(match engine.buildx() {
        Ok(version) => Check::good("buildx", format!("buildx {version}"), needed),
        Err(problem) => Check::bad("buildx", &problem, needed),
    });
    checks.push(pack_images(plan));
    checks
}

/// Checks where a bake writes to if there are packs of other machines.
fn pack_images(plan: &Plan) -> Check {
    let needed = "one platform at a time if packs have binaries";
    let asked = std::env::var("PLATFORMS").unwrap_or_default();
    let several = asked.contains(',');
    if several && plan.pack_binaries().next().is_some() {
        return Check::new(
            "packs",
            Verdict::Warning,
            format!(
                "PLATFORMS is {asked}, and `build` puts the binaries of one platform into the packs"
            ),
            needed,
            "`bakehouse packs build --platform …` for each platform that packs are mounted on",
        );
    }
    let found = match plan.pack_binaries().count() {
        1 => "1 pack binary".to_owned(),
        binaries => format!("{binaries} pack binaries"),
    };
    Check::good("packs", found, needed)
}

/// BuildKit's message about a base that neither the engine nor a registry has.
const NO_BASE: &str = "failed to resolve source metadata";

/// Checks that the engine's built-in frontend reads the Dockerfile.
pub fn frontend(engine: &Engine, root: &Utf8Path, plan: &Plan) -> Check {
    let needed =
        "a BuildKit with a built-in frontend that reads the generated Dockerfile without a warning";
    let file = plan.output("Dockerfile");
    if !root.join(&file).is_file() {
        return Check::unknown("frontend", format!("there is no {file} yet"), needed);
    }
    let path = root.join(&file);
    let arguments = [
        "buildx",
        "build",
        "--check",
        "--quiet",
        "--file",
        path.as_str(),
    ];
    match engine.output(&[&arguments[..], &[root.as_str()]].concat()) {
        Ok(_) => Check::good("frontend", format!("it reads {file}"), needed),
        Err(said) => {
            let error = said.lines().rfind(|line| line.starts_with("ERROR: "));
            let found = error.or_else(|| said.lines().rfind(|line| !line.trim().is_empty()));
            // The frontend reads the labels of the bases before it checks the Dockerfile.
            if let Some(reason) = found.filter(|line| line.contains(NO_BASE)) {
                return Check::unknown(
                    "frontend",
                    format!("it has not read {file}, because a base cannot be found: {reason}"),
                    needed,
                );
            }
            Check::new(
                "frontend",
                Verdict::Bad,
                format!("it refuses {file}: {}", found.unwrap_or_default()),
                needed,
                format!(
                    "`docker buildx build --check --file {file} .` shows where; a newer engine or builder reads it"
                ),
            )
        }
    }
}

/// Checks the image store: a registry cache and images of several platforms need more than the engine's old store.
pub fn store(engine: &Engine, builder: Option<&Builder>, plan: &Plan) -> Check {
    let wanted =
        has_cache() || !plan.config.cache_ref.is_empty() || plan.config.platforms.len() > 1;
    let needed = "the containerd image store or a docker-container builder, for a registry cache and for several platforms";
    if let Some(builder) = builder.filter(|builder| builder.driver != "docker") {
        return Check::good(
            "store",
            format!("a builder of the driver {}", builder.driver),
            needed,
        );
    }
    let Ok(status) = engine.output(&["info", "--format", "{{json .DriverStatus}}"]) else {
        return Check::unknown(
            "store",
            "the engine does not report its image store",
            needed,
        );
    };
    if status.contains("io.containerd.snapshotter") {
        return Check::good("store", "the containerd image store", needed);
    }
    let remedy = "switch it on (`\"features\": {\"containerd-snapshotter\": true}` in the engine's daemon.json), or `docker buildx create --use`";
    let verdict = if wanted {
        Verdict::Bad
    } else {
        Verdict::Warning
    };
    Check::new(
        "store",
        verdict,
        "the engine's old image store",
        needed,
        remedy,
    )
}

/// Checks that the builder makes images for each platform of the configuration.
pub fn platforms(builder: Option<&Builder>, plan: &Plan) -> Check {
    let wanted = plan.config.platforms.join(", ");
    let needed = match wanted.as_str() {
        "" => "the builder's own platform",
        wanted => wanted,
    };
    let Some(builder) = builder else {
        return Check::unknown(
            "platforms",
            "the builder does not report its platforms",
            needed,
        );
    };
    let found = builder.platforms.join(", ");
    // Services are cross-compiled on the builder's own platform, and building their images runs nothing on the other
    // one.
    let runs = |platform: &String| builder.platforms.iter().any(|has| has == platform);
    let missing: Vec<&str> = plan
        .config
        .platforms
        .iter()
        .filter(|platform| !runs(platform))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Check::good("platforms", found, needed);
    }
    let missing = missing.join(", ");
    if plan.config.emulate {
        return Check::new(
            "platforms",
            Verdict::Bad,
            format!("{found}, but not {missing}"),
            needed,
            format!(
                "install an emulator for {missing} (`docker run --privileged tonistiigi/binfmt --install all`), add a node (see {}), or cross compile: `emulate = false`",
                page("fleet")
            ),
        );
    }
    Check::new(
        "platforms",
        if plan.runtimes.is_empty() {
            Verdict::Good
        } else {
            Verdict::Warning
        },
        format!("{found}; {missing} is cross-compiled, not emulated"),
        needed,
        if plan.runtimes.is_empty() {
            String::new()
        } else {
            format!(
                "packages are installed by running the base: that needs an emulator for {missing}, or a node of that platform: see {}",
                page("fleet")
            )
        },
    )
}
