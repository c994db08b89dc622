//! The image that a stage of a Dockerfile makes, given the arguments of a build.

use std::collections::BTreeMap;

use camino::Utf8Path;

use super::branches::Branches;
use super::cargo_call::{CargoCall, cargo_call};
use super::dockerfile::{Dockerfile, Program, Step, is_executable};
use super::path::last;
use super::place::Line;
use super::scope::Scope;

/// A value with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    pub line: Line,
    pub value: T,
}

/// Files that a stage takes from another one, or from the context.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The stage; none for the context or an image.
    pub from: Option<usize>,
    /// The name of another image or context, if it is no stage.
    pub other: Option<String>,
    /// Set if they come from the context.
    pub of_context: bool,
    pub sources: Vec<String>,
    pub to: String,
    /// Set if the copies are executable, whatever their originals are.
    pub executable: bool,
    /// The user who owns the copies, if it is not root.
    pub owner: Option<String>,
    /// Options of the instruction that are not read.
    pub beside: Vec<String>,
    /// Set if archives among the sources are unpacked.
    pub unpacks: bool,
}

/// A stage after its last step, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// The image at the bottom.
    pub base: String,
    pub base_line: Line,
    pub entrypoint: Option<At<Program>>,
    pub command: Option<At<Program>>,
    pub ports: Vec<At<u16>>,
    pub user: Option<At<String>>,
    pub env: BTreeMap<String, At<String>>,
    pub workdir: String,
    /// The line that names the working folder.
    pub workdir_line: Option<Line>,
    pub labels: BTreeMap<String, At<String>>,
    pub volumes: Vec<At<String>>,
    pub stop_signal: Option<At<String>>,
    pub health: Option<At<Program>>,
    /// The line that says that there is no check.
    pub no_health: Option<Line>,
    /// The times of the check, by their names.
    pub health_times: Vec<(String, String)>,
    /// Packages of the distribution.
    pub packages: Vec<At<String>>,
    /// The program that installs them.
    pub installer: Option<String>,
    /// The patterns of files that a script makes executable.
    pub executable: Vec<String>,
    pub copied: Vec<At<Copied>>,
    /// Links in the image, with what they lead to.
    pub links: BTreeMap<String, String>,
    pub calls: Vec<CargoCall>,
    /// Files that scripts copy or move, each with where to.
    pub moved: Vec<At<(String, String)>>,
    /// Numbers of users that scripts create.
    pub users: BTreeMap<String, String>,
    /// Words that cannot be told from the file.
    pub untold: Vec<At<String>>,
    /// Commands of scripts that change the image in a way that is not read.
    pub scripts: Vec<At<String>>,
    /// Folders that scripts make.
    pub folders: Vec<At<String>>,
    /// The arguments of the build that it reads.
    pub arguments: Vec<String>,
    /// The shell that runs scripts, if it is not `/bin/sh -c`.
    shell: Vec<String>,
    scope: Scope,
}

/// Works out the stage `index`. `arguments` are those of the request.
pub fn image(file: &Dockerfile, index: usize, arguments: &BTreeMap<String, String>) -> Image {
    let stage = &file.stages[index];
    let origin = &file.origins[stage.line.file];
    let own = origin.arguments.as_ref().unwrap_or(arguments);
    let mut globals = Scope::default();
    for (name, default) in &origin.globals {
        let value = match own.get(name) {
            Some(value) => Some(value.clone()),
            None => default
                .as_ref()
                .and_then(|default| globals.fill(default).complete()),
        };
        globals.set(name, value);
    }
    let base = globals.fill(&stage.base).text;
    let mut image = match file.earlier(&base, index) {
        // Arguments of a stage are those of the stages on it, too.
        Some(earlier) => image(file, earlier, arguments),
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
        image.take(file, index, *line, step, own, &globals);
    }
    image
}

