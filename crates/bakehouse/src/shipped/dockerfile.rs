//! Dockerfiles as a list of stages, each with its steps and their lines.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use parse_dockerfile::{
    Command, Flag, HealthcheckArguments, Instruction, JsonOrStringArray, Source, parse,
};

use super::place::{Line, Place, line};
use super::request::Request;
use super::scope::{assignments, unquoted};
use super::shell;

/// A Dockerfile, with the stages of others that Bake gives it as contexts before its own.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    /// The files that its stages come from. It is the last one itself.
    pub origins: Vec<Origin>,
    pub stages: Vec<Stage>,
}

/// A file with stages.
#[derive(Clone, Debug)]
pub struct Origin {
    pub path: Utf8PathBuf,
    /// The index of its first stage.
    pub first: usize,
    /// The arguments before its first stage.
    pub globals: Vec<(String, Option<String>)>,
    /// The arguments of its build; none if they are those of the request.
    pub arguments: Option<BTreeMap<String, String>>,
    /// The stages of other files that names stand for.
    pub contexts: BTreeMap<String, usize>,
    /// The target of Bake that its stages are built for; none if that is the request's own.
    pub target: Option<Box<Request>>,
}

/// A stage. Variables in it are not replaced yet.
#[derive(Clone, Debug)]
pub struct Stage {
    pub name: Option<String>,
    pub base: String,
    pub line: Line,
    pub steps: Vec<(Line, Step)>,
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
        /// Set if the mode of the copies makes them executable.
        executable: bool,
        /// The user who owns the copies.
        owner: Option<String>,
        /// Options of the instruction that are not read.
        beside: Vec<String>,
        /// Set if archives among the sources are unpacked.
        unpacks: bool,
    },
    Label(Vec<(String, Option<String>)>),
    Volume(Vec<String>),
    /// The shell of the steps that follow.
    Shell(Vec<String>),
    /// Commands behind their keywords. Each word has its line.
    Run(Vec<Vec<(String, Line)>>),
    Entrypoint(Program),
    Cmd(Program),
    Expose(Vec<String>),
    User(String),
    Workdir(String),
    StopSignal(String),
    Health(Program, Vec<(String, String)>),
    NoHealth,
}

impl Step {
    /// Changes the lines of the words of its commands.
    pub fn each_line(&mut self, change: impl Fn(&mut Line)) {
        if let Self::Run(commands) = self {
            let words = commands.iter_mut().flatten();
            words.for_each(|(_, line)| change(line));
        }
    }
}

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    Exec(Vec<String>),
    Shell(String),
}

impl Program {
    /// Returns whether it is the one of `ENTRYPOINT []`.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Exec(words) => words.iter().all(String::is_empty),
            Self::Shell(script) => script.is_empty(),
        }
    }
}

