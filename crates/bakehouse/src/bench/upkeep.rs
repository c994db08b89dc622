//! Upkeep around the measured builds: each contender's files, caches and images, and the bare runner.

use super::contenders::{Contender, Stored};
use super::furnish::{Workshop, generate, own_cargo_home};
use super::rounds::Bench;
use super::sandbox::{Cache, Order, Sandbox, docker};
use super::{base, machine, registry};
use crate::problem::{Problem, Problems};

impl Bench<'_> {
    /// Makes the contender's base and writes its files into its copy. Returns the name of the base, if it has one.
    pub(super) fn furnish(
        &self,
        sandbox: &Sandbox,
        salt: &str,
    ) -> Result<Option<String>, Problems> {
        let workshop = Workshop {
            plan: self.plan,
            subject: self.subject,
            config: self.config,
            host: self.host,
        };
        if sandbox.contender == Contender::Host {
            own_cargo_home(sandbox)?;
            return Ok(None);
        }
        let base = base::make(self.plan, sandbox.contender, salt, self.registry())?;
        workshop.write(sandbox, &base, salt)?;
        generate(self.host, sandbox)?;
        Ok(Some(base))
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
            let bare = self.options.bare.as_ref();
            let address = bare.and_then(|bare| bare.store_of(sandbox.contender, &self.salt));
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
            let repository = format!("{cache}/{}", sandbox.contender.key());
            let tags = registry::tags(self.registry().unwrap_or_default(), &repository)?;
            let bytes = machine::cache_bytes(&repository, &tags);
            let facts = self.facts(sandbox.contender);
            facts.cache_fill_seconds = Some(seconds);
            facts.cache_bytes = Some(bytes);
        }
        Ok(())
    }

    pub(super) fn image_sizes(&mut self) {
        for position in 0..self.sandboxes.len() {
            let sandbox = &self.sandboxes[position];
            if sandbox.contender == Contender::Host {
                continue;
            }
            let sizes = self.plan.services.iter().filter_map(|service| {
                let names = service.target.names(&self.plan.config.bake.usual_tag);
                let name = sandbox.image(&names[0]);
                let size = docker(&["image", "inspect", "--format", "{{.Size}}", &name]).ok()?;
                Some((service.name.to_string(), size.trim().parse().ok()?))
            });
            let sizes = sizes.collect();
            self.facts(sandbox.contender).image_bytes = sizes;
        }
    }

    /// Removes the benchmark's images from the engine. Layers and mounts stay until the builder collects them.
    pub(super) fn remove_images(&self) {
        for sandbox in &self.sandboxes {
            sandbox.remove_images();
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
    remove(&["--context", runner], &format!("{registry}/*"))?;
    docker(&["--context", runner, "buildx", "prune", "--all", "--force"]).map(|_| ())
}

/// Removes the images of that reference, by all their names, from the engine that `docker` with `options` talks to.
pub(super) fn remove(options: &[&str], reference: &str) -> Result<(), Problem> {
    let filter = format!("reference={reference}");
    let list = ["image", "ls", "--quiet", "--filter", &filter];
    let images = docker(&[options, &list].concat())?;
    for image in images.lines() {
        let _ = docker(&[options, &["image", "rm", "--force", image]].concat());
    }
    Ok(())
}
