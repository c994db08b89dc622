//! Serial numbers that follow from the content.

/// Returns a UUID of version 8 for a text. Equal texts have equal ones.
pub fn uuid(text: &str) -> String {
    let hash = blake3::hash(text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    [a, b, c, d, e].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_has_version_and_variant_of_a_uuid() {
        let (one, other) = (uuid("a"), uuid("b"));
        assert_ne!(one, other);
        assert_eq!(one, uuid("a"));
        for text in [one, other] {
            let parts: Vec<usize> = text.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12]);
            assert_eq!(&text[14..15], "8");
            assert!("89ab".contains(&text[19..20]), "{text}");
        }
    }
}