impl Dockerfile {
    /// Reads the text of a Dockerfile.
    ///
    /// # Errors
    /// The parser's message about what it does not understand.
    pub fn read(path: &Utf8Path, text: &str) -> Result<Self, String> {
        let text = &with_a_word(text);
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
            line: at(text, stage.from.image.span.start),
            steps: stage
                .instructions
                .iter()
                .filter_map(|instruction| step(text, instruction))
                .collect(),
        });
        Ok(Self {
            stages: stages.collect(),
            origins: vec![Origin {
                path: path.to_owned(),
                first: 0,
                globals,
                arguments: None,
                contexts: BTreeMap::new(),
                target: None,
            }],
        })
    }

    /// Returns the place of a line.
    pub fn place(&self, line: Line) -> Place {
        Place::new(&self.origins[line.file].path, line.number)
    }

    /// Returns the stage of a name or number among its own.
    pub fn stage(&self, name: &str) -> Option<usize> {
        let first = self.origins.last()?.first;
        self.among(name, first, self.stages.len())
    }

    /// Returns the stage that a name or number means in the stage `at`: a context, or a stage before it.
    pub fn earlier(&self, name: &str, at: usize) -> Option<usize> {
        let origin = &self.origins[self.stages[at].line.file];
        let context = origin.contexts.get(name).copied();
        context.or_else(|| self.among(name, origin.first, at))
    }

    fn among(&self, name: &str, first: usize, end: usize) -> Option<usize> {
        let named = |stage: &Stage| {
            stage
                .name
                .as_ref()
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        let number = name
            .parse()
            .ok()
            .and_then(|number| first.checked_add(number));
        let named = self.stages[first..end].iter().position(named);
        named
            .map(|index| first + index)
            .or(number.filter(|number| *number < end))
    }

    /// Returns the stage that is for others, by its name, among those that no other uses; the last one if no name says so.
    pub fn released(&self) -> Option<usize> {
        const NAMES: [&str; 5] = ["final", "prod", "production", "release", "runtime"];
        let leaves = self.leaves();
        let is_named = |stage: &&usize| {
            let name = self.stages[**stage].name.as_deref().unwrap_or_default();
            NAMES.iter().any(|own| own.eq_ignore_ascii_case(name))
        };
        let named = leaves.iter().rev().find(is_named);
        named.or(leaves.last()).copied()
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

fn at(text: &str, offset: usize) -> Line {
    Line {
        file: 0,
        number: line(text, offset),
    }
}

/// Returns the value of an option of an instruction.
fn option(options: &[Flag<'_>], name: &str) -> Option<String> {
    let named = options.iter().find(|option| option.name.value == name)?;
    Some(named.value.as_ref()?.value.to_string())
}

/// Returns the options of a copy that are not read and change what it does.
fn beside(options: &[Flag<'_>]) -> Vec<String> {
    let known = ["chmod", "chown", "from", "link"];
    let names = options.iter().map(|option| option.name.value.as_ref());
    let names = names.filter(|name| !known.contains(name));
    let mut all: Vec<String> = names.map(|name| format!("--{name}")).collect();
    // Everybody may read what is copied here.
    let mode = option(options, "chmod");
    let bits = mode
        .as_ref()
        .and_then(|mode| u32::from_str_radix(mode, 8).ok());
    if let (Some(mode), Some(bits)) = (mode, bits)
        && bits & 0o444 != 0o444
    {
        all.push(format!("--chmod={mode}"));
    }
    all
}

/// Returns whether ADD unpacks a file.
pub fn is_archive(path: &str) -> bool {
    const ENDS: [&str; 7] = [
        ".tar", ".tar.bz2", ".tar.gz", ".tar.xz", ".tar.zst", ".tbz2", ".tgz",
    ];
    ENDS.iter().any(|end| path.ends_with(end))
}

/// Returns whether a mode lets a file be run: `+x`, `0755`.
pub fn is_executable(mode: &str) -> bool {
    let numeric = u32::from_str_radix(mode, 8).is_ok_and(|bits| bits & 0o111 != 0);
    numeric
        || mode
            .rsplit(['+', '='])
            .next()
            .is_some_and(|set| set != mode && set.contains('x'))
}

/// Puts an empty word into `ENTRYPOINT []` and `CMD []`, which the parser refuses. Lines stay where they are.
fn with_a_word(text: &str) -> String {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
        let is_empty = words.collect::<String>() == "[]";
        match ["CMD", "ENTRYPOINT"].contains(&keyword.as_str()) && is_empty {
            true => format!("{keyword} [\"\"]"),
            false => line.to_owned(),
        }
    };
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

fn step(text: &str, instruction: &Instruction<'_>) -> Option<(Line, Step)> {
    let at = |offset: usize| at(text, offset);
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
            let mode = option(&copy.options, "chmod");
            (
                at(copy.dest.span.start),
                Step::Copy {
                    from: option(&copy.options, "from"),
                    sources: paths(&copy.src),
                    to: unquoted(&copy.dest.value),
                    executable: mode.is_some_and(|mode| is_executable(&mode)),
                    owner: option(&copy.options, "chown"),
                    beside: beside(&copy.options),
                    unpacks: false,
                },
            )
        }
        Instruction::Add(add) => (
            at(add.dest.span.start),
            Step::Copy {
                from: None,
                sources: paths(&add.src),
                to: add.dest.value.to_string(),
                executable: option(&add.options, "chmod").is_some_and(|mode| is_executable(&mode)),
                owner: option(&add.options, "chown"),
                beside: beside(&add.options),
                unpacks: true,
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
                let times = ["interval", "timeout", "start-period", "retries"].into_iter();
                let times =
                    times.filter_map(|name| Some((name.to_owned(), option(&check.options, name)?)));
                (at(offset), Step::Health(program, times.collect()))
            }
            HealthcheckArguments::None { none, .. } => (at(none.span.start), Step::NoHealth),
            _ => return None,
        },
        Instruction::Label(label) => (
            at(label.arguments.span.start),
            Step::Label(assignments(&label.arguments.value)),
        ),
        Instruction::Volume(volume) => {
            let paths = match &volume.arguments {
                JsonOrStringArray::Json(paths) => &paths.value[..],
                JsonOrStringArray::String(paths) => &paths[..],
            };
            let paths = paths.iter().map(|path| unquoted(&path.value));
            (at(volume.volume.span.start), Step::Volume(paths.collect()))
        }
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
fn words(text: &str, script: &str, start: usize) -> Vec<Vec<(String, Line)>> {
    let first = at(text, start).number;
    let commands = shell::commands_with_keywords(script).into_iter();
    commands
        .map(|command| {
            let word = |word: shell::Word| {
                let number = first + line(script, word.offset) - 1;
                (word.text, Line { file: 0, number })
            };
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
