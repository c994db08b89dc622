//! Prints the page of the front end, its checksum by zlib, and the words that the build script found.

use std::ffi::{c_uint, c_ulong};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

unsafe extern "C" {
    fn crc32(crc: c_ulong, bytes: *const u8, length: c_uint) -> c_ulong;
}

fn main() -> std::io::Result<()> {
    let folder = std::env::var("WEB_ROOT").unwrap_or_else(|_| "ui".to_owned());
    let page = std::fs::read(format!("{folder}/index.html"))?;
    // SAFETY: zlib reads the bytes of the slice, and no more.
    let sum = unsafe { crc32(0, page.as_ptr(), page.len() as c_uint) };
    print!("{}", String::from_utf8_lossy(&page));
    println!("{sum:08x} {}", WORDS.join(" "));
    Ok(())
}
