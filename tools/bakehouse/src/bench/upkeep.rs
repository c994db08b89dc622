//! What stands around the measured builds: where each way builds, its caches and images, and the bare runner.

use std::time::{Duration, Instant};

use super::rounds::Bench;
use super::stand::{Cache, Stand, docker};
use super::ways::{self, Way};
use super::{base, machine, tree};
use crate::documents;
use crate::files;
use crate::problem::{Problem, Problems};

impl Bench<'_> {
    /// Writes what the way builds with into its copy; the name of its builder base, if it has one.
    pub(super) fn furnish(&self, stand: &Stand, salt: &str) -> Result<Option<String>, Problems> {
        if stand.way == Way::Host {
            let home = stand.host.join("cargo");
            fs_err::create_dir_all(&home).map_err(tree::unwritable)?;
            machine::copy_cargo_config(&home);
            return Ok(None);
        }
        let base = base::make(self.plan, stand.way, salt, self.registry())?;
        let texts = if stand.way.is_generated() {
            let config = ways::generated::configuration(self.config, stand.way, &base, salt)?;
            tree::Texts::from([("bakehouse.toml".into(), config)])
        } else {
            stand.way.files(self.plan, self.subject, &base, salt)
        };
        tree::write(&stand.dir, &texts)?;
        self.generate(stand)?;
        Ok(Some(base))
    }

    /// Brings generated files up to date; the time that it took if there was anything to write.
    pub(super) fn generate(&self, stand: &Stand) -> Result<Duration, Problems> {
        if !stand.way.is_generated() {
            return Ok(Duration::ZERO);
        }
        let since = Instant::now();
        let plan = self.host.plan(&stand.dir)?;
        let changes = files::compare(&stand.dir, &plan.folder, &documents::render(&plan))?;
        files::apply::apply(&stand.dir, &changes)?;
        Ok(if changes.is_empty() {
            Duration::ZERO
        } else {
            since.elapsed()
        })
    }

    pub(super) fn fill_caches(&mut self) -> Result<(), Problems> {
        let cache = self.cache_ref();
        for position in 0..self.stands.len() {
            let stand = &self.stands[position];
            if stand.way == Way::Host {
                continue;
            }
            self.host.now(&format!(
                "{}: filling its registry cache",
                stand.way.title()
            ));
            let main = Cache {
                reference: &cache,
                branch: "main",
            };
            stand.bake(self.order(None, None)).must(stand.way)?;
            let filled = stand.bake(self.order(None, Some(main))).must(stand.way)?;
            let seconds = filled.seconds;
            let bytes = machine::cache_bytes(
                &format!("{cache}/{}", stand.way.key()),
                &self.cache_tags(stand),
            );
            let facts = self.facts(stand.way);
            facts.cache_fill_seconds = Some(seconds);
            facts.cache_bytes = Some(bytes);
        }
        Ok(())
    }

    /// The tags that a way's caches have in the registry.
    pub(super) fn cache_tags(&self, stand: &Stand) -> Vec<String> {
        if stand.way.is_generated() {
            return vec!["main".to_owned()];
        }
        let services = self.plan.services.iter().map(|service| &service.name);
        let binaries = self.plan.pack_binaries().map(|binary| &binary.target);
        services
            .chain(binaries)
            .map(|name| format!("{name}-main"))
            .collect()
    }

    pub(super) fn image_sizes(&mut self) {
        for position in 0..self.stands.len() {
            let stand = &self.stands[position];
            if stand.way == Way::Host {
                continue;
            }
            let sizes = self.plan.services.iter().filter_map(|service| {
                let name = stand.image(&service.name);
                let size = docker(&["image", "inspect", "--format", "{{.Size}}", &name]).ok()?;
                Some((service.name.to_string(), size.trim().parse().ok()?))
            });
            let sizes = sizes.collect();
            self.facts(stand.way).image_bytes = sizes;
        }
    }

    /// Removes what the benchmark has put into the engine's image store. Layers and mounts stay until the builder
    /// collects them.
    pub(super) fn remove_images(&self) {
        for stand in self.stands.iter().filter(|stand| stand.way != Way::Host) {
            let services = self.plan.services.iter();
            let images = services.map(|service| stand.image(&service.name));
            for image in images.chain(stand.base.clone()) {
                let _ = docker(&["image", "rm", "--force", &image]);
            }
        }
    }

    /// The registry that images are named for: the bare runner pulls its builder base from there.
    pub(super) fn registry(&self) -> Option<&str> {
        let bare = self.options.bare.as_ref();
        bare.map(|bare| bare.registry.as_str())
    }

    pub(super) fn cache_ref(&self) -> String {
        in_registry(
            self.registry(),
            &format!("bakehouse-bench/cache-{}", self.salt),
        )
    }
}

/// `name`, in the registry if there is one.
pub(super) fn in_registry(registry: Option<&str>, name: &str) -> String {
    registry.map_or_else(|| name.to_owned(), |registry| format!("{registry}/{name}"))
}

/// Makes the runner as bare as a new one: no build cache, no image of an earlier run.
pub(super) fn empty(runner: &str, registry: &str) -> Result<(), Problem> {
    let filter = format!("reference={registry}/*");
    let images = docker(&[
        "--context",
        runner,
        "image",
        "ls",
        "--quiet",
        "--filter",
        &filter,
    ])?;
    for image in images.lines() {
        let _ = docker(&["--context", runner, "image", "rm", "--force", image]);
    }
    docker(&["--context", runner, "buildx", "prune", "--all", "--force"]).map(|_| ())
}
