//! Dockerfiles with the stages of others that Bake gives them as contexts.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::dockerfile::{Dockerfile, Origin, Stage};
use super::place::Line;
use super::request::{NamedContext, Request};

/// Returns the Dockerfile of a request, with the stages of its contexts before its own.
pub fn joined(request: &Request, files: &BTreeMap<Utf8PathBuf, Dockerfile>) -> Option<Dockerfile> {
    let mut joined = Dockerfile {
        origins: Vec::new(),
        stages: Vec::new(),
    };
    add(&mut joined, request, files, true)?;
    Some(joined)
}

/// Adds the stages of a request's file, and returns the one that it builds; none if the file or the stage is unknown.
fn add(
    joined: &mut Dockerfile,
    request: &Request,
    files: &BTreeMap<Utf8PathBuf, Dockerfile>,
    is_own: bool,
) -> Option<usize> {
    let file = files.get(&request.dockerfile)?;
    let mut contexts = BTreeMap::new();
    let given = request.bake.iter().flat_map(|bake| &bake.contexts);
    for (name, context) in given {
        let stage = match context {
            NamedContext::Target(other) => add(joined, other, files, false),
            NamedContext::Image(image, place) => {
                joined.stages.push(Stage {
                    name: None,
                    base: image.clone(),
                    line: Line {
                        file: joined.origins.len(),
                        number: place.line,
                    },
                    steps: Vec::new(),
                });
                joined.origins.push(Origin {
                    path: place.file.clone(),
                    first: joined.stages.len() - 1,
                    globals: Vec::new(),
                    arguments: Some(BTreeMap::new()),
                    contexts: BTreeMap::new(),
                    target: None,
                });
                Some(joined.stages.len() - 1)
            }
        };
        if let Some(stage) = stage {
            contexts.insert(name.clone(), stage);
        }
    }
    let (index, first) = (joined.origins.len(), joined.stages.len());
    joined.origins.push(Origin {
        path: request.dockerfile.clone(),
        first,
        globals: file.origins[0].globals.clone(),
        arguments: (!is_own).then(|| request.args.clone()),
        contexts,
        target: (!is_own).then(|| Box::new(request.clone())),
    });
    let of_file = |line: Line| Line {
        file: index,
        ..line
    };
    joined
        .stages
        .extend(file.stages.iter().cloned().map(|mut stage| {
            stage.line = of_file(stage.line);
            for (line, step) in &mut stage.steps {
                *line = of_file(*line);
                step.each_line(|line| *line = of_file(*line));
            }
            stage
        }));
    match &request.target {
        Some(target) => joined.stage(target),
        None => joined.stages.len().checked_sub(1),
    }
}
