//! A base for one platform: its files, its C library, its distribution.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use super::elf::defined;
use super::layer::{HIDING, HIDING_ALL, Item, Kind, content, each};

/// Everything about a base that decides what runs on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The files, folders and links by their paths, without a `/` in front.
    pub entries: BTreeMap<String, Entry>,
    /// The versions of glibc by the path of each C library.
    pub libc: BTreeMap<String, BTreeSet<String>>,
    /// The texts of `os-release`, by their paths.
    releases: BTreeMap<String, String>,
}

/// A file, folder or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    pub mode: u32,
    pub owner: (u64, u64),
}

/// The places of `os-release`, the first of which counts.
const RELEASES: [&str; 2] = ["usr/lib/os-release", "etc/os-release"];

/// The folders that hold libraries.
const LIBRARIES: [&str; 4] = ["lib", "usr/lib", "usr/local/lib", "nix/store"];

impl Base {
    /// Adds a layer above those that were added.
    ///
    /// # Errors
    /// The layer cannot be read.
    pub fn add(&mut self, media_type: &str, layer: &mut dyn Read) -> io::Result<()> {
        let mut own = BTreeSet::new();
        each(media_type, layer, |item| {
            let name = item.path.rsplit('/').next().unwrap_or_default().to_owned();
            let folder = item.path[..item.path.len() - name.len()].trim_end_matches('/');
            if name == HIDING_ALL {
                let below = format!("{folder}/");
                self.remove(|path| path.starts_with(&below) && !own.contains(path));
            } else if let Some(hidden) = name.strip_prefix(HIDING) {
                let hidden = match folder {
                    "" => hidden.to_owned(),
                    folder => format!("{folder}/{hidden}"),
                };
                let below = format!("{hidden}/");
                self.remove(|path| path == hidden || path.starts_with(&below));
            } else {
                own.insert(item.path.clone());
                self.put(item, &name)?;
            }
            Ok(())
        })
    }

    fn put(&mut self, mut item: Item<'_>, name: &str) -> io::Result<()> {
        self.libc.remove(&item.path);
        self.releases.remove(&item.path);
        if item.kind == Kind::File && is_libc(name) {
            let content = content(&mut item)?;
            // A text of this name is a script of the linker.
            if let Ok(versions) = defined(&content) {
                self.libc.insert(item.path.clone(), versions);
            }
        } else if item.kind == Kind::File && RELEASES.contains(&item.path.as_str()) {
            let text = String::from_utf8_lossy(&content(&mut item)?).into_owned();
            self.releases.insert(item.path.clone(), text);
        }
        if item.kind != Kind::Folder {
            let below = format!("{}/", item.path);
            self.remove(|path| path.starts_with(&below));
        }
        let entry = Entry {
            kind: item.kind,
            mode: item.mode,
            owner: item.owner,
        };
        self.entries.insert(item.path, entry);
        Ok(())
    }

    fn remove(&mut self, is_hidden: impl Fn(&str) -> bool) {
        self.entries.retain(|path, _| !is_hidden(path));
        self.libc.retain(|path, _| !is_hidden(path));
        self.releases.retain(|path, _| !is_hidden(path));
    }

    /// Returns the distribution, e.g. `debian`, if the base says so.
    pub fn distribution(&self) -> Option<&str> {
        self.release("ID")
    }

    /// Returns distribution and version as people read it; the distribution's name if it has no other.
    pub fn system(&self) -> Option<&str> {
        self.release("PRETTY_NAME").or_else(|| self.distribution())
    }

    fn release(&self, key: &str) -> Option<&str> {
        let text = RELEASES.iter().find_map(|path| self.releases.get(*path))?;
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(own, _)| *own == key)?;
        Some(value.trim_matches(['"', '\'']))
    }

    /// Returns the versions of glibc that any of its C libraries has.
    pub fn versions(&self) -> BTreeSet<&str> {
        self.libc.values().flatten().map(String::as_str).collect()
    }

    /// Returns whether it has a library with this file name.
    pub fn has_library(&self, name: &str) -> bool {
        let end = format!("/{name}");
        let is_library = |path: &str| LIBRARIES.iter().any(|folder| path.starts_with(folder));
        let mut entries = self.entries.iter();
        entries.any(|(path, entry)| {
            entry.kind != Kind::Folder && path.ends_with(&end) && is_library(path)
        })
    }

    /// Returns whether it has the loader, wherever its `/lib` leads to.
    pub fn has_loader(&self, loader: &str) -> bool {
        let short = |path: &str| {
            let path = path.trim_start_matches('/');
            path.strip_prefix("usr/").unwrap_or(path).to_owned()
        };
        let loader = short(loader);
        let mut entries = self.entries.iter();
        entries.any(|(path, entry)| entry.kind != Kind::Folder && short(path) == loader)
    }
}

