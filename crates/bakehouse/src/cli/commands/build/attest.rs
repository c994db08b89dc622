//! `build --push` with PROVENANCE or SBOM: what is said about an image is attached to its digest, once.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use super::attested::Attested;
use super::lacking::Lacking;
use super::names::Names;
use super::store::Details;
use crate::cli::commands::sbom;
use crate::cli::out::outln;
use crate::cli::session::Planned;
use crate::documents::attestation::{Forge, Provenance, SPDX, Subject, provenance, statement};
use crate::documents::labels::REVISION_LABEL;
use crate::documents::sbom::{Made, spdx};
use crate::git::Repository as Checkout;
use crate::graph::parallel::parallel_map;
use crate::graph::toolchain_file::Channel;
use crate::names::TargetName;
use crate::plan::baked::BakedImage;
use crate::problem::{Code, Problem, Problems};
use crate::rebase::configuration;
use crate::registry::{Client, Digest, Published, RepositoryName, Statement};

/// Images that were pushed, or were there.
pub struct Attest<'a> {
    pub planned: &'a Planned,
    pub names: &'a Names,
    pub details: &'a BTreeMap<TargetName, Details>,
    /// Those that were built now.
    pub baked: &'a [&'a BakedImage],
}

/// The statements that were attached, by their kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Attached(BTreeMap<&'static str, usize>);

