//! Dockerfiles as a list of stages, each with its steps and their lines.

use parse_dockerfile::{Command, HealthcheckArguments, Instruction, Source, parse};

use super::place::line;
use super::scope::{assignments, unquoted};
use super::shell;

/// A Dockerfile.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    /// The arguments before the first stage.
    pub globals: Vec<(String, Option<String>)>,
    pub stages: Vec<Stage>,
}

/// A stage. Variables in it are not replaced yet.
#[derive(Clone, Debug)]
pub struct Stage {
    pub name: Option<String>,
    pub base: String,
    pub line: usize,
    pub steps: Vec<(usize, Step)>,
}

/// An instruction.
#[derive(Clone, Debug)]
pub enum Step {
    Arg(Vec<(String, Option<String>)>),
    Env(Vec<(String, Option<String>)>),
    Copy {
        from: Option<String>,
        sources: Vec<String>,
        to: String,
    },
    /// The shell of the steps that follow.
    Shell(Vec<String>),
    /// Commands, each of whose words has its line.
    Run(Vec<Vec<(String, usize)>>),
    Entrypoint(Program),
    Cmd(Program),
    Expose(Vec<String>),
    User(String),
    Workdir(String),
    StopSignal(String),
    Health(Program),
}

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    Exec(Vec<String>),
    Shell(String),
}

impl Dockerfile {
    /// Reads the text of a Dockerfile.
    ///
    /// # Errors
    /// The parser's message about what it does not understand.
    pub fn read(text: &str) -> Result<Self, String> {
        let parsed = parse(text).map_err(|error| error.to_string())?;
        let globals = parsed
            .global_args()
            .flat_map(|arg| assignments(&arg.arguments.value))
            .collect();
        let stages = parsed.stages().map(|stage| Stage {
            name: stage
                .from
                .as_
                .as_ref()
                .map(|(_, name)| name.value.to_string()),
            base: stage.from.image.value.to_string(),
            line: line(text, stage.from.image.span.start),
            steps: stage
                .instructions
                .iter()
                .filter_map(|instruction| step(text, instruction))
                .collect(),
        });
        Ok(Self {
            globals,
            stages: stages.collect(),
        })
    }

