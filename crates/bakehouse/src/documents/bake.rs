//! `docker-bake.hcl`: one target per service and per pack binary.

use std::collections::BTreeMap;

use hcl::expr::{ObjectKey, TemplateExpr, Variable};
use hcl::format::Format;
use hcl::{Block, Expression};

use super::Document;
use super::checked_variables::{self, Validation};
use super::seal::seal;
use crate::plan::Plan;
use crate::plan::build::COMPILED;
use crate::plan::config::valid::{INPUT_HASH_LABEL, TOOLCHAIN_LABEL};
use crate::plan::pack::PackBinary;
use crate::plan::service::Service;

/// Renders the Bake file, block by block, each under a comment.
pub fn render(plan: &Plan) -> Document {
    let mut text = String::new();
    for (comment, block) in blocks(plan) {
        text.push('\n');
        for line in comment.lines() {
            text += &format!("# {line}\n");
        }
        text += &format(&block);
    }
    Document {
        path: plan.config.output.bake.clone(),
        text: seal(&text),
    }
}

/// Lists on one line, but for groups: a service more is a line more there.
fn format(block: &Block) -> String {
    let mut text = Vec::new();
    let is_group = block.identifier.as_str() == "group";
    let mut formatter = hcl::format::Formatter::builder()
        .compact_arrays(!is_group)
        .build(&mut text);
    block
        .format(&mut formatter)
        .expect("a block of plain expressions can be written");
    let text = String::from_utf8(text).expect("HCL is UTF-8");
    if is_group && block.labels[0].as_str() == "default" {
        return with_cache(&text);
    }
    text
}

/// The group with the target that keeps the registry cache, if there is one. The formatter would put all that is in a
/// call on one line.
fn with_cache(group: &str) -> String {
    let cache = format!("], CACHE_REF == \"\" ? [] : [\"{COMPILED}\"])");
    group.replacen('[', "concat([", 1).replacen(']', &cache, 1)
}

fn blocks(plan: &Plan) -> Vec<(String, Block)> {
    let config = &plan.config;
    let mut blocks = vec![
        validated(
            variable(
                "REGISTRY",
                &config.registry,
                "Registry and namespace of the images; empty for local names",
            ),
            checked_variables::registry(),
        ),
        validated(
            variable("TAG", "latest", "Tag of the images"),
            checked_variables::tag(),
        ),
        variable(
            "PLATFORMS",
            &config.platforms.join(","),
            "Platforms, separated by commas; empty for the builder's own",
        ),
        variable(
            "BUILDER_BASE",
            &config.builder,
            "Image with the Rust toolchain",
        ),
        variable(
            "RUNTIME_BASE",
            &config.runtime,
            "Image that the services run on",
        ),
        validated(
            variable("CACHE_REF", "", &cache_description(plan)),
            checked_variables::cache(),
        ),
        variable(
            "CACHE_FROM",
            "",
            "More registry caches to read, with their tags, separated by commas",
        ),
        validated(
            variable(
                "CACHE_BRANCH",
                "main",
                "Branch whose cache is written; main's is read too",
            ),
            [(
                r#"CACHE_BRANCH != """#.to_owned(),
                "CACHE_BRANCH is the name of a branch".to_owned(),
            )],
        ),
        variable(
            EPOCH,
            "0",
            "Time of creation of the images, in seconds since 1970",
        ),
        variable(
            "REVISION",
            "",
            "Commit of the images, for their label; empty for none",
        ),
        variable(
            "PROVENANCE",
            "",
            "Attestation of how images were built: min or max; empty for none",
        ),
        variable(
            "SBOM",
            "",
            "Attestation of what images hold: true, or the image that scans them; empty for none",
        ),
    ];
    blocks.extend(own_variables(plan).map(|(name, packages)| {
        variable(
            name,
            "",
            &format!(
                "Given to the compilation of {}; empty for none",
                packages.join(", ")
            ),
        )
    }));
    blocks.extend(secret_variables(plan));
    blocks.extend(plan.services.iter().map(|service| {
        variable(
            &hash_variable(&service.name),
            "",
            &format!("Input hash of {}, given by `bakehouse build`", service.name),
        )
    }));
    blocks.extend(plan.pack_binaries().map(|binary| {
        variable(
            &hash_variable(&binary.target),
            &binary.input_hash,
            &format!("Input hash of {}", binary.target),
        )
    }));
    blocks.extend(functions());
    blocks.extend(groups(plan));
    blocks.push((
        "Filled by docker/metadata-action in CI: each service takes the tags under its own name."
            .to_owned(),
        Block::builder("target")
            .add_label("docker-metadata-action")
            .add_attribute(("tags", list([])))
            .build(),
    ));
    blocks.push(common(plan));
    blocks.push(images());
    blocks.push(compiled());
    blocks.extend(plan.services.iter().map(service));
    blocks.extend(plan.pack_binaries().map(pack_binary));
    blocks
}

/// The variables that compilations get, but for the one that all have.
fn own_variables(plan: &Plan) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let variables = plan.variables().into_iter();
    variables.filter(|(name, _)| *name != EPOCH)
}

