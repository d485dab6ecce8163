//! A certificate for loopback, made by OpenSSL.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Makes a certificate of its own authority for 127.0.0.1, and its key, in a folder: two files in PEM, which replace those of before.
///
/// # Panics
/// When OpenSSL is not installed.
pub fn certificate(dir: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    let (new, new_key) = (dir.join("new.pem"), dir.join("new-key.pem"));
    // It is no authority: some clients do not let one speak for itself.
    let config = dir.join("openssl.cnf");
    let text = "[req]\nprompt = no\ndistinguished_name = name\nx509_extensions = extensions\n[name]\nCN = localhost\n\
                [extensions]\nsubjectAltName = IP:127.0.0.1,DNS:localhost\nbasicConstraints = critical,CA:FALSE\n";
    std::fs::write(&config, text).expect("the folder takes a file");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "30", "-config"])
        .arg(&config)
        .arg("-keyout")
        .arg(&new_key)
        .arg("-out")
        .arg(&new)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("OpenSSL is installed");
    assert!(made.success(), "OpenSSL makes a certificate");
    std::fs::rename(new_key, &key).expect("the folder takes a file");
    std::fs::rename(new, &certificate).expect("the folder takes a file");
    (certificate, key)
}