    /// Returns the stage of a name or number before the stage `before`.
    pub fn earlier(&self, name: &str, before: usize) -> Option<usize> {
        let named = |stage: &Stage| {
            stage
                .name
                .as_ref()
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        let number = name.parse().ok().filter(|number| *number < before);
        self.stages[..before].iter().position(named).or(number)
    }

    /// Returns the stages that no other stage uses; the last one is always among them.
    pub fn leaves(&self) -> Vec<usize> {
        let mut used = vec![false; self.stages.len()];
        for (index, stage) in self.stages.iter().enumerate() {
            let copied = stage.steps.iter().filter_map(|(_, step)| match step {
                Step::Copy { from, .. } => from.as_deref(),
                _ => None,
            });
            for name in copied.chain([stage.base.as_str()]) {
                if let Some(earlier) = self.earlier(name, index) {
                    used[earlier] = true;
                }
            }
        }
        let last = self.stages.len().saturating_sub(1);
        let leaf = |index: &usize| *index == last || !used[*index];
        (0..self.stages.len()).filter(leaf).collect()
    }
}

fn step(text: &str, instruction: &Instruction<'_>) -> Option<(usize, Step)> {
    let at = |offset: usize| line(text, offset);
    Some(match instruction {
        Instruction::Arg(arg) => (
            at(arg.arguments.span.start),
            Step::Arg(assignments(&arg.arguments.value)),
        ),
        Instruction::Env(env) => (
            at(env.arguments.span.start),
            Step::Env(assignments(&env.arguments.value)),
        ),
        Instruction::Copy(copy) => {
            let from = copy
                .options
                .iter()
                .find(|option| option.name.value == "from");
            let from = from.and_then(|option| option.value.as_ref());
            (
                at(copy.dest.span.start),
                Step::Copy {
                    from: from.map(|from| from.value.to_string()),
                    sources: paths(&copy.src),
                    to: unquoted(&copy.dest.value),
                },
            )
        }
        Instruction::Add(add) => (
            at(add.dest.span.start),
            Step::Copy {
                from: None,
                sources: paths(&add.src),
                to: add.dest.value.to_string(),
            },
        ),
        Instruction::Run(run) => {
            let (start, mut commands) = match &run.arguments {
                Command::Shell(shell) => {
                    (shell.span.start, words(text, shell.value, shell.span.start))
                }
                Command::Exec(exec) => {
                    let word = |word: &parse_dockerfile::UnescapedString<'_>| {
                        (word.value.to_string(), at(word.span.start))
                    };
                    (exec.span.start, vec![exec.value.iter().map(word).collect()])
                }
                _ => return None,
            };
            for document in &run.here_docs {
                commands.extend(words(text, &document.value, document.span.start));
            }
            (at(start), Step::Run(commands))
        }
        Instruction::Entrypoint(entrypoint) => {
            let (offset, program) = program(&entrypoint.arguments)?;
            (at(offset), Step::Entrypoint(program))
        }
        Instruction::Cmd(cmd) => {
            let (offset, program) = program(&cmd.arguments)?;
            (at(offset), Step::Cmd(program))
        }
        Instruction::Expose(expose) => (
            at(expose.arguments.first()?.span.start),
            Step::Expose(
                expose
                    .arguments
                    .iter()
                    .map(|port| unquoted(&port.value))
                    .collect(),
            ),
        ),
        Instruction::User(user) => (
            at(user.arguments.span.start),
            Step::User(unquoted(&user.arguments.value)),
        ),
        Instruction::Workdir(folder) => (
            at(folder.arguments.span.start),
            Step::Workdir(unquoted(&folder.arguments.value)),
        ),
        Instruction::Stopsignal(signal) => (
            at(signal.arguments.span.start),
            Step::StopSignal(unquoted(&signal.arguments.value)),
        ),
        Instruction::Shell(shell) => (
            at(shell.arguments.first()?.span.start),
            Step::Shell(
                shell
                    .arguments
                    .iter()
                    .map(|word| word.value.to_string())
                    .collect(),
            ),
        ),
        Instruction::Healthcheck(check) => match &check.arguments {
            HealthcheckArguments::Cmd { arguments, .. } => {
                let (offset, program) = program(arguments)?;
                (at(offset), Step::Health(program))
            }
            _ => return None,
        },
        _ => return None,
    })
}

fn paths(sources: &[Source<'_>]) -> Vec<String> {
    let path = |source: &Source<'_>| match source {
        Source::Path(path) => Some(unquoted(&path.value)),
        _ => None,
    };
    sources.iter().filter_map(path).collect()
}

/// Returns the commands of a script that begins at `start` of the text.
fn words(text: &str, script: &str, start: usize) -> Vec<Vec<(String, usize)>> {
    let first = line(text, start);
    let commands = shell::commands(script).into_iter();
    commands
        .map(|command| {
            let word = |word: shell::Word| (word.text, first + line(script, word.offset) - 1);
            command.into_iter().map(word).collect()
        })
        .collect()
}

fn program(command: &Command<'_>) -> Option<(usize, Program)> {
    Some(match command {
        Command::Exec(exec) => {
            let words = exec.value.iter().map(|word| word.value.to_string());
            (exec.span.start, Program::Exec(words.collect()))
        }
        Command::Shell(shell) => {
            let plain = shell.value.replace("\\\n", " ");
            let plain = plain.trim();
            let program = if shell::is_plain(plain) {
                let words = shell::commands(plain).into_iter().flatten();
                let mut words: Vec<String> = words.map(|word| word.text).collect();
                // A builtin of the shell, which is not needed without one.
                if words.len() > 1 && words[0] == "exec" {
                    words.remove(0);
                }
                Program::Exec(words)
            } else {
                Program::Shell(plain.to_owned())
            };
            (shell.span.start, program)
        }
        _ => return None,
    })
}
