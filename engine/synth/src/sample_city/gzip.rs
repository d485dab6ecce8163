//! Gzip whose bytes depend on nothing but the content: no time, no name, one compressor whatever other crates switch on.

/// One gzip member (RFC 1952).
pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    const DEFLATE: u8 = 8;
    const BEST: u8 = 2;
    const UNKNOWN_SYSTEM: u8 = 255;
    let mut out = vec![0x1f, 0x8b, DEFLATE, 0, 0, 0, 0, 0, BEST, UNKNOWN_SYSTEM];
    out.extend(miniz_oxide::deflate::compress_to_vec(content, 9));
    out.extend(crc32fast::hash(content).to_le_bytes());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the format keeps the size modulo 2^32"
    )]
    out.extend((content.len() as u32).to_le_bytes());
    out
}