impl Image {
    fn take(
        &mut self,
        file: &Dockerfile,
        index: usize,
        line: Line,
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
                        if value.is_none() && default.is_none() {
                            self.scope.unset.insert(name.clone());
                        }
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
                        self.scope.unset.remove(name);
                        continue;
                    }
                    self.scope.set(name, Some(filled.text.clone()));
                    let value = filled.text;
                    self.env.insert(name.clone(), At { line, value });
                }
            }
            Step::Copy {
                from,
                sources,
                to,
                executable,
                owner,
                beside,
                unpacks,
            } => {
                if sources.is_empty() {
                    let to = self.scope.fill(to).text;
                    let value = format!(
                        "{to} is not proposed: write it into a file, and list that in `files`"
                    );
                    self.untold.push(At { line, value });
                }
                let earlier = from.as_deref().and_then(|name| file.earlier(name, index));
                let fill = |text: &String| self.scope.fill(text).text;
                let value = Copied {
                    from: earlier,
                    other: from.clone().filter(|_| earlier.is_none()),
                    of_context: from.is_none(),
                    sources: sources.iter().map(fill).collect(),
                    to: self.absolute(&fill(to)),
                    executable: *executable,
                    beside: beside.clone(),
                    unpacks: *unpacks,
                    owner: owner.as_ref().map(fill).filter(|owner| {
                        let user = owner.split(':').next();
                        !["root", "0"].contains(&user.unwrap_or_default())
                    }),
                };
                self.copied.push(At { line, value });
            }
            Step::Shell(words) => self.shell.clone_from(words),
            Step::Run(commands) => self.run_all(commands, line),
            Step::Entrypoint(program) => {
                let value = self.in_its_shell(program);
                self.entrypoint = (!value.is_empty()).then_some(At { line, value });
                self.command = None;
            }
            Step::Cmd(program) => {
                let value = self.in_its_shell(program);
                self.command = (!value.is_empty()).then_some(At { line, value });
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
                let folder = self.absolute(&self.scope.fill(folder).text);
                self.workdir = match folder.trim_end_matches('/') {
                    "" => "/".to_owned(),
                    folder => folder.to_owned(),
                };
                self.workdir_line = Some(line);
            }
            Step::Volume(paths) => {
                for path in paths {
                    let value = self.scope.fill(path).text;
                    self.volumes.push(At { line, value });
                }
            }
            Step::Label(assigned) => {
                for (name, value) in assigned {
                    let filled = self.scope.fill(value.as_deref().unwrap_or_default());
                    let value = filled.complete().unwrap_or_default();
                    self.labels.insert(name.clone(), At { line, value });
                }
            }
            Step::StopSignal(signal) => {
                let value = self.scope.fill(signal).text;
                self.stop_signal = Some(At { line, value });
            }
            Step::Health(program, times) => {
                let value = self.in_its_shell(program);
                self.health = Some(At { line, value });
                self.health_times.clone_from(times);
                self.no_health = None;
            }
            Step::NoHealth => {
                self.health = None;
                self.no_health = Some(line);
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

    /// Returns the variables that a shell knows when the image runs.
    pub fn environment(&self) -> Scope {
        let values = self.env.iter();
        Scope {
            values: values
                .map(|(name, At { value, .. })| (name.clone(), Some(value.clone())))
                .collect(),
            ..Scope::default()
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

    /// Takes the commands of the step in a line. What one of them exports holds for the others.
    fn run_all(&mut self, commands: &[Vec<(String, Line)>], step: Line) {
        let before = self.scope.clone();
        let mut branches = Branches::default();
        for command in commands {
            let Some(command) = branches.command(command, &self.scope) else {
                continue;
            };
            let words: Vec<&str> = command.iter().map(|(word, _)| word.as_str()).collect();
            let assigned = match words[..] {
                ["export", ref assigned @ ..] => assigned,
                ref all if all.iter().all(|word| is_assignment(word)) => all,
                _ => {
                    self.run(command, step);
                    continue;
                }
            };
            for word in assigned {
                if let Some((name, value)) = word.split_once('=') {
                    let value = self.scope.fill(value).complete();
                    self.scope.unset.remove(name);
                    self.scope
                        .set(name, value.filter(|value| !value.contains('`')));
                }
            }
        }
        self.scope = before;
    }

    fn run(&mut self, command: &[(String, Line)], step: Line) {
        if let Some(call) = cargo_call(command, &self.scope) {
            self.calls.push(call);
            return;
        }
        // Variables of the command stand before it.
        let given = command.iter().take_while(|(word, _)| is_assignment(word));
        let command = &command[given.count()..];
        let Some((program, line)) = command.first() else {
            return;
        };
        let filled = |word: &String| self.scope.fill(word).text;
        let words: Vec<String> = command[1..].iter().map(|(word, _)| filled(word)).collect();
        let plain: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
        let name = Utf8Path::new(program).file_name().unwrap_or(program);
        let name = match name {
            "sudo" => plain.first().map_or("", |word| word.as_str()),
            // Those of tonistiigi/xx install for the platform that is built for.
            "xx-apt" | "xx-apt-get" => "apt-get",
            "xx-apk" => "apk",
            name => name,
        };
        match (name, &plain[..]) {
            ("cp" | "mv" | "install", [sources @ .., to]) => {
                for source in sources {
                    let value = ((*source).clone(), self.absolute(to));
                    self.moved.push(At { line: step, value });
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
            ("chmod", [mode, paths @ ..]) if is_executable(mode) => {
                let paths = paths.iter().map(|path| self.absolute(path));
                self.executable.extend(paths.collect::<Vec<_>>());
            }
            (
                installer @ ("apt-get" | "apt" | "apk" | "dnf" | "microdnf" | "yum" | "zypper"),
                rest,
            ) => {
                if !rest
                    .iter()
                    .any(|word| matches!(word.as_str(), "install" | "add"))
                {
                    return;
                }
                self.installer = Some(installer.to_owned());
                let line = *line;
                for package in packages(&words) {
                    let (name, version) = package.split_once('=').unwrap_or((&package, ""));
                    if name.contains('$') {
                        let value =
                            format!("{name} is not proposed: nothing says which package it is");
                        self.untold.push(At { line, value });
                        continue;
                    }
                    // A pattern of versions is none that the configuration can have.
                    let is_version = !version.contains(['*', '$']);
                    if !is_version {
                        let value = format!("the version {version} of {name} is not proposed");
                        self.untold.push(At { line, value });
                    }
                    let value = if is_version { &package } else { name }.to_owned();
                    self.packages.push(At { line, value });
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
            ("mkdir", folders) => {
                for folder in folders.iter().filter(|folder| folder.starts_with('/')) {
                    let value = folder.trim_end_matches('/').to_owned();
                    self.folders.push(At { line: *line, value });
                }
            }
            _ if changes_nothing(name, &words) => {}
            _ => {
                let script = Vec::from_iter(command.iter().map(|(word, _)| word.as_str()));
                let value = script.join(" ");
                self.scripts.push(At { line: step, value });
            }
        }
    }
}

/// Returns whether a command leaves nothing in the image that a container would miss: others find packages and users, and
/// modes are judged where files are copied.
fn changes_nothing(program: &str, words: &[String]) -> bool {
    const PROGRAMS: [&str; 42] = [
        "",
        ":",
        "[",
        "addgroup",
        "adduser",
        "apk",
        "apt",
        "apt-get",
        "awk",
        "cat",
        "cd",
        "chmod",
        "chown",
        "command",
        "date",
        "dnf",
        "done",
        "echo",
        "env",
        "esac",
        "exit",
        "export",
        "fi",
        "file",
        "grep",
        "groupadd",
        "id",
        "ldconfig",
        "ls",
        "microdnf",
        "printf",
        "rm",
        "set",
        "sleep",
        "test",
        "true",
        "uname",
        "update-ca-certificates",
        "useradd",
        "which",
        "yum",
        "zypper",
    ];
    let asks = matches!(words, [only] if ["--version", "-V", "--help"].contains(&only.as_str()));
    let edits = program == "sed" && words.iter().any(|word| word.starts_with("-i"));
    let known = PROGRAMS.contains(&program) || program == "sed" || is_number(program);
    (known || asks) && !edits && !writes(words)
}

/// Returns whether a command writes its output into a file.
fn writes(words: &[String]) -> bool {
    let file = |(index, word): (usize, &String)| {
        let file = word.strip_prefix('>')?.trim_start_matches('>');
        let next = words.get(index + 1).map(String::as_str);
        Some(if file.is_empty() { next? } else { file }.to_owned())
    };
    let mut files = words.iter().enumerate().filter_map(file);
    files.any(|file| !file.starts_with("/dev/") && !file.starts_with('&'))
}

/// Returns the packages that a command installs.
fn packages(words: &[String]) -> Vec<String> {
    let mut words = words.iter().map(String::as_str);
    words.find(|word| matches!(*word, "install" | "add"));
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "-t" | "--target-release" | "--virtual" | "-X" | "--repository" => {
                words.next();
            }
            _ if word.starts_with(['-', '.']) => {}
            _ => found.push(word.to_owned()),
        }
    }
    found
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

pub fn is_number(text: &str) -> bool {
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
            if let Ok(file) = Dockerfile::read("Dockerfile".into(), &TEXT[..end]) {
                for stage in file.leaves() {
                    image(&file, stage, &BTreeMap::new());
                }
            }
        }
        let file = Dockerfile::read("Dockerfile".into(), TEXT).unwrap();
        assert_eq!(file.leaves(), [1]);
        let image = image(&file, 1, &BTreeMap::new());
        assert_eq!(image.base, "rust:1");
        let packages: Vec<&str> = image.packages.iter().map(|at| at.value.as_str()).collect();
        assert_eq!(packages, ["x", "y"]);
        assert_eq!(image.calls[0].features, ["ö"]);
    }

    #[test]
    fn an_empty_entrypoint_is_none() {
        let text = "FROM a\nENTRYPOINT [\"x\"]\nFROM 0\nentrypoint [ ]\nCMD [\"worker\"]\n";
        let file = Dockerfile::read("Dockerfile".into(), text).unwrap();
        let image = image(&file, 1, &BTreeMap::new());
        assert_eq!(image.entrypoint, None);
        let command = image.command.map(|at| at.value);
        assert_eq!(command, Some(Program::Exec(vec!["worker".to_owned()])));
    }
}
