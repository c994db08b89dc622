//! The configuration's share of the input hashes.
//!
//! Each type of the configuration is destructured here without `..`. A new key does not compile until somebody has
//! decided whether it can change an output.

use std::sync::Arc;

use camino::Utf8Path;

use super::about;
use super::auditable::CARGO_AUDITABLE;
use super::config::Config;
use super::config::fetched::FetchedFile;
use super::config::valid::OtherImageConfig;
use super::config::valid::{
    CompileSettings, Healthcheck, ImageConfig, PackBinaryConfig, ServiceConfig,
    SharedLibraryConfig, TargetConfig,
};
use super::inputs::Inputs;
use super::stage::CompileStage;
use super::zig::{CARGO_ZIGBUILD, ZIG};

/// The settings that all outputs share, computed once.
pub(super) struct Settings<'a> {
    binary: Vec<(&'static str, Arc<str>)>,
    image: Vec<(&'static str, Arc<str>)>,
    /// The base of images that do not name their own.
    runtime: &'a str,
    /// The working folder of such images.
    workdir: &'a Utf8Path,
}

impl<'a> Settings<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        let Config {
            // Each binary has its own, which may be this one.
            profile: _,
            platforms,
            emulate,
            strategy,
            builder,
            builder_packages,
            auditable,
            min_glibc,
            runtime,
            workdir,
            packs,
            packs_path,
            // Each image has them among its own.
            runtime_packages: _,
            user: _,
            // Those of an output are added with it.
            services: _,
            by_rule: _,
            images: _,
            // The input hashes of the images are added with the packages that embed them.
            embedded: _,
            // Their results are hashed: the files of packages and the values of variables.
            inputs: _,
            excluded: _,
            only: _,
            variables: _,
            // Its result is hashed: the features.
            unify: _,
            // They change stages, but not what is compiled.
            groups: _,
            // What was chosen is hashed with each binary.
            at_bake: _,
            // They name and place results, caches and generated files, but are not in a result.
            name: _,
            registries: _,
            cache_ref: _,
            output: _,
            // They are used to fetch content, and the lock identifies that.
            secrets: _,
            fetch,
            // They are only checked against binaries.
            glibc: _,
            // They serve packs, services and CI, and build nothing.
            init: _,
            packs_dev: _,
            builders: _,
            bake: _,
            ci_branch: _,
            ci_runner: _,
            ci_sign: _,
            ci_install: _,
            compose: _,
        } = config;
        let mut binary: Vec<(&'static str, Arc<str>)> = vec![
            ("platforms", platforms.join(", ").into()),
            ("cache.strategy", strategy.as_str().into()),
            ("bases.builder", builder.as_str().into()),
            ("bases.packages", builder_packages.join(", ").into()),
        ];
        if *emulate {
            binary.push(("emulate", "true".into()));
        }
        if *auditable {
            binary.push(("auditable", CARGO_AUDITABLE.into()));
        }
        if let Some(min_glibc) = min_glibc {
            let by = format!("{min_glibc} by zig {ZIG} and cargo-zigbuild {CARGO_ZIGBUILD}");
            binary.push(("glibc", by.into()));
        }
        if !fetch.is_empty() {
            let files: Vec<String> = fetch.iter().map(FetchedFile::identity).collect();
            binary.push(("fetch", files.join(", ").into()));
        }
        let mut image: Vec<(&'static str, Arc<str>)> = Vec::new();
        if !packs.is_empty() {
            image.push(("runtime.packs", packs_path.as_str().into()));
        }
        Self {
            binary,
            image,
            runtime,
            workdir,
        }
    }

    /// Adds the settings that can change the binary of a stage.
    pub(super) fn binary(&self, inputs: &mut Inputs, binary_stage: &CompileStage) {
        let CompileStage {
            package,
            bin,
            cdylib,
            linked_static,
            settings: CompileSettings { profile, rustflags },
            // The name is not in the binary.
            name: _,
            // The resulting features are hashed.
            asked: _,
            // They follow from the closure, whose packages are hashed with their files and variables.
            needs: _,
            with_root: _,
            used: _,
            dir: _,
            reads: _,
            embedded: _,
            as_is: _,
            variables: _,
        } = binary_stage;
        inputs.setting("package", package.as_str());
        inputs.setting("bin", bin.as_deref().unwrap_or_default());
        if let Some(file) = cdylib {
            inputs.setting("cdylib", file.as_str());
        }
        if *linked_static {
            inputs.setting("static", "true");
        }
        inputs.setting("profile", profile.as_str());
        if !rustflags.is_empty() {
            inputs.setting("rustflags", rustflags.join(" "));
        }
        add(inputs, &self.binary);
    }

    /// Adds the settings that can change the image of `service` beside its binary, without the content of shipped
    /// files.
    pub(super) fn image(&self, inputs: &mut Inputs, service: &ServiceConfig) {
        let ServiceConfig {
            family,
            image,
            // The names are not in the image. Variants differ only in `image`.
            name: _,
            built_as: _,
            variant: _,
            // These are hashed as stages.
            binaries: _,
            libraries,
            target,
            // This affects how the service runs, not its image.
            compose: _,
        } = service;
        let ImageConfig {
            runtime,
            built_base,
            packages,
            user,
            workdir,
            ports,
            env,
            labels,
            files,
            files_of_images,
            entrypoint,
            command,
            stop_signal,
            healthcheck,
        } = image;
        let TargetConfig {
            platforms,
            // They name and place the image.
            image: _,
            registries: _,
            own_tags: _,
            default: _,
            of_family: _,
            output: _,
        } = target;
        let key = |key: &str| format!("services.{family}.{key}");
        match built_base.as_deref().or(runtime.as_deref()) {
            Some(runtime) => inputs.setting(key("runtime"), runtime),
            None => inputs.setting("bases.runtime", self.runtime),
        }
        if !packages.is_empty() {
            inputs.setting(key("packages"), packages.join(", "));
        }
        inputs.setting(key("user"), user.as_str());
        let own = *workdir != self.workdir;
        let workdir_key = if own {
            key("workdir")
        } else {
            "runtime.workdir".to_owned()
        };
        inputs.setting(workdir_key, workdir.as_str());
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        inputs.setting(key("ports"), ports.join(", "));
        for (name, value) in env {
            inputs.setting(key(&format!("env.{name}")), value.as_str());
        }
        for (name, value) in labels {
            inputs.setting(key(&format!("labels.{name}")), value.as_str());
        }
        for (from, to) in files {
            inputs.setting(key(&format!("files.{from}")), to.as_str());
        }
        for (from, to) in files_of_images {
            inputs.setting(key(&format!("files.{from}")), to.as_str());
        }
        for (name, words) in [("entrypoint", entrypoint), ("command", command)] {
            if let Some(words) = words {
                let words = serde_json::Value::from(words.as_slice());
                inputs.setting(key(name), words.to_string());
            }
        }
        if let Some(signal) = stop_signal {
            inputs.setting(key("stop-signal"), signal.as_str());
        }
        if let Some(check) = healthcheck {
            inputs.setting(key("healthcheck"), healthcheck_text(check));
        }
        if !libraries.is_empty() {
            let files: Vec<&str> = libraries.iter().map(SharedLibraryConfig::file).collect();
            inputs.setting(key("libs"), files.join(", "));
        }
        if !platforms.is_empty() {
            inputs.setting("platforms", platforms.join(", "));
        }
        add(inputs, &self.image);
    }

    /// Adds the settings that can change an image of a Dockerfile of the workspace. `all` are the workspace's platforms.
    pub(super) fn other_image(inputs: &mut Inputs, image: &OtherImageConfig, all: &[String]) {
        let OtherImageConfig {
            name,
            stage,
            args,
            target:
                TargetConfig {
                    platforms,
                    // They name and place the image.
                    image: _,
                    registries: _,
                    own_tags: _,
                    default: _,
                    of_family: _,
                    output: _,
                },
            // Their files are hashed.
            context: _,
            dockerfile: _,
            // They affect how it runs, not the image.
            ports: _,
            env: _,
            compose: _,
        } = image;
        let key = |key: &str| format!("images.{name}.{key}");
        if let Some(stage) = stage {
            inputs.setting(key("target"), stage.as_str());
        }
        for (name, value) in args {
            inputs.setting(key(&format!("args.{name}")), value.as_str());
        }
        let platforms = if platforms.is_empty() { all } else { platforms };
        inputs.setting("platforms", platforms.join(", "));
    }

    /// Adds a label that comes from the package of an image.
    pub(super) fn label(inputs: &mut Inputs, label: &str, value: &str) {
        inputs.setting(about::setting(label), value);
    }

    /// Adds the setting that only a pack's binary has: the folder that receives it.
    pub(super) fn placed(inputs: &mut Inputs, binary: &PackBinaryConfig) {
        let PackBinaryConfig {
            folder,
            // It is hashed as a stage.
            binary: _,
        } = binary;
        inputs.setting("to", folder.as_str());
    }
}

fn healthcheck_text(check: &Healthcheck) -> String {
    let mut text = serde_json::Value::from(check.command.as_slice()).to_string();
    for (name, value) in check.options() {
        text += &format!(", {name} {value}");
    }
    text
}

fn add(inputs: &mut Inputs, settings: &[(&'static str, Arc<str>)]) {
    for (key, value) in settings {
        inputs.setting(*key, value.clone());
    }
}
