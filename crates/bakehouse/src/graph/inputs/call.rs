//! Macros and attributes that are known to read files while they compile.

use super::finding::Kind;

/// The use that a macro makes of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The first argument, relative to the source file.
    File(Kind),
    /// The first string argument, relative to the package; this path when there is none.
    Package(Kind, Option<&'static str>),
    /// The first string argument, relative to the package, or else the nearest folder above with that name.
    Upward(Kind, &'static str),
    /// The query cache.
    QueryCache,
    /// A file that the query names, and the query cache.
    QueryFile,
    /// The repository.
    Git,
    /// Nothing: the arguments are ordinary expressions.
    Nothing,
    /// Not known.
    Unknown,
}

/// Returns what the macro with this path reads.
pub fn reads(path: &str) -> Reads {
    match path.rsplit("::").next().unwrap_or(path) {
        "include_str" | "include_bytes" | "include" => Reads::File(Kind::Include),
        "include_dir" => Reads::Package(Kind::Folder, None),
        "migrate" => Reads::Package(Kind::Migrations, Some("migrations")),
        "embed_migrations" if path.starts_with("refinery") => {
            Reads::Package(Kind::Migrations, Some("migrations"))
        }
        "embed_migrations" => Reads::Upward(Kind::Migrations, "migrations"),
        "query_file"
        | "query_file_as"
        | "query_file_scalar"
        | "query_file_unchecked"
        | "query_file_as_unchecked"
        | "query_file_scalar_unchecked" => Reads::QueryFile,
        "query"
        | "query_as"
        | "query_scalar"
        | "query_unchecked"
        | "query_as_unchecked"
        | "query_scalar_unchecked" => Reads::QueryCache,
        "git_version"
        | "git_describe"
        | "git_submodule_versions"
        | "git_testament"
        | "git_testament_macros" => Reads::Git,
        "assert" | "assert_eq" | "assert_ne" | "bail" | "concat" | "dbg" | "debug"
        | "debug_assert" | "debug_assert_eq" | "ensure" | "env" | "eprint" | "eprintln"
        | "error" | "format" | "format_args" | "info" | "matches" | "option_env" | "panic"
        | "print" | "println" | "todo" | "trace" | "unimplemented" | "unreachable" | "vec"
        | "warn" | "write" | "writeln" => Reads::Nothing,
        _ => Reads::Unknown,
    }
}

/// Returns whether build scripts use a crate to fetch something from the network.
pub fn asks_network(name: &str) -> bool {
    matches!(
        name,
        "attohttpc" | "curl" | "isahc" | "minreq" | "reqwest" | "ureq"
    )
}

/// Returns whether a program fetches something from the network, which its arguments may avoid.
pub fn may_fetch(program: &str) -> bool {
    matches!(
        program,
        "bun" | "curl" | "npm" | "npx" | "pnpm" | "wget" | "yarn"
    )
}

/// Returns `Some` for a crate that build scripts use to read git: `true` if it does nothing else.
pub fn asks_git(name: &str) -> Option<bool> {
    match name {
        "vergen_git2" | "vergen_gitcl" | "vergen_gix" | "git2" | "gix" | "git_version" => {
            Some(true)
        }
        "vergen" | "vergen_lib" | "shadow_rs" | "built" => Some(false),
        _ => None,
    }
}
