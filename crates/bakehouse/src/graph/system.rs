//! Requirements of crates that Cargo cannot fetch: C libraries and tools, as Debian packages.

use std::collections::BTreeSet;

/// The requirements of a crate on the images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The crate that needs them, as named in `Cargo.lock`.
    pub because: &'static str,
    /// Packages for the builder.
    pub builder: &'static [&'static str],
    /// Packages for the runtime base, for libraries that are linked dynamically.
    pub runtime: &'static [&'static str],
}

struct KnownCrate {
    need: Need,
    /// Crates that bundle the library. If the lock has one of them, this entry does not apply.
    unless: &'static [&'static str],
}

const fn known(
    because: &'static str,
    builder: &'static [&'static str],
    runtime: &'static [&'static str],
) -> KnownCrate {
    KnownCrate {
        need: Need {
            because,
            builder,
            runtime,
        },
        unless: &[],
    }
}

const fn bundled(known: KnownCrate, unless: &'static [&'static str]) -> KnownCrate {
    KnownCrate { unless, ..known }
}

/// Entries by crate name. `rust:slim` has a C compiler and linker, but not C++, `make` or `pkg-config`.
const TABLE: [KnownCrate; 44] = [
    known(
        "alsa-sys",
        &["libasound2-dev", "pkg-config"],
        &["libasound2"],
    ),
    known("bindgen", &["clang", "libclang-dev"], &[]),
    known("capnpc", &["capnproto"], &[]),
    known("cmake", &["cmake", "g++", "make"], &[]),
    known("cxx", &["g++"], &[]),
    known("dbus", &["libdbus-1-dev", "pkg-config"], &["libdbus-1-3"]),
    known("fuser", &["libfuse3-dev", "pkg-config"], &["fuse3"]),
    known(
        "glib-sys",
        &["libglib2.0-dev", "pkg-config"],
        &["libglib2.0-0"],
    ),
    known("hidapi", &["libudev-dev", "pkg-config"], &["libudev1"]),
    known("jemalloc-sys", &["make"], &[]),
    known(
        "libdbus-sys",
        &["libdbus-1-dev", "pkg-config"],
        &["libdbus-1-3"],
    ),
    known(
        "libgssapi-sys",
        &["libkrb5-dev", "clang", "libclang-dev"],
        &["libgssapi-krb5-2"],
    ),
    known("librocksdb-sys", &["clang", "g++", "libclang-dev"], &[]),
    known("libseccomp-sys", &["libseccomp-dev"], &["libseccomp2"]),
    known("libsodium-sys", &["make"], &[]),
    known("libudev-sys", &["libudev-dev", "pkg-config"], &["libudev1"]),
    known("libusb1-sys", &["libudev-dev", "pkg-config"], &["libudev1"]),
    known("link-cplusplus", &["g++"], &[]),
    bundled(
        known(
            "mysqlclient-sys",
            &["default-libmysqlclient-dev", "pkg-config"],
            &["libmariadb3"],
        ),
        &["mysqlclient-src"],
    ),
    known("nasm-rs", &["nasm"], &[]),
    known("odbc-sys", &["unixodbc-dev"], &["libodbc2"]),
    known("openssl-src", &["make", "perl"], &[]),
    bundled(
        known(
            "openssl-sys",
            &["libssl-dev", "pkg-config"],
            &["ca-certificates", "libssl3"],
        ),
        &["openssl-src"],
    ),
    known("pam-sys", &["libpam0g-dev"], &["libpam0g"]),
    known("pcap", &["libpcap-dev"], &["libpcap0.8"]),
    known("pq-src", &["make"], &[]),
    bundled(known("pq-sys", &["libpq-dev"], &["libpq5"]), &["pq-src"]),
    bundled(
        known("prost-build", &["protobuf-compiler"], &[]),
        &["protobuf-src", "protoc-bin-vendored", "protox"],
    ),
    bundled(
        known("protobuf-codegen", &["protobuf-compiler"], &[]),
        &["protobuf-src", "protoc-bin-vendored", "protox"],
    ),
    known("protobuf-src", &["cmake", "g++", "make"], &[]),
    known("pyo3-ffi", &["python3-dev"], &[]),
    known("rdkafka-sys", &["g++", "make", "zlib1g-dev"], &["zlib1g"]),
    known("rustls-native-certs", &[], &["ca-certificates"]),
    known("rustls-platform-verifier", &[], &["ca-certificates"]),
    known(
        "sasl2-sys",
        &["libsasl2-dev", "pkg-config"],
        &["libsasl2-2"],
    ),
    known("snmalloc-sys", &["cmake", "g++", "make"], &[]),
    bundled(
        known(
            "sqlite3-sys",
            &["libsqlite3-dev", "pkg-config"],
            &["libsqlite3-0"],
        ),
        &["sqlite3-src"],
    ),
    known("tikv-jemalloc-sys", &["make"], &[]),
    known(
        "wayland-sys",
        &["libwayland-dev", "pkg-config"],
        &["libwayland-client0"],
    ),
    known("x11", &["libx11-dev", "pkg-config"], &["libx11-6"]),
    known("xcb", &["libxcb1-dev", "python3"], &["libxcb1"]),
    known(
        "yeslogic-fontconfig-sys",
        &["libfontconfig-dev", "pkg-config"],
        &["libfontconfig1"],
    ),
    known("z3-sys", &["libz3-dev"], &["libz3-4"]),
    known("zmq-sys", &["libzmq3-dev", "pkg-config"], &["libzmq5"]),
];