impl Attest<'_> {
    /// Attaches to `images` what they lack of what is asked for.
    ///
    /// # Errors
    /// For each image that cannot have it: `registry-…`, `not-published`; `cargo-failed`.
    pub fn attach(&self, images: &[&BakedImage], attested: Attested) -> Result<Attached, Problems> {
        let Attested::Afterwards(kinds) = attested else {
            return Ok(Attached::default());
        };
        let client = Client::default();
        let images = images.iter().filter(|image| image.target.is_image());
        let mut places = Vec::new();
        for image in images.copied() {
            let mut kinds = kinds;
            if kinds.sbom && image.is_other {
                kinds.sbom = false;
                tracing::warn!(
                    "`{}` gets no SBOM: what an image of another Dockerfile holds is seen by a scanner, which `SBOM=<image>` names",
                    image.name
                );
            }
            let digest = self.digest(image)?;
            let (repositories, _) = self.names.places(image);
            places.extend(repositories.iter().map(|repository| Lacking {
                image,
                repository: RepositoryName::new(repository),
                digest: digest.clone(),
                kinds,
            }));
        }
        let lacking = parallel_map(&places, |place| place.lacks(&client));
        let lacking = places.into_iter().zip(lacking);
        let mut lacking = all(lacking.map(|(place, lacks)| match lacks {
            Ok(kinds) => Ok(Lacking { kinds, ..place }),
            Err(problem) => Err(place.about(problem)),
        }))?;
        lacking.retain(|place| place.kinds.any());
        if lacking.is_empty() {
            return Ok(Attached::default());
        }
        let bills = self.bills(&lacking)?;
        let head = self.head();
        let forge = Forge::of(|name| std::env::var(name).ok());
        let attached = parallel_map(&lacking, |place| {
            let attached = self.attach_to(&client, place, &bills, head.as_deref(), forge.as_ref());
            attached.map_err(|problem| place.about(problem))
        });
        let mut counted = Attached::default();
        for kind in all(attached.into_iter())?.into_iter().flatten() {
            *counted.0.entry(kind).or_default() += 1;
        }
        Ok(counted)
    }

    fn digest(&self, image: &BakedImage) -> Result<Digest, Problem> {
        let details = self.details.get(&image.name);
        let digest = details.and_then(|details| Digest::parse(details.digest.as_deref()?));
        digest.ok_or_else(|| {
            let message = format!("the digest of `{}` is not known after its push", image.name);
            Problem::new(Code::NotPublished, message)
                .hint("push again: what is there already is skipped, and gets the attestations that it lacks")
        })
    }

    /// Returns the bills of the services that lack one, in SPDX.
    fn bills(
        &self,
        lacking: &[Lacking<'_>],
    ) -> Result<BTreeMap<TargetName, serde_json::Value>, Problem> {
        let mut asked = sbom::Asked::default();
        let made = Made {
            at: None,
            version: env!("CARGO_PKG_VERSION"),
        };
        let named = lacking.iter().filter(|place| place.kinds.sbom);
        let named: BTreeSet<&TargetName> = named.map(|place| &place.image.name).collect();
        let services = self.planned.plan.services.iter();
        let services = services.filter(|service| named.contains(&service.name));
        let bills = services.map(|service| {
            let bill = spdx::render(&asked.sbom(self.planned, service, made)?);
            let bill = serde_json::from_str(&bill).expect("a bill in SPDX is JSON");
            Ok((service.name.clone(), bill))
        });
        bills.collect()
    }

    /// Returns the commit that has the inputs of this checkout, if there is one.
    fn head(&self) -> Option<String> {
        let given = std::env::var("REVISION").ok();
        given.filter(|given| !given.is_empty()).or_else(|| {
            let members = self.planned.workspace.members.values();
            let folders = members.map(|member| AsRef::<Utf8Path>::as_ref(&member.dir));
            let checkout = Checkout::of(&self.planned.root).ok()?;
            checkout.clean_commit(folders).ok()?
        })
    }

    /// Attaches what an image lacks, and returns the kinds of that.
    fn attach_to(
        &self,
        client: &Client,
        place: &Lacking<'_>,
        bills: &BTreeMap<TargetName, serde_json::Value>,
        head: Option<&str>,
        forge: Option<&Forge>,
    ) -> Result<Vec<&'static str>, Problem> {
        let repository = client.repository(&place.repository);
        let published = repository
            .published(place.digest.as_str())?
            .ok_or_else(|| {
                Problem::new(Code::NotPublished, "it is not in its registry")
                    .hint("push again: what is there already is skipped")
            })?;
        let subjects = subjects(&place.repository, &published);
        let subject = published.descriptor();
        let mut attached = Vec::new();
        let mut attach = |kind, predicate_type: &str, predicate: &serde_json::Value| {
            let text = statement(&subjects, predicate_type, predicate);
            let statement = Statement {
                predicate_type,
                text: text.as_bytes(),
            };
            attached.push(kind);
            repository.attach(&subject, &statement)
        };
        if place.kinds.provenance {
            let label = revision(&published);
            let mut baked = self.baked.iter();
            let is_new = baked.any(|one| one.name == place.image.name);
            let predicate = self.provenance(
                place.image,
                label.as_deref().or(head),
                // Nobody knows here who built an image that was there.
                forge.filter(|_| is_new),
            );
            attach("provenance", provenance::PREDICATE, &predicate)?;
        }
        if let Some(bill) = bills.get(&place.image.name).filter(|_| place.kinds.sbom) {
            attach("SBOM", SPDX, bill)?;
        }
        Ok(attached)
    }

    fn provenance(
        &self,
        image: &BakedImage,
        revision: Option<&str>,
        forge: Option<&Forge>,
    ) -> serde_json::Value {
        let plan = &self.planned.plan;
        let config = &plan.config;
        let service = plan.services.iter().find(|one| one.name == image.name);
        let runtime = service.filter(|service| service.image.built_base.is_none());
        let runtime =
            runtime.map(|service| service.image.runtime.as_ref().unwrap_or(&config.runtime));
        let builder = service.map(|_| &config.builder);
        let bases = builder.into_iter().chain(runtime).map(String::as_str);
        let bases: Vec<&str> = bases.collect();
        let toolchain = plan
            .toolchain
            .as_ref()
            .map(|toolchain| toolchain.rustc.as_str());
        let rust = toolchain.or_else(|| plan.channel().map(Channel::as_str));
        provenance::render(&Provenance {
            target: &image.name,
            input_hash: &image.input_hash,
            bake_file: config.output.bake.as_str(),
            revision,
            forge,
            bases: &bases,
            rust: service.and(rust),
            toolchain: service.and(plan.toolchain_label()),
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}

/// Returns the image, and that of each platform if there are several.
fn subjects(repository: &RepositoryName, published: &Published) -> Vec<Subject> {
    let name = format!("{}/{}", repository.host, repository.path);
    let mut subjects = vec![Subject::image(&name, published.digest.as_str(), None)];
    let platforms = published
        .images
        .iter()
        .filter(|image| image.digest != published.digest);
    subjects.extend(
        platforms.map(|image| Subject::image(&name, image.digest.as_str(), Some(&image.platform))),
    );
    subjects
}

/// Returns the commit in the label of all platforms.
fn revision(published: &Published) -> Option<String> {
    let labels = published.images.iter().map(|image| {
        let mut labels = configuration::labels(&image.configuration);
        labels.remove(REVISION_LABEL)
    });
    configuration::common(labels).flatten()
}

/// Returns all results, or all problems.
fn all<T>(results: impl Iterator<Item = Result<T, Problem>>) -> Result<Vec<T>, Problems> {
    let mut problems = Vec::new();
    let results =
        results.filter_map(|result| result.map_err(|problem| problems.push(problem)).ok());
    let results: Vec<T> = results.collect();
    Problems(problems).or(results)
}

/// Prints what was attached, if anything was.
pub fn tell(attached: &Attached) {
    let kinds = attached.0.iter();
    let kinds: Vec<String> = kinds
        .map(|(kind, number)| format!("{number} {kind}"))
        .collect();
    if !kinds.is_empty() {
        outln!("attached: {}", kinds.join(", "));
    }
}