fn is_libc(name: &str) -> bool {
    name == "libc.so.6" || (name.starts_with("libc-2.") && name.ends_with(".so"))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Makes a layer of files, with their texts; a path that ends with `/` is a folder, and `path -> target` a link.
    pub fn layer(items: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, text) in items {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o755);
            header.set_size(0);
            header.set_mtime(0);
            if let Some((path, target)) = path.split_once(" -> ") {
                header.set_entry_type(EntryTypes::Symlink);
                archive.append_link(&mut header, path, target).unwrap();
            } else if path.ends_with('/') {
                header.set_entry_type(EntryTypes::Directory);
                archive.append_data(&mut header, path, &b""[..]).unwrap();
            } else {
                header.set_size(text.len() as u64);
                archive.append_data(&mut header, path, *text).unwrap();
            }
        }
        archive.into_inner().unwrap()
    }

    use tar::EntryType as EntryTypes;

    /// Returns a base of layers of this machine's making.
    pub fn base(layers: &[&[(&str, &[u8])]]) -> Base {
        let mut base = Base::default();
        for items in layers {
            base.add("tar", &mut layer(items).as_slice()).unwrap();
        }
        base
    }

    #[test]
    fn later_layers_hide_what_is_below() {
        let base = base(&[
            &[
                ("etc/", b""),
                ("etc/os-release", b"ID=debian\nPRETTY_NAME=\"Debian 12\"\n"),
                ("opt/a/b", b""),
                ("opt/c", b""),
                ("srv/x/y", b""),
                ("lib -> usr/lib", b""),
            ],
            &[
                ("etc/.wh.os-release", b""),
                ("opt/a/.wh..wh..opq", b""),
                ("opt/a/new", b""),
                ("srv/x", b"now a file"),
                ("usr/lib/os-release", b"ID='alpine'\n"),
            ],
        ]);
        let paths: Vec<&str> = base.entries.keys().map(String::as_str).collect();
        let expected = [
            "etc",
            "lib",
            "opt/a/new",
            "opt/c",
            "srv/x",
            "usr/lib/os-release",
        ];
        assert_eq!(paths, expected);
        assert_eq!(base.distribution(), Some("alpine"));
        assert_eq!(base.entries["lib"].kind, Kind::Link("usr/lib".to_owned()));
    }

    #[test]
    fn layers_are_read_as_they_are_compressed() {
        use std::io::Write;
        let plain = layer(&[("usr/lib/os-release", b"ID=debian\n")]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).unwrap();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let zstd = ruzstd::encoding::compress_to_vec(plain.as_slice(), level);
        let media = "application/vnd.oci.image.layer.v1.tar";
        let packed = [
            (media.to_owned(), plain),
            (format!("{media}+gzip"), gzip.finish().unwrap()),
            (format!("{media}+zstd"), zstd),
        ];
        for (media_type, bytes) in packed {
            let mut base = Base::default();
            base.add(&media_type, &mut bytes.as_slice()).unwrap();
            assert_eq!(base.distribution(), Some("debian"), "{media_type}");
            let cut = &bytes[..bytes.len() / 3];
            let broken = Base::default().add(&media_type, &mut &cut[..]);
            assert!(broken.is_err(), "{media_type}");
        }
    }

    #[test]
    fn the_c_library_of_this_machine_is_read() {
        let folder = "/usr/lib/x86_64-linux-gnu";
        let Ok(libc) = fs_err::read(format!("{folder}/libc.so.6")) else {
            return;
        };
        let base = base(&[&[
            ("lib -> usr/lib", b""),
            ("usr/lib64/ld-linux-x86-64.so.2", b""),
            ("usr/lib/x86_64-linux-gnu/libc.so.6", &libc),
        ]]);
        assert!(base.versions().contains("2.2.5"));
        assert!(base.has_library("libc.so.6"));
        assert!(!base.has_library("libssl.so.3"));
        assert!(base.has_loader("/lib64/ld-linux-x86-64.so.2"));
        assert!(!base.has_loader("/lib/ld-musl-x86_64.so.1"));
    }
}
