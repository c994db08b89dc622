//! ELF files: what they need of a C library, and what a C library has.

use std::collections::{BTreeMap, BTreeSet};

use object::elf::{self, DT_NEEDED, VER_FLG_BASE, VER_FLG_WEAK};
use object::endian::Endianness;
use object::read::elf::{Dyn, FileHeader, ProgramHeader, SectionTable, Sym};

/// The prefix of the versions of glibc.
const GLIBC: &str = "GLIBC_";

/// Everything that a program or library needs of the base that it runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The program that loads it, e.g. `/lib64/ld-linux-x86-64.so.2`; none for a static program, and for libraries.
    pub loader: Option<String>,
    /// The libraries by their names, e.g. `libc.so.6`.
    pub libraries: Vec<String>,
    /// The versions of glibc, e.g. `2.36`, each with a symbol that needs it, if one is known.
    pub versions: BTreeMap<String, Option<String>>,
}

/// Returns whether a file begins as ELF files do.
pub fn is_elf(content: &[u8]) -> bool {
    content.starts_with(b"\x7fELF")
}

impl Needs {
    /// Reads them from a program or library.
    ///
    /// # Errors
    /// The file is not valid.
    pub fn of(content: &[u8]) -> Result<Self, String> {
        let needs = match content.get(4) {
            Some(1) => needs::<elf::FileHeader32<Endianness>>(content),
            _ => needs::<elf::FileHeader64<Endianness>>(content),
        };
        needs.map_err(|error| error.to_string())?
    }
}

/// Returns the versions of glibc that a C library has, e.g. `2.36`.
///
/// # Errors
/// The file is not valid.
pub fn defined(content: &[u8]) -> Result<BTreeSet<String>, String> {
    let defined = match content.get(4) {
        Some(1) => defines::<elf::FileHeader32<Endianness>>(content),
        _ => defines::<elf::FileHeader64<Endianness>>(content),
    };
    defined.map_err(|error| error.to_string())
}

fn needs<Elf: FileHeader<Endian = Endianness>>(
    content: &[u8],
) -> object::read::Result<Result<Needs, String>> {
    let header = Elf::parse(content)?;
    let endian = header.endian()?;
    let mut needs = Needs::default();
    for segment in header.program_headers(endian, content)? {
        if let Some(loader) = segment.interpreter(endian, content)? {
            needs.loader = Some(String::from_utf8_lossy(loader).into_owned());
        }
    }
    let sections = header.sections(endian, content)?;
    if let Some((entries, strings)) = sections.dynamic(endian, content)? {
        let strings = sections.strings(endian, content, strings)?;
        for entry in entries
            .iter()
            .filter(|entry| entry.tag(endian) == DT_NEEDED)
        {
            let at = entry.val32(endian).unwrap_or_default();
            let Ok(name) = strings.get(at) else {
                return Ok(Err(
                    "the name of a library that it needs is missing".to_owned()
                ));
            };
            let name = String::from_utf8_lossy(name).into_owned();
            needs.libraries.push(name);
        }
    }
    if let Some((mut files, strings)) = sections.gnu_verneed(endian, content)? {
        let strings = sections.strings(endian, content, strings)?;
        while let Some((_, mut versions)) = files.next()? {
            while let Some(version) = versions.next()? {
                let name = version.name(endian, strings)?;
                let is_weak = version.vna_flags.get(endian).0 & VER_FLG_WEAK.0 != 0;
                if let Some(version) = glibc(name).filter(|_| !is_weak) {
                    needs.versions.entry(version).or_default();
                }
            }
        }
    }
    name_symbols(&sections, endian, content, &mut needs.versions)?;
    Ok(Ok(needs))
}

/// Finds for each version a symbol that needs it.
fn name_symbols<Elf: FileHeader<Endian = Endianness>>(
    sections: &SectionTable<'_, Elf>,
    endian: Endianness,
    content: &[u8],
    versions: &mut BTreeMap<String, Option<String>>,
) -> object::read::Result<()> {
    let Some(table) = sections.versions(endian, content)? else {
        return Ok(());
    };
    let symbols = sections.symbols(endian, content, elf::SHT_DYNSYM)?;
    for (index, symbol) in symbols.enumerate() {
        let at = table.version_index(endian, index).index();
        let version = match symbol.is_undefined(endian) {
            true => table.version(at)?.and_then(|version| glibc(version.name())),
            false => None,
        };
        if let Some(found @ None) = version.and_then(|version| versions.get_mut(&version)) {
            let name = symbols.symbol_name(endian, symbol)?;
            *found = Some(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(())
}

fn defines<Elf: FileHeader<Endian = Endianness>>(
    content: &[u8],
) -> object::read::Result<BTreeSet<String>> {
    let header = Elf::parse(content)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, content)?;
    let mut found = BTreeSet::new();
    if let Some((mut versions, strings)) = sections.gnu_verdef(endian, content)? {
        let strings = sections.strings(endian, content, strings)?;
        while let Some((version, mut names)) = versions.next()? {
            if version.vd_flags.get(endian).0 & VER_FLG_BASE.0 != 0 {
                continue;
            }
            // The first name is the version's own, the others are those that it goes on from.
            if let Some(name) = names.next()? {
                found.extend(glibc(name.name(endian, strings)?));
            }
        }
    }
    Ok(found)
}

fn glibc(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    name.strip_prefix(GLIBC).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_of_this_program_are_what_readelf_shows() {
        let own = std::env::current_exe().unwrap();
        let needs = Needs::of(&fs_err::read(&own).unwrap()).unwrap();
        let shown = std::process::Command::new("readelf")
            .args(["-W", "-l", "-d", "-V"])
            .arg(&own)
            .output()
            .unwrap();
        let shown = String::from_utf8_lossy(&shown.stdout);
        let loader = needs.loader.unwrap();
        assert!(
            shown.contains(&format!("interpreter: {loader}]")),
            "{loader}"
        );
        let libraries = shown.lines().filter(|line| line.contains("(NEEDED)"));
        let libraries: Vec<&str> = libraries
            .filter_map(|line| line.split(['[', ']']).nth(1))
            .collect();
        assert_eq!(needs.libraries, libraries);
        let versions = shown.lines().filter(|line| line.contains("Name: GLIBC_"));
        let versions = versions.filter(|line| line.contains("Flags:") && !line.contains("WEAK"));
        let versions: BTreeSet<&str> = versions
            .filter_map(|line| line.split("GLIBC_").nth(1)?.split(' ').next())
            .collect();
        assert!(!versions.is_empty());
        assert_eq!(
            needs
                .versions
                .keys()
                .map(String::as_str)
                .collect::<BTreeSet<_>>(),
            versions
        );
        assert!(needs.versions.values().any(Option::is_some));
    }

    #[test]
    fn files_that_break_off_are_errors() {
        for content in [&b"\x7fELF"[..], b"\x7fELF\x02\x01\x01", b""] {
            assert!(Needs::of(content).is_err());
            assert!(defined(content).is_err());
        }
    }
}
