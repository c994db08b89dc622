//! The steps of a bake that failed, cut out of buildx's plain progress.

use std::collections::BTreeMap;

/// The progress so far, without the steps that succeeded.
#[derive(Debug, Default)]
pub struct FailedSteps {
    /// The last line, until its end arrives.
    line: Vec<u8>,
    /// The lines of steps that have not succeeded, by the step's number.
    steps: BTreeMap<u32, Unfinished>,
    /// The lines of no step: the error, with its place in the Dockerfile.
    rest: String,
}

#[derive(Debug, Default)]
struct Unfinished {
    failed: bool,
    lines: String,
}

impl FailedSteps {
    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let rest = self.line.split_off(end + 1);
            let line = std::mem::replace(&mut self.line, rest);
            self.read(&String::from_utf8_lossy(&line));
        }
    }

    fn read(&mut self, line: &str) {
        let step = line.strip_prefix('#').and_then(|line| {
            let (number, said) = line.split_once(' ')?;
            Some((number.parse::<u32>().ok()?, said.trim_end()))
        });
        let Some((number, said)) = step else {
            self.rest += line;
            return;
        };
        if said == "CACHED" || said == "CANCELED" || said.starts_with("DONE ") {
            self.steps.remove(&number);
            return;
        }
        let step = self.steps.entry(number).or_default();
        step.failed |= said.starts_with("ERROR: ");
        step.lines += line;
    }

    /// Returns the lines of the failed steps and the error.
    pub fn text(&self) -> String {
        let failed = self.steps.values().filter(|step| step.failed);
        let mut text: String = failed.map(|step| step.lines.as_str()).collect();
        let has_steps = !text.is_empty();
        let mut in_excerpt = false;
        for line in self.rest.lines().filter(|line| !line.trim().is_empty()) {
            // Between two such lines buildx repeats the last lines of a failed step.
            if line == "------" {
                in_excerpt = !in_excerpt;
            } else if !(in_excerpt && has_steps) {
                text += line;
                text.push('\n');
            }
        }
        text + &String::from_utf8_lossy(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
#0 building with \"default\" instance using docker driver

#7 [deps 1/1] RUN sh /run/deps.sh
#7 0.5    Compiling itoa v1.0.9
#8 [rootfs 1/1] RUN sh /run/rootfs.sh
#8 CANCELED
#7 DONE 3.1s

#9 [build-web 1/1] RUN sh /run/bin.sh
#9 0.3    Compiling web v0.1.0
#9 0.4 error: expected `;`
#9 ERROR: process \"sh\" did not complete successfully: exit code: 101
------
 > [build-web 1/1] RUN sh /run/bin.sh:
0.4 error: expected `;`
------
Dockerfile:90
ERROR: failed to solve: exit code: 101
";

    #[test]
    fn failed_steps_are_kept_whole_and_others_left_out() {
        for size in [1, 7, SAID.len()] {
            let mut steps = FailedSteps::default();
            SAID.as_bytes()
                .chunks(size)
                .for_each(|chunk| steps.add(chunk));
            let expected = "\
#9 [build-web 1/1] RUN sh /run/bin.sh
#9 0.3    Compiling web v0.1.0
#9 0.4 error: expected `;`
#9 ERROR: process \"sh\" did not complete successfully: exit code: 101
Dockerfile:90
ERROR: failed to solve: exit code: 101
";
            assert_eq!(steps.text(), expected, "in chunks of {size}");
        }
    }

    #[test]
    fn an_error_before_any_step_is_kept() {
        let mut steps = FailedSteps::default();
        steps.add(b"#0 building\n\nERROR: target x not found\nno end");
        assert_eq!(steps.text(), "ERROR: target x not found\nno end");
    }
}
