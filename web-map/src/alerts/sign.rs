//! Signed messages: HMAC-SHA256 (RFC 2104) over the time and the body, so that a receiver knows who sent it and that it is new.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// The signature of a body that is sent at `timestamp` (seconds since 1970): `v1=` and hex digits of the HMAC of
/// `TIMESTAMP.BODY`.
pub(super) fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let mut text = "v1=".to_owned();
    let message = format!("{timestamp}.{body}");
    for byte in hmac(secret.as_bytes(), message.as_bytes()) {
        write!(text, "{byte:02x}").expect("writing to a text cannot fail");
    }
    text
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let hash = |pad: u8, message: &[u8]| -> [u8; 32] {
        Sha256::new()
            .chain_update(block.map(|byte| byte ^ pad))
            .chain_update(message)
            .finalize()
            .into()
    };
    hash(0x5c, &hash(0x36, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn the_examples_of_rfc_4231_come_out() {
        assert_eq!(
            hex(&hmac(&[0x0b; 20], b"Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            hex(&hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&hmac(
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            )),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
