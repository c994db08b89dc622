//! `bakehouse builder`.

use crate::cli::args::BuilderArgs;
use crate::cli::out::outln;
use crate::cli::session::Session;
use crate::engine::builders::commands;
use crate::engine::buildx::Engine;
use crate::pages::page;
use crate::plan::config::valid::BuilderConfig;
use crate::problem::{Code, Problem, Problems, did_you_mean};

pub fn run(session: &Session, arguments: &BuilderArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let builders = &planned.plan.config.builders;
    let builder = chosen(builders, arguments.name.as_deref())?;
    if arguments.create || arguments.replace {
        let engine = Engine::find()?;
        let said = engine.make_builder(builder, arguments.replace)?;
        session.say(said);
        session.say(format_args!(
            "use it by `export BUILDX_BUILDER={}`",
            builder.name
        ));
        return Ok(());
    }
    for command in commands(builder) {
        let words = command.iter().map(|word| shell(word));
        outln!("docker {}", words.collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

/// Returns the builder with that name, or the only one.
fn chosen<'a>(
    builders: &'a [BuilderConfig],
    name: Option<&str>,
) -> Result<&'a BuilderConfig, Problem> {
    let names = || builders.iter().map(|builder| builder.name.as_str());
    match (name, builders) {
        (_, []) => Err(
            Problem::new(Code::BuilderUnknown, "bakehouse.toml has no builder").hint(format!(
                "add [builders.NAME] with its nodes; see {}",
                page("fleet")
            )),
        ),
        (None, [only]) => Ok(only),
        (None, _) => {
            let names: Vec<&str> = names().collect();
            let problem = Problem::new(Code::BuilderUnknown, "there are several builders");
            Err(problem.hint(format!("name one of {}", names.join(", "))))
        }
        (Some(name), _) => builders
            .iter()
            .find(|builder| builder.name == name)
            .ok_or_else(|| {
                let problem = Problem::new(
                    Code::BuilderUnknown,
                    format!("there is no builder `{}`", name.escape_debug()),
                );
                let known: Vec<&str> = names().collect();
                problem.hint(
                    did_you_mean(name, names())
                        .unwrap_or_else(|| format!("there are {}", known.join(", "))),
                )
            }),
    }
}

/// Quotes a word for the shell.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
