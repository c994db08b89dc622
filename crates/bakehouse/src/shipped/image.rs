//! The image that a stage of a Dockerfile makes, given the arguments of a build.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::cargo_call::{CargoCall, cargo_call};
use super::dockerfile::{Dockerfile, Program, Step};
use super::scope::Scope;

/// The first user that distributions do not use for themselves.
const LEAST_OWN_USER: u32 = 1000;

/// A value with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    pub line: usize,
    pub value: T,
}

/// Files that a stage takes from another one, or from the context.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The stage; none for the context or an image.
    pub from: Option<usize>,
    /// Set if they come from the context.
    pub of_context: bool,
    pub sources: Vec<String>,
    pub to: String,
}

/// A stage after its last step, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// The image at the bottom.
    pub base: String,
    pub base_line: usize,
    pub entrypoint: Option<At<Program>>,
    pub command: Option<At<Program>>,
    pub ports: Vec<At<u16>>,
    pub user: Option<At<String>>,
    pub env: BTreeMap<String, At<String>>,
    pub workdir: String,
    pub stop_signal: Option<At<String>>,
    pub health: Option<At<Program>>,
    /// Packages of the distribution.
    pub packages: Vec<At<String>>,
    pub copied: Vec<At<Copied>>,
    /// Links in the image, with what they lead to.
    pub links: BTreeMap<String, String>,
    pub calls: Vec<CargoCall>,
    /// Files that scripts copy or move, each with where to.
    pub moved: Vec<(String, String)>,
    /// Numbers of users that scripts create.
    pub users: BTreeMap<String, String>,
    /// Words that cannot be told from the file.
    pub untold: Vec<At<String>>,
    /// The arguments of the build that it reads.
    pub arguments: Vec<String>,
    /// The shell that runs scripts, if it is not `/bin/sh -c`.
    shell: Vec<String>,
    scope: Scope,
}

/// Works out the stage `index`.
pub fn image(file: &Dockerfile, index: usize, arguments: &BTreeMap<String, String>) -> Image {
    let mut globals = Scope::default();
    for (name, default) in &file.globals {
        let value = match arguments.get(name) {
            Some(value) => Some(value.clone()),
            None => default
                .as_ref()
                .and_then(|default| globals.fill(default).complete()),
        };
        globals.set(name, value);
    }
    of_stage(file, index, arguments, &globals)
}

fn of_stage(
    file: &Dockerfile,
    index: usize,
    arguments: &BTreeMap<String, String>,
    globals: &Scope,
) -> Image {
    let stage = &file.stages[index];
    let base = globals.fill(&stage.base).text;
    let mut image = match file.earlier(&base, index) {
        Some(earlier) => Image {
            scope: Scope::default(),
            ..of_stage(file, earlier, arguments, globals)
        },
        None => Image {
            base,
            base_line: stage.line,
            workdir: "/".to_owned(),
            ..Image::default()
        },
    };
    for (name, At { value, .. }) in image.env.clone() {
        image.scope.set(&name, Some(value));
    }
    for (line, step) in &stage.steps {
        image.take(file, index, *line, step, arguments, globals);
    }
    image
}

impl Image {
    fn take(
        &mut self,
        file: &Dockerfile,
        index: usize,
        line: usize,
        step: &Step,
        arguments: &BTreeMap<String, String>,
        globals: &Scope,
    ) {
        match step {
            Step::Arg(assigned) => {
                for (name, default) in assigned {
                    let global = || globals.values.get(name).cloned().flatten();
                    let value = match (arguments.get(name), default) {
                        (Some(value), _) => Some(value.clone()),
                        (None, Some(default)) => self.scope.fill(default).complete(),
                        (None, None) => global(),
                    };
                    self.arguments.push(name.clone());
                    if !self.env.contains_key(name) {
                        self.scope.set(name, value);
                    }
                }
            }
            Step::Env(assigned) => {
                // All values are those of before the instruction.
                let before = self.scope.clone();
                for (name, value) in assigned {
                    let value = value.clone().unwrap_or_default();
                    let filled = before.fill(&value);
                    if let Some(missing) = &filled.missing {
                        self.untold.push(At {
                            line,
                            value: format!(
                                "{name} is not proposed: nothing says what ${missing} is"
                            ),
                        });
                        self.scope.set(name, None);
                        continue;
                    }
                    self.scope.set(name, Some(filled.text.clone()));
                    let value = filled.text;
                    self.env.insert(name.clone(), At { line, value });
                }
            }
            Step::Copy { from, sources, to } => {
                let earlier = from.as_deref().and_then(|name| file.earlier(name, index));
                let fill = |text: &String| self.scope.fill(text).text;
                let value = Copied {
                    from: earlier,
                    of_context: from.is_none(),
                    sources: sources.iter().map(fill).collect(),
                    to: self.absolute(&fill(to)),
                };
                self.copied.push(At { line, value });
            }
            Step::Shell(words) => self.shell.clone_from(words),
            Step::Run(commands) => self.run_all(commands),
            Step::Entrypoint(program) => {
                let value = self.filled(program);
                self.entrypoint = Some(At { line, value });
                self.command = None;
            }
            Step::Cmd(program) => {
                let value = self.filled(program);
                self.command = Some(At { line, value });
            }
            Step::Expose(ports) => {
                for port in ports {
                    let filled = self.scope.fill(port).text;
                    let (number, protocol) = filled.split_once('/').unwrap_or((&filled, "tcp"));
                    match number.parse() {
                        Ok(value) if value != 0 && protocol.eq_ignore_ascii_case("tcp") => {
                            self.ports.push(At { line, value });
                        }
                        _ => self.untold.push(At {
                            line,
                            value: format!("EXPOSE {filled} is not proposed"),
                        }),
                    }
                }
            }
            Step::User(user) => {
                let value = self.scope.fill(user).text;
                self.user = Some(At { line, value });
            }
            Step::Workdir(folder) => {
                self.workdir = self.absolute(&self.scope.fill(folder).text);
            }
            Step::StopSignal(signal) => {
                let value = self.scope.fill(signal).text;
                self.stop_signal = Some(At { line, value });
            }
            Step::Health(program) => {
                let value = self.in_its_shell(program);
                self.health = Some(At { line, value });
            }
        }
    }