const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The variables that say where secrets are. A secret that is a variable itself is none of Bake's: it would show it.
fn secret_variables(plan: &Plan) -> Vec<(String, Block)> {
    let secrets = &plan.config.secrets;
    let files = secrets.files.iter().map(|(name, path)| {
        let description =
            format!("Path of the file that steps with network find as {path}; empty for none");
        variable(name, "", &description)
    });
    let agent = variable(
        AGENT,
        "",
        "SSH agent for the step that fetches crates; empty for none",
    );
    files.chain(secrets.ssh.then_some(agent)).collect()
}

const AGENT: &str = "SSH_AUTH_SOCK";

/// What the steps that may have them are given.
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

fn cache_description(plan: &Plan) -> String {
    let example = if plan.config.cache_ref.is_empty() {
        "registry.example/cache"
    } else {
        &plan.config.cache_ref
    };
    format!("Repository of the registry cache, e.g. {example}; empty for none")
}

fn variable(name: &str, default: &str, description: &str) -> (String, Block) {
    let block = Block::builder("variable")
        .add_label(name)
        .add_attribute(("default", default))
        .add_attribute(("description", description))
        .build();
    (String::new(), block)
}

/// A variable whose value Bake refuses where a condition does not hold.
fn validated(
    (comment, mut block): (String, Block),
    conditions: impl IntoIterator<Item = Validation>,
) -> (String, Block) {
    for (condition, message) in conditions {
        let validation = Block::builder("validation")
            .add_attribute(("condition", expression(&condition)))
            .add_attribute((
                "error_message",
                Expression::from(TemplateExpr::QuotedString(message)),
            ))
            .build();
        block.body.0.push(validation.into());
    }
    (comment, block)
}

/// The variable that carries the input hash of a target.
pub fn hash_variable(target: &str) -> String {
    format!(
        "{}_INPUT_HASH",
        target.to_ascii_uppercase().replace('-', "_")
    )
}

fn expression(text: &str) -> Expression {
    text.parse()
        .expect("the expressions of this file are written in it")
}

fn list(items: impl IntoIterator<Item = Expression>) -> Expression {
    Expression::Array(items.into_iter().collect())
}

fn names<'a>(items: impl IntoIterator<Item = &'a str>) -> Expression {
    list(items.into_iter().map(Expression::from))
}

/// An object whose keys are quoted.
fn labels<'a>(pairs: impl IntoIterator<Item = (&'a str, Expression)>) -> Expression {
    let quoted = |(key, value): (&str, Expression)| (ObjectKey::Expression(key.into()), value);
    Expression::Object(pairs.into_iter().map(quoted).collect())
}

/// Text that Bake reads back as it is. The formatter's own way to write it misses the second of two markers side by side,
/// as in `$$ $${A}`.
fn text(text: &str) -> Expression {
    let mut quoted = String::new();
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\n' => quoted += "\\n",
            _ if char.is_control() => quoted += &format!("\\u{:04x}", u32::from(char)),
            _ => quoted.push(char),
        }
    }
    let quoted = quoted.replace("${", "$${").replace("%{", "%%{");
    TemplateExpr::QuotedString(quoted).into()
}

fn reference(name: &str) -> Expression {
    Expression::from(Variable::new(name).expect("names of variables are identifiers"))
}

fn function(name: &str, params: &[&str], result: &str) -> Block {
    Block::builder("function")
        .add_label(name)
        .add_attribute(("params", list(params.iter().map(|param| reference(param)))))
        .add_attribute(("result", expression(result)))
        .build()
}

