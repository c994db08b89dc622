//! The third-party crates of a synthetic workspace: ordinary ones, with a use of each.

/// A crate that members can depend on.
#[derive(Debug)]
pub struct ThirdParty {
    pub name: &'static str,
    /// Its line in `[workspace.dependencies]`. The version is exact, so that later benchmarks compile the same code.
    pub workspace: &'static str,
    /// Ways in which a member depends on it.
    pub member: &'static [&'static str],
    /// The body of a function of `text: &str` and `seed: u64` that returns a `u64`.
    pub body: &'static str,
}

/// Crates that every library uses.
pub const ALWAYS: [ThirdParty; 2] = [
    ThirdParty {
        name: "serde",
        workspace: r#"{ version = "=1.0.229", features = ["derive"] }"#,
        member: &["serde.workspace = true"],
        body: "",
    },
    ThirdParty {
        name: "serde_json",
        workspace: r#""=1.0.154""#,
        member: &["serde_json.workspace = true"],
        body: "",
    },
];

/// Crates of which each member uses some.
pub const SOMETIMES: [ThirdParty; 9] = [
    ThirdParty {
        name: "base64",
        workspace: r#""=0.22.1""#,
        member: &["base64.workspace = true"],
        body: "base64::Engine::encode(&base64::prelude::BASE64_STANDARD, text).len() as u64 + seed % 2",
    },
    ThirdParty {
        name: "bytes",
        workspace: r#""=1.12.2""#,
        member: &[
            "bytes.workspace = true",
            r#"bytes = { workspace = true, features = ["serde"] }"#,
        ],
        body: "bytes::Bytes::copy_from_slice(text.as_bytes()).slice(1..).len() as u64 + seed % 2",
    },
    ThirdParty {
        name: "hex",
        workspace: r#""=0.4.3""#,
        member: &["hex.workspace = true"],
        body: "hex::encode(seed.to_be_bytes()).len() as u64 + text.len() as u64",
    },
    ThirdParty {
        name: "indexmap",
        workspace: r#""=2.14.2""#,
        member: &[
            "indexmap.workspace = true",
            r#"indexmap = { workspace = true, features = ["serde"] }"#,
        ],
        body: "text.chars().map(|c| (c, seed)).collect::<indexmap::IndexMap<_, _>>().len() as u64",
    },
    ThirdParty {
        name: "regex",
        workspace: r#"{ version = "=1.13.2", default-features = false, features = ["std"] }"#,
        member: &[
            "regex.workspace = true",
            r#"regex = { workspace = true, features = ["unicode-perl", "perf-literal"] }"#,
        ],
        body: r#"regex::Regex::new("[a-f]+").map_or(seed, |all| all.find_iter(text).count() as u64)"#,
    },
    ThirdParty {
        name: "semver",
        workspace: r#""=1.0.28""#,
        member: &["semver.workspace = true"],
        body: "semver::Version::new(seed % 10, text.len() as u64, 0).minor",
    },
    ThirdParty {
        name: "sha2",
        workspace: r#""=0.10.9""#,
        member: &["sha2.workspace = true"],
        body: "u64::from(<sha2::Sha256 as sha2::Digest>::digest(text)[0]) + seed % 2",
    },
    ThirdParty {
        name: "smallvec",
        workspace: r#""=1.16.6""#,
        member: &[
            "smallvec.workspace = true",
            r#"smallvec = { workspace = true, features = ["union"] }"#,
        ],
        body: "text.bytes().map(u64::from).chain([seed]).collect::<smallvec::SmallVec<[u64; 8]>>().len() as u64",
    },
    ThirdParty {
        name: "uuid",
        workspace: r#""=1.29.3""#,
        member: &[
            "uuid.workspace = true",
            r#"uuid = { workspace = true, features = ["serde"] }"#,
        ],
        body: "uuid::Uuid::from_u64_pair(seed, text.len() as u64).to_string().len() as u64",
    },
];
