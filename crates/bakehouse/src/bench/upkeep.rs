//! Upkeep around the measured builds: each contender's files, caches and images, and the bare runner.

use std::time::{Duration, Instant};

use super::contenders::{self, Contender, Stored};
use super::rounds::Bench;
use super::sandbox::{Cache, Order, Sandbox, docker};
use super::{base, machine, tree};
use crate::documents;
use crate::files;
use crate::problem::{Problem, Problems};

impl Bench<'_> {
    /// Writes the contender's files into its copy and returns the name of its builder base, if it has one.
    pub(super) fn furnish(
        &self,
        sandbox: &Sandbox,
        salt: &str,
    ) -> Result<Option<String>, Problems> {
        if sandbox.contender == Contender::Host {
            let home = sandbox.host.join("cargo");
            fs_err::create_dir_all(&home).map_err(tree::unwritable)?;
            machine::copy_cargo_config(&home);
            return Ok(None);
        }
        let base = base::make(self.plan, sandbox.contender, salt, self.registry())?;
        let texts = if sandbox.contender.is_generated() {
            let config =
                contenders::generated::configuration(self.config, sandbox.contender, &base, salt)?;
            tree::Texts::from([("bakehouse.toml".into(), config)])
        } else {
            sandbox
                .contender
                .files(self.plan, self.subject, &base, salt)
        };
        tree::write(&sandbox.dir, &texts)?;
        self.generate(sandbox)?;
        Ok(Some(base))
    }

    /// Brings generated files up to date. Returns the time it took if any file changed.
    pub(super) fn generate(&self, sandbox: &Sandbox) -> Result<Duration, Problems> {
        if !sandbox.contender.is_generated() {
            return Ok(Duration::ZERO);
        }
        let since = Instant::now();
        let plan = self.host.plan(&sandbox.dir)?;
        let changes = files::compare(
            &sandbox.dir,
            &plan.config.output.folder,
            &documents::render(&plan),
        )?;
        files::apply::apply(&sandbox.dir, &changes)?;
        Ok(if changes.is_empty() {
            Duration::ZERO
        } else {
            since.elapsed()
        })
    }

    pub(super) fn fill_caches(&mut self) -> Result<(), Problems> {
        let cache = self.cache_ref();
        for position in 0..self.sandboxes.len() {
            let sandbox = &self.sandboxes[position];
            if sandbox.contender == Contender::Host {
                continue;
            }
            self.host.now(&format!(
                "{}: filling its registry cache",
                sandbox.contender.title()
            ));
            let main = Cache {
                reference: &cache,
                branch: "main",
            };
            let address = self.store_of(sandbox.contender);
            let stored = address.as_deref().map(|address| Stored {
                address,
                writes: true,
            });
            let order = |cache| Order {
                stored,
                force: true,
                ..self.order(None, cache)
            };
            sandbox.bake(order(None)).must(sandbox.contender)?;
            let filled = sandbox.bake(order(Some(main))).must(sandbox.contender)?;
            let seconds = filled.seconds;
            let bytes = machine::cache_bytes(
                &format!("{cache}/{}", sandbox.contender.key()),
                &self.cache_tags(sandbox),
            );
            let facts = self.facts(sandbox.contender);
            facts.cache_fill_seconds = Some(seconds);
            facts.cache_bytes = Some(bytes);
        }
        Ok(())
    }

    /// Returns the tags of a contender's caches in the registry.
    pub(super) fn cache_tags(&self, sandbox: &Sandbox) -> Vec<String> {
        if sandbox.contender.is_generated() {
            return vec!["main".to_owned()];
        }
        let services = self.plan.services.iter().map(|service| &service.name);
        let binaries = self.plan.pack_binaries().map(|binary| &binary.target);
        services
            .chain(binaries)
            .map(|name| format!("{name}-main"))
            .collect()
    }

    /// Returns the address of the store that a contender's compiler wrapper has on a bare runner.
    pub(super) fn store_of(&self, contender: Contender) -> Option<String> {
        let bare = self.options.bare.as_ref()?;
        match contender {
            Contender::ChefSccache => bare.store.clone(),
            Contender::Kache => Some(in_registry(
                Some(&bare.registry),
                &format!("bakehouse-bench/kache-{}", self.salt),
            )),
            _ => None,
        }
    }

    pub(super) fn image_sizes(&mut self) {
        for position in 0..self.sandboxes.len() {
            let sandbox = &self.sandboxes[position];
            if sandbox.contender == Contender::Host {
                continue;
            }
            let sizes = self.plan.services.iter().filter_map(|service| {
                let name = sandbox.image(&service.name);
                let size = docker(&["image", "inspect", "--format", "{{.Size}}", &name]).ok()?;
                Some((service.name.to_string(), size.trim().parse().ok()?))
            });
            let sizes = sizes.collect();
            self.facts(sandbox.contender).image_bytes = sizes;
        }
    }

    /// Removes the benchmark's images from the engine. Layers and mounts stay until the builder collects them.
    pub(super) fn remove_images(&self) {
        for sandbox in self
            .sandboxes
            .iter()
            .filter(|sandbox| sandbox.contender != Contender::Host)
        {
            let services = self.plan.services.iter();
            let images = services.map(|service| sandbox.image(&service.name));
            for image in images.chain(sandbox.base.clone()) {
                let _ = docker(&["image", "rm", "--force", &image]);
            }
        }
    }

    /// Returns the registry in the names of images. The bare runner pulls its builder base from there.
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

/// Returns `name`, prefixed with the registry if there is one.
pub(super) fn in_registry(registry: Option<&str>, name: &str) -> String {
    registry.map_or_else(|| name.to_owned(), |registry| format!("{registry}/{name}"))
}

/// Makes the runner as bare as a new one: without build cache and without images of earlier runs.
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