fn functions() -> Vec<(String, Block)> {
    vec![
        (
            "The full name of an image.".to_owned(),
            function("image", &["name"], r#"REGISTRY == "" ? name : "${REGISTRY}/${name}""#),
        ),
        (
            "Tags of a service: CI's if docker/metadata-action gave some, else TAG; and its input hash if known."
                .to_owned(),
            function(
                "tags",
                &["name", "hash", "given"],
                r#"concat(length(given) > 0 ? [for tag in given : "${image(name)}:${element(split(":", tag), length(split(":", tag)) - 1)}"] : ["${image(name)}:${TAG}"], hash == "" ? [] : ["${image(name)}:in-${hash}"])"#,
            ),
        ),
        (
            "The name of a branch as a tag can hold it: none is that of another.".to_owned(),
            function(
                "branch_tag",
                &["branch"],
                r#"length(regexall("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$", branch)) > 0 ? branch : "${regex_replace(substr(regex_replace(branch, "[^A-Za-z0-9_.-]", "-"), 0, 55), "^[.-]", "_")}-${substr(sha256(branch), 0, 8)}""#,
            ),
        ),
        (
            "The registry cache of a branch, for the platforms at hand. No branch has `..` in its name.".to_owned(),
            function(
                "cache",
                &["branch"],
                r#""${CACHE_REF}:${PLATFORMS == "" ? "" : "${replace(replace(PLATFORMS, "/", "-"), ",", "-")}.."}${branch_tag(branch)}""#,
            ),
        ),
    ]
}

fn groups(plan: &Plan) -> Vec<(String, Block)> {
    let group = |comment: &str, name: &str, targets: Expression| {
        let block = Block::builder("group")
            .add_label(name)
            .add_attribute(("targets", targets))
            .build();
        (comment.to_owned(), block)
    };
    let services = plan.services.iter().map(|service| service.name.as_str());
    let mut groups = vec![group(
        "All services, and the registry cache if there is one.",
        "default",
        names(services),
    )];
    for (family, variants) in plan.families() {
        let variants = variants.into_iter().map(|service| service.name.as_str());
        groups.push(group(
            &format!("The variants of {family}: one binary, compiled once."),
            family,
            names(variants),
        ));
    }
    let binaries: Vec<&str> = plan
        .pack_binaries()
        .map(|binary| binary.target.as_str())
        .collect();
    if !binaries.is_empty() {
        groups.push(group(
            "The binaries that are built into packs.",
            "packs",
            names(binaries),
        ));
    }
    groups
}

fn common(plan: &Plan) -> (String, Block) {
    let usual = ["BUILDER_BASE", "RUNTIME_BASE", EPOCH].map(|name| (name, reference(name)));
    // Without a value it is not set, as it is not where Cargo runs by hand.
    let own = own_variables(plan).map(|(name, _)| {
        let value = expression(&format!("{name} == \"\" ? null : {name}"));
        (name, value)
    });
    let args = usual
        .into_iter()
        .chain(own)
        .map(|(name, value)| (ObjectKey::from(hcl::Identifier::unchecked(name)), value));
    let args = hcl::expr::Object::from_iter(args);
    let mut block = Block::builder("target")
        .add_label("_common")
        .add_attribute(("context", "."))
        .add_attribute(("dockerfile", plan.output("Dockerfile").as_str()));
    if let Some(toolchain) = plan.toolchain_label() {
        let labels = labels([(TOOLCHAIN_LABEL, Expression::from(toolchain))]);
        block = block.add_attribute(("labels", labels));
    }
    let block = secrets(plan)
        .into_iter()
        .fold(block, hcl::BlockBuilder::add_attribute)
        .add_attribute((
            "platforms",
            expression(r#"PLATFORMS == "" ? [] : split(",", PLATFORMS)"#),
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
    ("What all targets share.".to_owned(), block)
}

/// What the images share.
fn images() -> (String, Block) {
    let revision = (
        "org.opencontainers.image.revision",
        expression(r#"REVISION == "" ? null : REVISION"#),
    );
    let block = Block::builder("target")
        .add_label("_image")
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("labels", labels([revision])))
        .add_attribute((
            "attest",
            expression(
                r#"concat([PROVENANCE == "" ? "type=provenance,disabled=true" : "type=provenance,mode=${PROVENANCE}"], SBOM == "" ? [] : [SBOM == "true" ? "type=sbom" : "type=sbom,generator=${SBOM}"])"#,
            ),
        ))
        .build();
    (
        "What all images share. A provenance attestation holds the time of the build: with one, each bake gives another digest."
            .to_owned(),
        block,
    )
}

fn service(service: &Service) -> (String, Block) {
    let name = &service.name;
    let variable = hash_variable(name);
    let mut all = BTreeMap::from([
        (
            INPUT_HASH_LABEL,
            expression(&format!("{variable} == \"\" ? null : {variable}")),
        ),
        ("org.opencontainers.image.title", name.as_str().into()),
    ]);
    let about = service.about.iter();
    let labelled = about.chain(&service.image.labels);
    all.extend(labelled.map(|(key, value)| (key.as_str(), text(value))));
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names(["_image"])))
        .add_attribute(("target", name.as_str()))
        .add_attribute((
            "tags",
            expression(&format!(
                "tags(\"{name}\", {variable}, target.docker-metadata-action.tags)"
            )),
        ))
        .add_attribute(("labels", labels(all)))
        .build();
    let binary = format!("{} of {}", service.bin, service.package);
    (binary, block)
}

fn compiled() -> (String, Block) {
    let block = Block::builder("target")
        .add_label(COMPILED)
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", COMPILED))
        .add_attribute(("output", names(["type=cacheonly"])))
        .add_attribute((
            "cache-to",
            expression(
                r#"CACHE_REF == "" ? [] : ["type=registry,ref=${cache(CACHE_BRANCH)},mode=max,compression=zstd,oci-mediatypes=true,ignore-error=true"]"#,
            ),
        ))
        .build();
    (
        "Every stage that compiles. It alone writes the registry cache; one that cannot be written does not fail the build."
            .to_owned(),
        block,
    )
}

fn pack_binary(binary: &PackBinary) -> (String, Block) {
    let name = &binary.target;
    let labels = labels([(INPUT_HASH_LABEL, reference(&hash_variable(name)))]);
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", name.as_str()))
        .add_attribute((
            "output",
            list([Expression::from(format!(
                "type=local,dest={}",
                binary.folder
            ))]),
        ))
        .add_attribute(("labels", labels))
        .build();
    (
        format!(
            "{} of {}, put into {}",
            binary.bin, binary.package, binary.folder
        ),
        block,
    )
}
