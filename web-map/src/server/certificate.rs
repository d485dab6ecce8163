//! The server's certificate, read again when its file changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// A certificate and its key, from two files.
#[derive(Debug)]
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    /// Replaced as a whole; held to copy a pointer.
    config: RwLock<Arc<ServerConfig>>,
}

/// What tells that a file is another one: size and time of change, of both files.
type Stamp = [Option<(u64, Option<SystemTime>)>; 2];

impl Certificate {
    /// Reads a certificate with the chain to its authority, and its key, both PEM.
    ///
    /// # Errors
    /// A file that cannot be read, holds no certificate or key, or a key of another certificate.
    pub fn open(cert: &Path, key: &Path) -> Result<Self, CertificateError> {
        Ok(Self {
            config: RwLock::new(read(cert, key)?),
            cert: cert.to_owned(),
            key: key.to_owned(),
        })
    }

    /// What the next connection is greeted with.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let config = self.config.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&config)
    }

    /// Takes on what the files say whenever they change. Files that do not fit, as while one of them is written, change nothing.
    pub(super) async fn keep(self: Arc<Self>) {
        let mut seen = self.stamp();
        loop {
            tokio::time::sleep(EVERY).await;
            let stamp = self.stamp();
            if stamp == seen {
                continue;
            }
            match read(&self.cert, &self.key) {
                Ok(config) => {
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                    tracing::info!("certificate_read_again");
                    seen = stamp;
                }
                // Looked at again: the other file may be on its way.
                Err(error) => tracing::warn!(%error, "certificate_not_read"),
            }
        }
    }

    fn stamp(&self) -> Stamp {
        [&self.cert, &self.key].map(|path| {
            let data = std::fs::metadata(path).ok()?;
            Some((data.len(), data.modified().ok()))
        })
    }
}

fn read(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, CertificateError> {
    let pem = |path: &Path, source| CertificateError::Pem {
        path: path.to_owned(),
        source,
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| pem(cert, source))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|source| pem(key, source))?;
    let unfit = |source| CertificateError::Unfit {
        path: cert.to_owned(),
        source,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file is not there, or holds nothing of the kind.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate and the key do not fit each other, or are of no kind that is spoken.
    #[error("{}: {source}", path.display())]
    Unfit {
        /// The file of the certificate.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}
