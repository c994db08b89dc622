//! `bakehouse verify`.

mod base;
mod provenance;
mod signature;

use std::collections::{BTreeMap, BTreeSet};

use base::{Base, Found};
use owo_colors::OwoColorize;
use provenance::Provenance;
use serde::Serialize;
use signature::Signature;

use super::build::names::Names;
use crate::cli::args::{Format, VerifyArgs};
use crate::cli::out::outln;
use crate::cli::report::json;
use crate::cli::session::Session;
use crate::documents::labels::REVISION_LABEL;
use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::plan::config::valid::INPUT_HASH_LABEL;
use crate::problem::{Code, Problem, Problems};
use crate::rebase::configuration;
use crate::registry::{Client, PlatformImage, Published, Reference, Repository, image_unknown};

pub fn run(session: &Session, arguments: &VerifyArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let plan = &planned.plan;
    let names = Names::new(plan)?;
    let client = Client::default();
    let mut shown = Vec::new();
    let mut problems = Vec::new();
    for name in &arguments.images {
        let reference = Reference::parse(name)?;
        let repository = client.repository(&reference.repository);
        match repository.published(reference.asked())? {
            Some(published) => {
                let own = names.published_in(plan, &reference.repository);
                let image = Checked {
                    client: &client,
                    plan,
                    own: &own,
                    name,
                };
                shown.push(image.check(&repository, &published, arguments)?);
            }
            None => problems.push(image_unknown(name)),
        }
    }
    match arguments.format {
        Format::Text => shown.iter().for_each(print),
        Format::Json => json(&Shown {
            version: 1,
            images: &shown,
        }),
    }
    let failed = shown.iter().flat_map(|image| {
        let whys = image.failed.iter();
        whys.map(|why| {
            Problem::new(Code::VerifyFailed, format!("{}: {why}", image.image))
                .hint("publish it again from this checkout, or check out the commit that it is of")
        })
    });
    problems.extend(failed);
    Problems(problems).or(())
}

/// An image that is checked, and those of the checkout that it may be.
struct Checked<'a> {
    client: &'a Client,
    plan: &'a Plan,
    own: &'a [&'a BakedImage],
    name: &'a str,
}

/// `verify --format json`, version 1.
#[derive(Serialize)]
struct Shown<'a> {
    version: u32,
    images: &'a [ImageFacts],
}

/// Everything that is known of an image.
#[derive(Debug, Serialize)]
struct ImageFacts {
    image: String,
    digest: String,
    platforms: Vec<String>,
    input_hash: InputHash,
    revision: Option<String>,
    base: Option<Base>,
    /// The reason why the base is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_unknown: Option<String>,
    provenance: Option<Provenance>,
    signature: Signature,
    /// Everything that does not hold.
    failed: Vec<String>,
}

/// The input hash in the label, beside that of the checkout.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct InputHash {
    /// `equal`, `different` or `none`.
    state: &'static str,
    image: Option<String>,
    checkout: Option<String>,
}

