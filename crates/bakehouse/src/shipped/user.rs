//! The users that images run as.

use super::base;
use super::image::{At, Image, is_number};
use super::place::Line;

/// The first user that distributions do not use for themselves.
const LEAST_OWN_USER: u32 = 1000;

impl Image {
    /// Returns the user.
    pub fn user(&self) -> User {
        let Some(At { line, value }) = self.user.clone() else {
            // Images for people who want no root have a user of their own.
            return if self.base.contains(":nonroot") {
                User::Numbers(At {
                    line: self.base_line,
                    value: "65532:65532".to_owned(),
                })
            } else if base::is_neutral(&self.base) && !self.base.contains("chainguard") {
                User::Root(self.base_line)
            } else {
                User::Unknown
            };
        };
        let (user, group) = value
            .split_once(':')
            .map_or((value.as_str(), None), |(user, group)| (user, Some(group)));
        if user == "root" || user == "0" {
            return User::Root(line);
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
        match found {
            Some(value) => User::Numbers(At { line, value }),
            None => User::Named(At {
                line,
                value: format!(
                    "USER {value} stands in /etc/passwd there: write its numbers as `user = \"UID:GID\"`"
                ),
            }),
        }
    }
}

/// The user that an image runs as.
#[derive(Clone, Debug)]
pub enum User {
    /// Root, and the line that says so, or names the base.
    Root(Line),
    /// `UID:GID`.
    Numbers(At<String>),
    /// One without known numbers, with a remark on it.
    Named(At<String>),
    /// The user of the base.
    Unknown,
}
