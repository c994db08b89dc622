//! The files of a layer.

use std::io::{self, Read};

use tar::{Archive, EntryType};

/// A file, folder or link of a layer, by its path without a `/` in front.
pub struct Item<'a> {
    pub path: String,
    pub kind: Kind,
    pub mode: u32,
    pub owner: (u64, u64),
    /// The size of a file.
    pub size: u64,
    pub content: &'a mut dyn Read,
}

/// The kind of an entry of a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    /// A file, also one that is a hard link or a device.
    File,
    /// A symbolic link to this target.
    Link(String),
}

/// Returns the tar archive of a layer.
///
/// # Errors
/// The layer is not compressed as its media type says.
pub fn unpacked<'a>(media_type: &str, layer: &'a mut dyn Read) -> io::Result<Box<dyn Read + 'a>> {
    Ok(if media_type.ends_with("zstd") {
        let decoder = ruzstd::decoding::StreamingDecoder::new(layer);
        Box::new(decoder.map_err(io::Error::other)?)
    } else if media_type.ends_with("gzip") {
        Box::new(flate2::read::MultiGzDecoder::new(layer))
    } else {
        Box::new(layer)
    })
}

/// Returns a path of an archive without `/` and `./` in front, and without `/` at its end.
pub fn plain(path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    path.trim_start_matches("./").trim_matches('/').to_owned()
}

/// Gives each item of a layer to `see`, in their order.
///
/// # Errors
/// The layer is neither a tar archive nor one that gzip or zstd compressed; those of `see`.
pub fn each(
    media_type: &str,
    layer: &mut dyn Read,
    mut see: impl FnMut(Item<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut archive = Archive::new(unpacked(media_type, layer)?);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = plain(&entry.path_bytes());
        let kind = match entry.header().entry_type() {
            EntryType::Directory => Kind::Folder,
            EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                Kind::Link(String::from_utf8_lossy(&target).into_owned())
            }
            _ => Kind::File,
        };
        let header = entry.header();
        // Owners that are left out are root.
        let owner = |id: io::Result<u64>| id.unwrap_or_default();
        let owner = (owner(header.uid()), owner(header.gid()));
        let mode = header.mode()? & 0o7777;
        let size = entry.size();
        see(Item {
            path,
            kind,
            mode,
            owner,
            size,
            content: &mut entry,
        })?;
    }
    Ok(())
}

/// Reads the content of an item.
///
/// # Errors
/// The layer breaks off, or the file is larger than a program or library is.
pub fn content(item: &mut Item<'_>) -> io::Result<Vec<u8>> {
    /// Larger than any program.
    const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
    if item.size > LARGEST {
        return Err(io::Error::other(format!("{} is too large", item.path)));
    }
    let mut content = Vec::new();
    item.content.read_to_end(&mut content)?;
    Ok(content)
}

/// The beginning of the name of an item that hides one of the layers below.
pub const HIDING: &str = ".wh.";

/// The name of an item that hides everything below in its folder.
pub const HIDING_ALL: &str = ".wh..wh..opq";
