//! Where the lake's tables are: a folder, or a prefix of a bucket on S3-compatible storage.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::time::Duration;

use deltalake::DeltaResult;
use deltalake::DeltaTableError;
use deltalake::logstore::object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use deltalake::logstore::object_store::local::LocalFileSystem;
use deltalake::logstore::object_store::path::Path as ObjectPath;
use deltalake::logstore::object_store::prefix::PrefixStore;
use deltalake::logstore::object_store::{
    BackoffConfig, Error as ObjectStoreError, ObjectStore, RetryConfig,
};
use deltalake::logstore::{
    LogStore, LogStoreFactory, ObjectStoreFactory, ObjectStoreRef, StorageConfig, default_logstore,
    logstore_factories, object_store_factories,
};
use url::Url;

use crate::LakeError;

/// The place of all tables: each has a folder or prefix of its name in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LakeDir {
    /// A folder of this machine.
    Folder(PathBuf),
    /// `s3://bucket/prefix`; credentials and endpoint are in the usual `AWS_*` variables.
    Bucket(Url),
}

impl LakeDir {
    /// The place that a setting names: a URL of S3, or a folder.
    ///
    /// # Errors
    /// [`LakeError::Location`] for another kind of URL.
    pub(crate) fn try_new(text: &str) -> Result<Self, LakeError> {
        let wrong = || LakeError::Location(text.to_owned());
        if !text.contains("://") {
            return Ok(Self::Folder(text.into()));
        }
        let mut url = Url::parse(text).map_err(|_cause| wrong())?;
        if url.scheme() != "s3" || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self::Bucket(url))
    }

    /// The URL of one table.
    pub(super) fn table(&self, name: &str) -> Result<Url, LakeError> {
        match self {
            Self::Folder(dir) => {
                let folder = dir.join(name);
                let folder = std::path::absolute(&folder).unwrap_or(folder);
                Url::from_directory_path(&folder)
                    .map_err(|()| LakeError::Location(folder.display().to_string()))
            }
            Self::Bucket(url) => {
                with_buckets();
                url.join(&format!("{name}/"))
                    .map_err(|_cause| LakeError::Location(url.to_string()))
            }
        }
    }

    /// The folder, when it is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(dir) => Some(dir),
            Self::Bucket(_) => None,
        }
    }

    /// All of it as one store of files.
    pub(crate) fn store(&self) -> Result<Arc<dyn ObjectStore>, LakeError> {
        match self {
            Self::Folder(dir) => {
                let store = LocalFileSystem::new_with_prefix(dir);
                Ok(Arc::new(store.map_err(|source| self.failed(source))?))
            }
            Self::Bucket(url) => {
                let (store, path) = bucket(url).map_err(|source| self.failed(source))?;
                Ok(Arc::new(PrefixStore::new(store, path)))
            }
        }
    }
}

impl fmt::Display for LakeDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(dir) => dir.display().fmt(f),
            Self::Bucket(url) => url.fmt(f),
        }
    }
}

/// How long one request to object storage is tried again: whoever asked tries again later, and until then something else can be said.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A bucket and the path in it.
fn bucket(url: &Url) -> Result<(ObjectStoreRef, ObjectPath), ObjectStoreError> {
    let name = url.host_str().unwrap_or_default();
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(name)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(RetryConfig {
            retry_timeout: PATIENCE,
            backoff: BackoffConfig {
                max_backoff: PAUSE_MAX,
                ..BackoffConfig::default()
            },
            ..RetryConfig::default()
        });
    if let Ok(endpoint) = std::env::var("AWS_ENDPOINT_URL") {
        // Without encryption only on this machine.
        let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        builder = builder.with_allow_http(here.iter().any(|host| endpoint.starts_with(host)));
    }
    Ok((
        Arc::new(builder.build()?),
        ObjectPath::from_url_path(url.path())?,
    ))
}

/// Teaches Delta Lake to open `s3://`. A commit is a conditional put (`If-None-Match`): of two writers of one version one is told so.
fn with_buckets() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let scheme = Url::parse("s3://").expect("it is a URL");
        object_store_factories().insert(scheme.clone(), Arc::new(Buckets));
        logstore_factories().insert(scheme, Arc::new(Buckets));
    });
}

#[derive(Debug)]
struct Buckets;

impl ObjectStoreFactory for Buckets {
    fn parse_url_opts(
        &self,
        url: &Url,
        _config: &StorageConfig,
    ) -> DeltaResult<(ObjectStoreRef, ObjectPath)> {
        bucket(url).map_err(|source| DeltaTableError::ObjectStore { source })
    }
}

impl LogStoreFactory for Buckets {
    fn with_options(
        &self,
        prefixed_store: ObjectStoreRef,
        root_store: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(
            prefixed_store,
            root_store,
            location,
            options,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket_and_nothing_else() {
        let folder = LakeDir::try_new("lake").unwrap();
        assert_eq!(folder, LakeDir::Folder("lake".into()));
        let bucket = LakeDir::try_new("s3://city/history").unwrap();
        assert_eq!(
            bucket.table("complaints").unwrap().as_str(),
            "s3://city/history/complaints/"
        );
        for wrong in ["gs://city/x", "s3://", "s3:///x", "://"] {
            assert!(LakeDir::try_new(wrong).is_err(), "{wrong}");
        }
    }
}