    fn absolute(&self, path: &str) -> String {
        let path = path.strip_prefix("./").unwrap_or(path);
        match path {
            "." | "" => format!("{}/", self.workdir.trim_end_matches('/')),
            _ if path.starts_with('/') => path.to_owned(),
            _ => format!("{}/{path}", self.workdir.trim_end_matches('/')),
        }
    }

    /// Puts values into a program. Only a shell puts them into its words when the image runs.
    fn filled(&self, program: &Program) -> Program {
        let values = self.env.iter();
        let env = Scope {
            values: values
                .map(|(name, At { value, .. })| (name.clone(), Some(value.clone())))
                .collect(),
        };
        match self.in_its_shell(program) {
            Program::Shell(script) => Program::Shell(env.fill_script(&script)),
            Program::Exec(mut words) => {
                if let Some(at) = script_at(&words) {
                    words[at] = env.fill_script(&words[at]);
                }
                Program::Exec(words)
            }
        }
    }

    /// Names the shell that runs a script if it is not the usual one.
    fn in_its_shell(&self, program: &Program) -> Program {
        match program {
            Program::Shell(script) if !self.shell.is_empty() => {
                let mut words = self.shell.clone();
                words.push(script.clone());
                Program::Exec(words)
            }
            other => other.clone(),
        }
    }

    /// Takes the commands of a step. What one of them exports holds for the others.
    fn run_all(&mut self, commands: &[Vec<(String, usize)>]) {
        let before = self.scope.clone();
        for command in commands {
            let words: Vec<&str> = command.iter().map(|(word, _)| word.as_str()).collect();
            let assigned = match words[..] {
                ["export", ref assigned @ ..] => assigned,
                ref all if all.iter().all(|word| is_assignment(word)) => all,
                _ => {
                    self.run(command);
                    continue;
                }
            };
            for word in assigned {
                if let Some((name, value)) = word.split_once('=') {
                    let value = self.scope.fill(value).complete();
                    self.scope
                        .set(name, value.filter(|value| !value.contains('`')));
                }
            }
        }
        self.scope = before;
    }

    fn run(&mut self, command: &[(String, usize)]) {
        if let Some(call) = cargo_call(command, &self.scope) {
            self.calls.push(call);
            return;
        }
        let Some((program, line)) = command.first() else {
            return;
        };
        let filled = |word: &String| self.scope.fill(word).text;
        let words: Vec<String> = command[1..].iter().map(|(word, _)| filled(word)).collect();
        let plain: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
        let name = Utf8Path::new(program).file_name().unwrap_or(program);
        let name = if name == "sudo" {
            plain.first().map_or("", |word| word.as_str())
        } else {
            name
        };
        match (name, &plain[..]) {
            ("cp" | "mv" | "install", [sources @ .., to]) => {
                for source in sources {
                    self.moved.push(((*source).clone(), self.absolute(to)));
                }
            }
            ("ln", [target, link]) => {
                let link = if link.ends_with('/') {
                    format!("{link}{}", last(target))
                } else {
                    (*link).clone()
                };
                self.links
                    .insert(self.absolute(&link), self.absolute(target));
            }
            ("apt-get" | "apt" | "apk", rest) => {
                let installs = rest
                    .iter()
                    .position(|word| matches!(word.as_str(), "install" | "add"));
                let Some(installs) = installs else { return };
                let names = rest[installs + 1..].iter().map(|name| name.as_str());
                for name in names.filter(|name| !name.contains('$') && !name.starts_with('.')) {
                    self.packages.push(At {
                        line: *line,
                        value: name.to_owned(),
                    });
                }
            }
            ("useradd" | "adduser", [.., user]) => {
                let number = |names: &[&str]| number_of(&words, names);
                if let Some(uid) = number(&["-u", "--uid"]) {
                    let gid = number(&["-g", "--gid"]).filter(|gid| is_number(gid));
                    let gid = gid.unwrap_or_else(|| uid.clone());
                    // Without a number of its own, the group of a user has the user's.
                    let named = words.iter().position(|word| *word == **user);
                    let user = named.map_or_else(|| user.as_str(), |at| words[at].as_str());
                    self.users.insert(user.to_owned(), format!("{uid}:{gid}"));
                }
            }
            _ => {}
        }
    }

