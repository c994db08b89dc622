//! `docker-bake.hcl`: one target per service and per pack binary.

use std::collections::BTreeMap;

use hcl::expr::Variable;
use hcl::format::Format;
use hcl::{Block, Expression};

use super::Document;
use super::seal::seal;
use crate::plan::Plan;
use crate::plan::build::SHARED;
use crate::plan::config::valid::INPUT_HASH_LABEL;
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
        path: plan.generated("docker-bake.hcl"),
        text: seal(&text),
    }
}

/// Lists on one line, but for groups: a service more is a line more there.
fn format(block: &Block) -> String {
    let mut text = Vec::new();
    let compact = block.identifier.as_str() != "group";
    let mut formatter = hcl::format::Formatter::builder()
        .compact_arrays(compact)
        .build(&mut text);
    block
        .format(&mut formatter)
        .expect("a block of plain expressions can be written");
    String::from_utf8(text).expect("HCL is UTF-8")
}

fn blocks(plan: &Plan) -> Vec<(String, Block)> {
    let config = &plan.config;
    let mut blocks = vec![
        variable(
            "REGISTRY",
            &config.registry,
            "Registry and namespace of the images; empty for local names",
        ),
        variable("TAG", "latest", "Tag of the images"),
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
        variable("CACHE_REF", "", &cache_description(plan)),
        variable(
            "CACHE_MODE",
            "max",
            "max: all stages go to the cache; min: those in the image",
        ),
        variable(
            "CACHE_BRANCH",
            "main",
            "Branch whose cache is written; main's is read too",
        ),
        variable(
            "SOURCE_DATE_EPOCH",
            "0",
            "Time of creation of the images, in seconds since 1970",
        ),
    ];
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
    if plan.has_shared() {
        blocks.push(shared());
    }
    blocks.extend(plan.services.iter().map(|item| service(plan, item)));
    blocks.extend(plan.pack_binaries().map(|binary| pack_binary(plan, binary)));
    blocks
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
            "Where a target reads caches: of its own branch, then of main.".to_owned(),
            function(
                "cache_from",
                &["names"],
                r#"CACHE_REF == "" ? [] : [for pair in setproduct(distinct([CACHE_BRANCH, "main"]), names) : "type=registry,ref=${cache(pair[1], pair[0])}"]"#,
            ),
        ),
        (
            "Where a target writes its cache. A cache that cannot be written does not fail the build.".to_owned(),
            function(
                "cache_to",
                &["name", "mode"],
                r#"CACHE_REF == "" ? [] : ["type=registry,ref=${cache(name, CACHE_BRANCH)},mode=${mode},compression=zstd,oci-mediatypes=true,ignore-error=true"]"#,
            ),
        ),
        (
            "One cache per target, platform and branch: an export replaces what its name held.".to_owned(),
            function(
                "cache",
                &["name", "branch"],
                r#""${CACHE_REF}:${name}${PLATFORMS == "" ? "" : "-${replace(replace(PLATFORMS, "/", "-"), ",", "-")}"}-${regex_replace(branch, "[^A-Za-z0-9_.-]", "-")}""#,
            ),
        ),
    ]
}

fn groups(plan: &Plan) -> Vec<(String, Block)> {
    let group = |comment: &str, name: &str, targets: Vec<&str>| {
        let block = Block::builder("group")
            .add_label(name)
            .add_attribute(("targets", names(targets)))
            .build();
        (comment.to_owned(), block)
    };
    let services = plan
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    let mut groups = vec![group("All services.", "default", services)];
    for (family, variants) in plan.families() {
        let variants = variants
            .into_iter()
            .map(|service| service.name.as_str())
            .collect();
        groups.push(group(
            &format!("The variants of {family}: one binary, compiled once."),
            family,
            variants,
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
            binaries,
        ));
    }
    groups
}

fn common(plan: &Plan) -> (String, Block) {
    let args = hcl::expr::Object::from_iter(
        ["BUILDER_BASE", "RUNTIME_BASE", "SOURCE_DATE_EPOCH"].map(|name| {
            (
                hcl::expr::ObjectKey::from(hcl::Identifier::unchecked(name)),
                reference(name),
            )
        }),
    );
    let block = Block::builder("target")
        .add_label("_common")
        .add_attribute(("context", "."))
        .add_attribute(("dockerfile", plan.generated("docker/Dockerfile").as_str()))
        .add_attribute((
            "platforms",
            expression(r#"PLATFORMS == "" ? [] : split(",", PLATFORMS)"#),
        ))
        .add_attribute(("args", Expression::Object(args)))
        .add_attribute(("attest", names(["type=provenance,disabled=true"])))
        .build();
    (
        "What all targets share. A provenance attestation holds the time of the build: each bake would give another digest."
            .to_owned(),
        block,
    )
}

fn service(plan: &Plan, service: &Service) -> (String, Block) {
    let name = &service.name;
    let variable = hash_variable(name);
    let mut labels = BTreeMap::from([
        (
            INPUT_HASH_LABEL,
            expression(&format!("{variable} == \"\" ? null : {variable}")),
        ),
        ("org.opencontainers.image.title", name.as_str().into()),
    ]);
    labels.extend(
        service
            .image
            .labels
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str().into())),
    );
    let labels = hcl::expr::Object::from_iter(
        labels
            .into_iter()
            .map(|(key, value)| (hcl::expr::ObjectKey::Expression(key.into()), value)),
    );
    let block = Block::builder("target")
        .add_label(name.as_str())
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", name.as_str()))
        .add_attribute((
            "tags",
            expression(&format!(
                "tags(\"{name}\", {variable}, target.docker-metadata-action.tags)"
            )),
        ))
        .add_attribute(("labels", Expression::Object(labels)))
        .add_attribute(("cache-from", cache_from(plan, &format!("\"{name}\""))))
        .add_attribute((
            "cache-to",
            expression(&format!("cache_to(\"{name}\", CACHE_MODE)")),
        ))
        .build();
    let binary = format!("{} of {}", service.bin, service.package);
    (binary, block)
}

/// A target's own cache, and that of the stages it shares.
fn cache_from(plan: &Plan, own: &str) -> Expression {
    let shared = if plan.has_shared() {
        format!(", \"{SHARED}\"")
    } else {
        String::new()
    };
    expression(&format!("cache_from([{own}{shared}])"))
}

fn shared() -> (String, Block) {
    let block = Block::builder("target")
        .add_label(SHARED)
        .add_attribute(("inherits", names(["_common"])))
        .add_attribute(("target", SHARED))
        .add_attribute(("output", names(["type=cacheonly"])))
        .add_attribute((
            "cache-from",
            expression(&format!("cache_from([\"{SHARED}\"])")),
        ))
        .add_attribute((
            "cache-to",
            expression(&format!("cache_to(\"{SHARED}\", \"max\")")),
        ))
        .build();
    (
        "The stages that services share, so that they are in the registry cache once: bake it with CACHE_REF set."
            .to_owned(),
        block,
    )
}

fn pack_binary(plan: &Plan, binary: &PackBinary) -> (String, Block) {
    let name = &binary.target;
    let variable = hash_variable(name);
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
        .add_attribute((
            "cache-from",
            cache_from(plan, &format!("\"{name}-${{{variable}}}\"")),
        ))
        .add_attribute((
            "cache-to",
            expression(&format!("cache_to(\"{name}-${{{variable}}}\", CACHE_MODE)")),
        ))
        .build();
    (
        format!(
            "{} of {}, put into {}",
            binary.bin, binary.package, binary.folder
        ),
        block,
    )
}