/// Protobuf's own definitions, which Debian packages separately from the compiler.
const WELL_KNOWN: Need = Need {
    because: "google/protobuf/*.proto",
    builder: &["libprotobuf-dev"],
    runtime: &[],
};

/// Returns the needs of the crates `names` of a lock, sorted by name. `well_known` is set if message definitions are
/// compiled that import those of `google/protobuf`.
pub fn needs(names: &BTreeSet<&str>, well_known: bool) -> Vec<Need> {
    let mut needs: Vec<Need> = TABLE
        .iter()
        .filter(|known| names.contains(known.need.because))
        .filter(|known| !known.unless.iter().any(|other| names.contains(other)))
        .map(|known| known.need.clone())
        .collect();
    let compiles = |need: &Need| need.builder.contains(&"protobuf-compiler");
    if well_known && needs.iter().any(compiles) {
        needs.push(WELL_KNOWN);
    }
    needs
}

/// Returns the crates that look for a C library with `pkg-config` and are not listed here.
pub fn unknown<'a>(packages: &[(&'a str, &[String])]) -> Vec<&'a str> {
    let seeks = |dependencies: &[String]| {
        dependencies
            .iter()
            .filter_map(|dependency| dependency.split(' ').next())
            .any(|name| name == "system-deps" || name == "pkg-config")
    };
    packages
        .iter()
        .filter(|(name, dependencies)| name.ends_with("-sys") && seeks(dependencies))
        .map(|(name, _)| *name)
        .filter(|name| !TABLE.iter().any(|known| known.need.because == *name))
        .filter(|name| !BRINGS_ALONG.contains(name))
        .collect()
}

/// Crates that build a library of their own if the system has none.
const BRINGS_ALONG: [&str; 14] = [
    "aws-lc-sys",
    "bzip2-sys",
    "curl-sys",
    "libgit2-sys",
    "liblzma-sys",
    "libmimalloc-sys",
    "libnghttp2-sys",
    "libsqlite3-sys",
    "libssh2-sys",
    "libz-sys",
    "lz4-sys",
    "lzma-sys",
    "onig_sys",
    "zstd-sys",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_each_crate_once() {
        let names: Vec<&str> = TABLE.iter().map(|known| known.need.because).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[test]
    fn a_library_that_is_built_from_source_needs_no_package_of_it() {
        let of = |names: &[&'static str]| -> Vec<&str> {
            let needs = needs(&names.iter().copied().collect(), true);
            needs
                .iter()
                .flat_map(|need| need.builder)
                .copied()
                .collect()
        };
        assert_eq!(of(&["openssl-sys"]), ["libssl-dev", "pkg-config"]);
        assert_eq!(of(&["openssl-src", "openssl-sys"]), ["make", "perl"]);
        assert_eq!(
            of(&["prost-build", "serde"]),
            ["protobuf-compiler", "libprotobuf-dev"]
        );
        assert_eq!(of(&["prost-build", "protox"]), [""; 0]);
    }

    #[test]
    fn only_what_seeks_a_library_and_is_not_known_is_named() {
        let pkg_config = ["pkg-config".to_owned()];
        let packages: [(&str, &[String]); 4] = [
            ("foo-sys", &pkg_config),
            ("libz-sys", &pkg_config),
            ("openssl-sys", &pkg_config),
            ("windows-sys", &[]),
        ];
        assert_eq!(unknown(&packages), ["foo-sys"]);
    }
}