impl Checked<'_> {
    fn check(
        &self,
        repository: &Repository<'_>,
        published: &Published,
        arguments: &VerifyArgs,
    ) -> Result<ImageFacts, Problem> {
        let images = published.images.iter();
        let labels = images.map(|image| configuration::labels(&image.configuration));
        let labels: Vec<BTreeMap<String, String>> = labels.collect();
        let value =
            |key: &str| configuration::common(labels.iter().map(|labels| labels.get(key).cloned()));
        let mut failed = Vec::new();
        let input_hash = self.input_hash(value(INPUT_HASH_LABEL).as_ref(), &mut failed);
        let revision = value(REVISION_LABEL).flatten();
        let found = provenance::read(repository, published)?;
        let mut said = None;
        for image in &published.images {
            match found.get(&image.digest) {
                Some(Ok(provenance)) => {
                    said.get_or_insert_with(|| provenance.clone());
                    let commits = provenance.commit.as_ref().zip(revision.as_ref());
                    if let Some((commit, revision)) = commits.filter(|(one, other)| one != other) {
                        failed.push(format!(
                            "its provenance is of the commit {commit}, and its label of {revision}"
                        ));
                    }
                }
                Some(Err(why)) => failed.push(why.clone()),
                None if !found.is_empty() => {
                    failed.push(format!(
                        "{} has no provenance, and others have",
                        image.platform
                    ));
                }
                None => {}
            }
        }
        let first = published.images.first();
        let base = first.map(|image| {
            let labels = labels.first().cloned().unwrap_or_default();
            let names = self.bases(&labels, image, said.as_ref());
            base::find(self.client, image, &names)
        });
        let (base, base_unknown) = match base {
            Some(Found::Base(base)) => (Some(base), None),
            Some(Found::Unknown(why)) => (None, Some(why)),
            None => (None, Some("there is no image in it".to_owned())),
        };
        let signature = signature::check(repository.name, &published.digest, arguments);
        if let Signature::Refused { why } = &signature {
            failed.push(format!("its signature: {why}"));
        }
        Ok(ImageFacts {
            image: self.name.to_owned(),
            digest: published.digest.to_string(),
            platforms: published
                .images
                .iter()
                .map(|image| image.platform.clone())
                .collect(),
            input_hash,
            revision,
            base,
            base_unknown,
            provenance: said,
            signature,
            failed,
        })
    }

    /// Compares the label with the checkout. `label` is `None` if the platforms have several.
    fn input_hash(&self, label: Option<&Option<String>>, failed: &mut Vec<String>) -> InputHash {
        let is_same = |image: &&&BakedImage| label == Some(&Some(image.input_hash.clone()));
        let own = self.own.iter().find(is_same).or(self.own.first());
        let checkout = own.map(|image| image.input_hash.clone());
        let image = label.cloned().flatten();
        let state = match (&image, &checkout) {
            (Some(image), Some(own)) if image == own => "equal",
            (None, _) if label.is_some() => "none",
            _ => "different",
        };
        match (state, &image, &checkout) {
            ("equal", ..) => {}
            ("none", ..) => failed.push(format!("it has no label {INPUT_HASH_LABEL}")),
            (_, None, _) => failed.push("its platforms have different input hashes".to_owned()),
            (_, Some(image), Some(own)) => failed.push(format!(
                "its input hash is {image}, and that of this checkout {own}"
            )),
            (_, _, None) => failed.push(
                "this checkout publishes no image of this name: set REGISTRY, or run it where it is built"
                    .to_owned(),
            ),
        }
        InputHash {
            state,
            image,
            checkout,
        }
    }

    /// Returns the names among which the base is looked for.
    fn bases(
        &self,
        labels: &BTreeMap<String, String>,
        image: &PlatformImage,
        provenance: Option<&Provenance>,
    ) -> Vec<String> {
        let services = self.plan.services.iter();
        let services =
            services.filter(|service| self.own.iter().any(|own| own.name == service.name));
        let configured = services
            .filter(|service| service.image.built_base.is_none())
            .map(|service| {
                service
                    .image
                    .runtime
                    .as_ref()
                    .unwrap_or(&self.plan.config.runtime)
            });
        let mut names: Vec<String> = base::named(labels, image).into_iter().collect();
        names.extend(configured.cloned());
        names.extend(
            provenance
                .into_iter()
                .flat_map(|provenance| provenance.images.clone()),
        );
        names.retain(|name| name != "scratch");
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }
}

fn print(image: &ImageFacts) {
    outln!("{}", image.image.bold());
    let line = |name: &str, value: &str| outln!("  {name:11} {value}");
    line("digest", &image.digest);
    line("platforms", &image.platforms.join(", "));
    let hash = image.input_hash.image.as_deref().unwrap_or("-");
    line("input hash", &format!("{hash}, {}", image.input_hash.state));
    line("revision", image.revision.as_deref().unwrap_or("-"));
    let base = match (&image.base, &image.base_unknown) {
        (Some(base), _) => match base.age_days {
            Some(1) => format!("{}, 1 day old", base.name),
            Some(days) => format!("{}, {days} days old", base.name),
            None => format!("{}, does not say when it was made", base.name),
        },
        (None, why) => format!("not known: {}", why.as_deref().unwrap_or("-")),
    };
    line("base", &base);
    let provenance = image.provenance.as_ref().map_or("none".to_owned(), |said| {
        let builder = match said.builder.as_str() {
            "" => "a builder without a name",
            builder => builder,
        };
        let commit = said.commit.as_deref().unwrap_or("not named");
        format!("by {builder}, commit {commit}")
    });
    line("provenance", &provenance);
    let signature = match &image.signature {
        Signature::Verified { by } => format!("by {}", by.join(", ")),
        Signature::NotChecked { why } => format!("not checked: {why}"),
        Signature::Refused { why } => format!("refused: {why}"),
    };
    line("signature", &signature);
}
