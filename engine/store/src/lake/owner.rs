//! One state directory writes to a lake that lies outside of it.
//!
//! In the lake's place an object says which one. It stays when the writing process ends, however that ends: the journal of the
//! directory and the journal positions of the lake's tables belong together, so another directory has nothing to write there.

use std::path::Path;

use deltalake::logstore::object_store::path::Path as ObjectPath;
use deltalake::logstore::object_store::{Error as ObjectStoreError, ObjectStoreExt, PutMode};
use serde::{Deserialize, Serialize};

use super::place::LakeDir;
use crate::{LakeError, OpenError};

/// Who writes to a lake.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    /// The state directory's own id.
    id: String,
    /// Where it is, for people.
    state_dir: String,
    /// The machine's name, for people.
    host: String,
}

const OWNER: &str = "citybrain-writer.json";

impl LakeDir {
    /// Writes down that the state directory `dir` of this `id` writes to the lake; of two that try at once one is told so.
    ///
    /// # Errors
    /// [`OpenError::LakeHeld`] names the one that writes to it already.
    pub(crate) async fn claim(&self, id: &str, dir: &Path) -> Result<(), OpenError> {
        let failed = |source| OpenError::Lake(self.failed(source));
        let store = self.store()?;
        let path = ObjectPath::from(OWNER);
        let owner = Owner {
            id: id.to_owned(),
            state_dir: std::path::absolute(dir)
                .unwrap_or_else(|_| dir.to_owned())
                .display()
                .to_string(),
            host: std::fs::read_to_string("/proc/sys/kernel/hostname")
                .map(|name| name.trim().to_owned())
                .unwrap_or_default(),
        };
        // Looked at first: a lake that is this directory's already needs no room to be opened.
        let there = if let Some(there) = self.owner().await? {
            there
        } else {
            let text = serde_json::to_vec_pretty(&owner).expect("texts are JSON");
            let put = store.put_opts(&path, text.into(), PutMode::Create.into());
            match put.await {
                Ok(_) => return Ok(()),
                Err(
                    ObjectStoreError::AlreadyExists { .. } | ObjectStoreError::Precondition { .. },
                ) => self.owner().await?.unwrap_or_default(),
                Err(error) => return Err(failed(error)),
            }
        };
        let holder = match serde_json::from_slice::<Owner>(&there) {
            Ok(there) if there.id == id => return Ok(()),
            Ok(there) => format!("{} on {}", there.state_dir, there.host),
            Err(_) => "something else".to_owned(),
        };
        Err(OpenError::LakeHeld {
            lake: self.to_string(),
            holder,
            object: OWNER,
        })
    }

    /// What is written down of who writes to the lake, as it is; `None` when nothing is.
    async fn owner(&self) -> Result<Option<Vec<u8>>, OpenError> {
        let failed = |source| OpenError::Lake(self.failed(source));
        match self.store()?.get(&ObjectPath::from(OWNER)).await {
            Ok(there) => Ok(Some(there.bytes().await.map_err(failed)?.to_vec())),
            Err(ObjectStoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Is nothing there yet?
    pub(crate) async fn is_empty(&self) -> Result<bool, LakeError> {
        let listed = self.store()?.list_with_delimiter(None).await;
        let listed = listed.map_err(|source| self.failed(source))?;
        Ok(listed.objects.is_empty() && listed.common_prefixes.is_empty())
    }

    /// Writes one file.
    pub(crate) async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        let (store, path) = (self.store()?, ObjectPath::from(name));
        let put = store.put(&path, bytes.into()).await;
        put.map(|_| ()).map_err(|source| self.failed(source))
    }

    pub(super) fn failed(&self, source: ObjectStoreError) -> LakeError {
        LakeError::Store {
            place: self.to_string(),
            source: Box::new(source),
        }
    }
}
