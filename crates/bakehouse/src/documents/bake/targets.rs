//! The targets of the Bake file.

use hcl::expr::ObjectKey;
use hcl::{Block, Expression};

use super::at_bake;
use super::embedded::with_images;
use super::functions::TAGGED_UNDER;
use super::syntax::{Noted, expression, label, list, names, reference, text};
use super::variables::{AGENT, EPOCH, SEED, own_variables};
use crate::documents::labels::{self, REVISION_LABEL};
use crate::plan::Plan;
use crate::plan::build::{COMPILED, DEPS_SEED, TURN};
use crate::plan::config::valid::{BakeConfig, GIVEN_TAG, INPUT_HASH_LABEL, TargetConfig};
use crate::plan::pack::PackBinary;
use crate::plan::service::Service;
use crate::plan::stage::Selection;

/// The target that docker/metadata-action fills.
const METADATA_ACTION: &str = "docker-metadata-action";

/// Returns all targets.
pub fn targets(plan: &Plan) -> Vec<Noted> {
    let mut targets = vec![
        metadata_action(&plan.config.bake),
        common(plan),
        images(&plan.config.bake),
        compiled(plan),
    ];
    targets.extend(plan.services.iter().map(|one| service(plan, one)));
    targets.extend(plan.pack_binaries().map(|binary| pack_binary(plan, binary)));
    for selection in &plan.selections {
        targets.extend([fill(selection), save(selection)]);
    }
    targets
}

/// Returns the target that docker/metadata-action fills.
fn metadata_action(config: &BakeConfig) -> Noted {
    let mut block = Block::builder("target")
        .add_label(METADATA_ACTION)
        .add_attribute(("tags", list([])));
    if config.given_labels {
        block = block.add_attribute(("labels", expression("{}")));
    }
    if config.given_annotations {
        block = block.add_attribute(("annotations", list([])));
    }
    Noted::new(
        "Filled by docker/metadata-action in CI: each service takes the tags under its own name.",
        block.build(),
    )
}

fn common(plan: &Plan) -> Noted {
    let usual = ["BUILDER_BASE", "RUNTIME_BASE", EPOCH].map(|name| (name, reference(name)));
    // An empty variable is left unset, as when Cargo runs by hand.
    let own = own_variables(plan).map(|(name, _)| {
        let value = expression(&format!("{name} == \"\" ? null : {name}"));
        (name, value)
    });
    let chosen = at_bake::arguments(plan);
    let chosen = chosen
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    let args = usual
        .into_iter()
        .chain(chosen)
        .chain(own)
        .map(|(name, value)| (ObjectKey::from(hcl::Identifier::unchecked(name)), value));
    let args = hcl::expr::Object::from_iter(args);
    let block = Block::builder("target")
        .add_label("_common")
        .add_attribute(("context", "."))
        .add_attribute(("dockerfile", plan.output("Dockerfile").as_str()));
    let block = secrets(plan)
        .into_iter()
        .fold(block, hcl::BlockBuilder::add_attribute)
        .add_attribute((
            "platforms",
            platforms(),
        ))
        .add_attribute(("args", Expression::Object(args)))
        .add_attribute((
            "cache-from",
            expression(
                r#"[for ref in concat(CACHE_REF == "" ? [] : [for branch in distinct([CACHE_BRANCH, "main"]) : cache(branch)], CACHE_FROM == "" ? [] : split(",", CACHE_FROM)) : "type=registry,ref=${ref}"]"#,
            ),
        ))
        .add_attribute(("attest", names(["type=provenance,disabled=true"])))
        .build();
    Noted::new("The settings that all targets share.", block)
}

