//! Kind of an executable file, as the kernel sees it.

use object::elf;
use object::endian::Endianness;
use object::read::elf::{FileHeader, ProgramHeader, Sym};

use super::glibc::Version;
use super::platform::Machine;

/// Number of bytes of a script's first line that the kernel reads.
const FIRST_LINE: usize = 256;

/// The kind of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    Binary(Binary),
    /// A text that begins with `#!`, with the interpreter's path.
    Script(String),
    /// Neither a binary nor a script: the kernel does not start it.
    Text,
    /// Begins like a binary or a script but is not valid, with the reason.
    Broken(String),
}

/// An ELF binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    pub machine: Machine,
    /// The newest glibc that it needs; none for a static binary.
    pub glibc: Option<Needed>,
}

/// A version of glibc, and a symbol that needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub version: Version,
    pub symbol: String,
}

impl Program {
    /// Determines the kind from the content of a file.
    pub fn of(content: &[u8]) -> Self {
        if content.starts_with(b"\x7fELF") {
            return match binary(content) {
                Ok(binary) => Self::Binary(binary),
                Err(error) => Self::Broken(format!(
                    "it begins like an ELF binary, but is not valid: {error}"
                )),
            };
        }
        if content.starts_with(b"\xef\xbb\xbf#!") {
            return Self::Broken("there is a byte order mark before `#!`".to_owned());
        }
        match content.strip_prefix(b"#!") {
            Some(rest) => script(rest),
            None => Self::Text,
        }
    }
}

fn script(rest: &[u8]) -> Program {
    let broken = |why: &str| Program::Broken(why.to_owned());
    let Some(end) = rest.iter().take(FIRST_LINE).position(|b| *b == b'\n') else {
        return if rest.len() < FIRST_LINE {
            broken("the line of `#!` does not end")
        } else {
            broken("the line of `#!` is longer than the kernel reads")
        };
    };
    let Ok(line) = std::str::from_utf8(&rest[..end]) else {
        return broken("the line of `#!` is not text");
    };
    if line.ends_with('\r') {
        return broken(
            "the line of `#!` ends with a carriage return, which becomes a part of the interpreter's name",
        );
    }
    let interpreter = line.trim_start_matches([' ', '\t']);
    let interpreter = interpreter.split([' ', '\t']).next().unwrap_or_default();
    if interpreter.is_empty() {
        broken("there is no interpreter after `#!`")
    } else if !interpreter.starts_with('/') {
        broken("the interpreter after `#!` must be an absolute path, such as /usr/bin/env")
    } else {
        Program::Script(interpreter.to_owned())
    }
}

fn binary(content: &[u8]) -> Result<Binary, String> {
    let read = match content.get(4) {
        Some(1) => read::<elf::FileHeader32<Endianness>>(content),
        Some(2) => read::<elf::FileHeader64<Endianness>>(content),
        _ => return Err("it is neither for 32 nor for 64 bits".to_owned()),
    };
    read.map_err(|error| error.to_string())?
}

fn read<Elf: FileHeader<Endian = Endianness>>(
    content: &[u8],
) -> object::read::Result<Result<Binary, String>> {
    let header = Elf::parse(content)?;
    let endian = header.endian()?;
    let kind = header.e_type(endian);
    if kind != elf::ET_EXEC && kind != elf::ET_DYN {
        return Ok(Err("it is an object file or a core dump".to_owned()));
    }
    let wide = header.is_class_64();
    let machine = match header.e_machine(endian) {
        elf::EM_386 => Machine::X86,
        elf::EM_X86_64 => Machine::X86_64,
        elf::EM_ARM => Machine::Arm,
        elf::EM_AARCH64 => Machine::Aarch64,
        elf::EM_PPC64 => Machine::Ppc64,
        elf::EM_RISCV if wide => Machine::Riscv64,
        elf::EM_S390 if wide => Machine::S390x,
        other => Machine::Other(other.0),
    };
    // A truncated file still has its header, so the segments are checked, too.
    for segment in header.program_headers(endian, content)? {
        if segment.p_type(endian) == elf::PT_LOAD && segment.data(endian, content).is_err() {
            return Ok(Err("it ends before its segments do".to_owned()));
        }
    }
    let sections = header.sections(endian, content)?;
    let mut glibc: Option<Needed> = None;
    if let Some(versions) = sections.versions(endian, content)? {
        let symbols = sections.symbols(endian, content, elf::SHT_DYNSYM)?;
        for (index, symbol) in symbols.enumerate() {
            if !symbol.is_undefined(endian) {
                continue;
            }
            let at = versions.version_index(endian, index).index();
            let Some(version) = versions.version(at)? else {
                continue;
            };
            let name = std::str::from_utf8(version.name()).unwrap_or_default();
            let Some(version) = name.strip_prefix("GLIBC_").and_then(Version::parse) else {
                continue;
            };
            if glibc.as_ref().is_none_or(|newest| newest.version < version) {
                let symbol = symbols.symbol_name(endian, symbol)?;
                glibc = Some(Needed {
                    version,
                    symbol: String::from_utf8_lossy(symbol).into_owned(),
                });
            }
        }
    }
    Ok(Ok(Binary { machine, glibc }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_what_the_kernel_takes_for_them() {
        let script = |path: &str| Program::Script(path.to_owned());
        for (content, expected) in [
            ("#!/bin/sh\nx", Some(script("/bin/sh"))),
            ("#! /usr/bin/env python3\n", Some(script("/usr/bin/env"))),
            ("#!/bin/sh -eu\n", Some(script("/bin/sh"))),
            ("echo x\n", Some(Program::Text)),
            ("", Some(Program::Text)),
            ("#!/bin/sh\r\nx", None),
            ("#!\nx", None),
            ("#!sh\n", None),
            ("#!/bin/sh", None),
            ("\u{feff}#!/bin/sh\n", None),
        ] {
            let found = Program::of(content.as_bytes());
            match expected {
                Some(expected) => assert_eq!(found, expected, "{content:?}"),
                None => assert!(
                    matches!(found, Program::Broken(_)),
                    "{content:?}: {found:?}"
                ),
            }
        }
        let long = format!("#!/{}\n", "x".repeat(FIRST_LINE));
        assert!(matches!(Program::of(long.as_bytes()), Program::Broken(_)));
    }
}