    /// Returns the user as `UID:GID`.
    pub fn numeric_user(&self) -> Option<Result<At<String>, At<String>>> {
        let At { line, value } = self.user.clone()?;
        let (user, group) = value
            .split_once(':')
            .map_or((value.as_str(), None), |(user, group)| (user, Some(group)));
        if user == "root" || user == "0" {
            return None;
        }
        let created = self.users.iter().find(|(name, numbers)| {
            *name == user || numbers.split(':').next().is_some_and(|uid| uid == user)
        });
        let known = created.map(|(_, numbers)| numbers.clone()).or_else(|| {
            let distroless = self.base.contains("distroless");
            let of_base = match user {
                "nonroot" | "65532" if distroless => "65532:65532",
                "65534" => "65534:65534",
                _ => return None,
            };
            Some(of_base.to_owned())
        });
        let found = match (is_number(user), group) {
            (true, Some(group)) if is_number(group) => Some(value.clone()),
            // A user that no file of the image lists has the group 0.
            (true, None) if user.parse().is_ok_and(|uid: u32| uid >= LEAST_OWN_USER) => {
                known.or_else(|| Some(format!("{user}:0")))
            }
            _ => known,
        };
        Some(match found {
            Some(value) => Ok(At { line, value }),
            None => Err(At {
                line,
                value: format!(
                    "USER {value} stands in /etc/passwd there: write its numbers as `user = \"UID:GID\"`"
                ),
            }),
        })
    }
}

fn number_of(words: &[String], names: &[&str]) -> Option<String> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if names.contains(&word.as_str()) {
            return words.next().filter(|word| is_number(word)).cloned();
        }
        let glued = names
            .iter()
            .find_map(|name| word.strip_prefix(&format!("{name}=")));
        if let Some(value) = glued.filter(|value| is_number(value)) {
            return Some(value.to_owned());
        }
    }
    None
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a program is a shell.
pub fn is_shell(program: &str) -> bool {
    matches!(last(program), "sh" | "bash" | "ash" | "dash")
}

/// Returns the place of the script among the words of a program that is a shell: behind `-c`.
pub fn script_at(words: &[String]) -> Option<usize> {
    words.first().filter(|program| is_shell(program))?;
    let runs = |word: &String| word.starts_with('-') && word.ends_with('c');
    let at = words.iter().position(runs)? + 1;
    (at < words.len()).then_some(at)
}

fn is_assignment(word: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_name))
}

/// Returns the last part of a path.
pub fn last(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"ARG A=1
FROM rust:${A:-ä} AS b
RUN apt-get install -y x \
    # ü
    y && useradd -u 1 z && cargo build --features "${A}, ö" -p q --profile=$A; ln -s /a /b
COPY --from=0 ["é", "/f/"]
FROM b
ENV K=${A:+'v'} L="${M}"
HEALTHCHECK CMD curl http://localhost:80/é || exit 1
ENTRYPOINT ["sh", "-c", "exec /a $K"]
CMD a --b
"#;

    #[test]
    fn a_dockerfile_that_ends_anywhere_is_read_or_refused() {
        for (end, _) in TEXT.char_indices() {
            if let Ok(file) = Dockerfile::read(&TEXT[..end]) {
                for stage in file.leaves() {
                    image(&file, stage, &BTreeMap::new());
                }
            }
        }
        let file = Dockerfile::read(TEXT).unwrap();
        assert_eq!(file.leaves(), [1]);
        let image = image(&file, 1, &BTreeMap::new());
        assert_eq!(image.base, "rust:1");
        let packages: Vec<&str> = image.packages.iter().map(|at| at.value.as_str()).collect();
        assert_eq!(packages, ["x", "y"]);
        assert_eq!(image.calls[0].features, ["ö"]);
    }
}