/// Returns the secrets and SSH agents of the steps that may have them.
fn secrets(plan: &Plan) -> Vec<(&'static str, Expression)> {
    let secrets = &plan.config.secrets;
    let mut lists: Vec<String> = secrets
        .files
        .keys()
        .map(|name| format!(r#"{name} == "" ? [] : ["type=file,id={name},src=${{{name}}}"]"#))
        .collect();
    let variables = secrets.variables.iter();
    let variables: Vec<String> = variables
        .map(|name| format!(r#""type=env,id={name},env={name}""#))
        .collect();
    if !variables.is_empty() {
        lists.push(format!("[{}]", variables.join(", ")));
    }
    let given = match &lists[..] {
        [] => None,
        [list] => Some(list.clone()),
        lists => Some(format!("concat({})", lists.join(", "))),
    };
    let agent = format!(r#"{AGENT} == "" ? [] : ["default"]"#);
    let given = given.map(|given| ("secret", expression(&given)));
    let agent = secrets.ssh.then(|| ("ssh", expression(&agent)));
    given.into_iter().chain(agent).collect()
}

/// Returns the platforms of the variable.
pub fn platforms() -> Expression {
    expression(r#"PLATFORMS == "" ? [] : split(",", PLATFORMS)"#)
}

/// Returns the label of the commit, if the variable has one.
pub fn revision() -> Expression {
    let revision = expression(r#"REVISION == "" ? null : REVISION"#);
    label(REVISION_LABEL, revision)
}

/// Returns the attestations that the variables ask for.
pub fn attestations() -> Expression {
    expression(
        r#"concat([PROVENANCE == "" ? "type=provenance,disabled=true" : "type=provenance,mode=${PROVENANCE}"], SBOM == "" ? [] : [SBOM == "true" ? "type=sbom" : "type=sbom,generator=${SBOM}"])"#,
    )
}

fn images(config: &BakeConfig) -> Noted {
    let labels = if config.given_labels {
        expression(&format!(
            r#"merge(target.{METADATA_ACTION}.labels, REVISION == "" ? {{}} : {{ "{REVISION_LABEL}" = REVISION }})"#
        ))
    } else {
        revision()
    };
    let mut block = Block::builder("target")
        .add_label("_image")
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("labels", labels));
    if config.given_annotations {
        let annotations = format!("target.{METADATA_ACTION}.annotations");
        block = block.add_attribute(("annotations", expression(&annotations)));
    }
    let block = block.add_attribute(("attest", attestations())).build();
    Noted::new(
        "The settings that all images share. A provenance attestation contains the time of the build, so each bake gives another digest.\n\
        Labels that no bake changes stand in the Dockerfile.",
        block,
    )
}

fn compiled(plan: &Plan) -> Noted {
    let block = Block::builder("target")
        .add_label(COMPILED)
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", COMPILED));
    let block = with_images(block, plan.images_of_stages())
        .add_attribute(("args", always()))
        .add_attribute(("output", names(["type=cacheonly"])))
        .add_attribute((
            "cache-to",
            expression(
                r#"CACHE_REF == "" ? [] : ["type=registry,ref=${cache(CACHE_BRANCH)},mode=max,compression=zstd,oci-mediatypes=true,ignore-error=true"]"#,
            ),
        ))
        .build();
    Noted::new(
        "Every stage that compiles, loaded in each bake. Only this target writes the registry cache. If that fails, the build goes on.",
        block,
    )
}

/// Returns the build argument that makes a step run in each bake. With `no-cache`, BuildKit would empty the mounts of the
/// step.
fn always() -> Expression {
    expression(&format!("{{ {TURN} = timestamp() }}"))
}

/// Returns the target that fills the cache mounts of an empty builder.
fn fill(selection: &Selection) -> Noted {
    let name = String::from(selection.deps_fill());
    let contexts = expression(&format!(
        r#"{SEED} == "" ? {{}} : {{ {DEPS_SEED} = "docker-image://${{{SEED}}}" }}"#
    ));
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", name.as_str()))
        .add_attribute(("contexts", contexts))
        .add_attribute(("args", always()))
        .add_attribute(("output", names(["type=cacheonly"])))
        .build();
    Noted::new(
        format!("Fills an empty builder's cache mounts from the image {SEED}."),
        block,
    )
}

/// Returns the target that writes a seed.
fn save(selection: &Selection) -> Noted {
    let name = String::from(selection.deps_save());
    let tags = expression(&format!(
        r#"CACHE_REF == "" ? [] : ["${{seed(CACHE_BRANCH)}}{}"]"#,
        selection.suffix
    ));
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", name.as_str()))
        .add_attribute(("args", always()))
        .add_attribute(("tags", tags))
        .add_attribute((
            "output",
            names(["type=image,push=true,store=false,compression=zstd,oci-mediatypes=true"]),
        ))
        .build();
    Noted::new(
        "Pushes what this builder compiled, for builds after the next change of Cargo.lock.",
        block,
    )
}

fn service(plan: &Plan, service: &Service) -> Noted {
    let name = &service.name;
    let mut block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names(["_image"])))
        .add_attribute(("target", name.as_str()));
    block = with_images(block, plan.images_of_service(service))
        .add_attribute(("tags", expression(&service_tags(&service.target))));
    if !service.target.platforms.is_empty() {
        let own = service.target.platforms.iter().map(String::as_str);
        block = block.add_attribute(("platforms", some_platforms(own)));
    }
    if let Some(output) = &service.target.output {
        block = block.add_attribute(("output", list([text(output)])));
    }
    if let Some(revision) = labels::own_revision(service) {
        block = block.add_attribute(("labels", label(REVISION_LABEL, text(revision))));
    }
    Noted::new(service.what(), block.build())
}

/// Returns the tags of an image that has those of CI or of `TAG`, as HCL.
pub fn tags(image: &str) -> String {
    format!("tags(\"{image}\", target.{METADATA_ACTION}.tags)")
}

/// Returns the tags of an image, as HCL.
pub fn service_tags(target: &TargetConfig) -> String {
    let image = &target.image;
    let given = match &target.own_tags[..] {
        [] if target.registries.is_empty() => return tags(image),
        [] => format!("usual(target.{METADATA_ACTION}.tags)"),
        [tag] => own_tags(tag),
        several => {
            let several: Vec<String> = several.iter().map(|tag| own_tags(tag)).collect();
            format!("distinct(concat({}))", several.join(", "))
        }
    };
    with_tags(target, &given)
}

/// Returns the names of an image in each of its registries with `tags`, a list in HCL.
pub fn with_tags(target: &TargetConfig, tags: &str) -> String {
    let image = &target.image;
    if target.registries.is_empty() {
        return format!(r#"tagged("{image}", {tags})"#);
    }
    let registries: Vec<String> = target
        .registries
        .iter()
        .map(|registry| format!(r#""{registry}""#))
        .collect();
    let registries = registries.join(", ");
    format!(r#"{TAGGED_UNDER}([{registries}], "{image}", {tags})"#)
}

/// Returns the tags that one of an image's own stands for, as a list in HCL.
fn own_tags(tag: &str) -> String {
    if !tag.contains(GIVEN_TAG) {
        return format!(r#"["{tag}"]"#);
    }
    let tag = tag.replace(GIVEN_TAG, "${tag}");
    format!(r#"[for tag in usual(target.{METADATA_ACTION}.tags) : "{tag}"]"#)
}

/// Returns those of `PLATFORMS` that an image has; all that it has if none of them is among `PLATFORMS`.
pub fn some_platforms<'a>(own: impl Iterator<Item = &'a str>) -> Expression {
    let own: Vec<String> = own.map(|name| format!("\"{name}\"")).collect();
    expression(&format!("platforms([{}])", own.join(", ")))
}

fn pack_binary(plan: &Plan, binary: &PackBinary) -> Noted {
    let name = &binary.target;
    let hash = text(&binary.input_hash);
    let output = format!("type=local,dest={}", binary.folder);
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", name.as_str()));
    let mut block = with_images(block, plan.images_of_pack_binary(binary))
        .add_attribute(("output", list([text(&output)])))
        .add_attribute(("labels", label(INPUT_HASH_LABEL, hash)));
    if let Some(arguments) = at_bake::nothing_chosen(plan) {
        block = block.add_attribute(("args", arguments));
    }
    let comment = format!(
        "{} of {}, put into {}",
        binary.bin, binary.package, binary.folder
    );
    Noted::new(comment, block.build())
}
