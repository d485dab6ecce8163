//! Files that are written aside and become the table's later: in a folder or on object storage.

use std::fs::{self, File};
use std::path::PathBuf;

use deltalake::Path as ObjectPath;
use deltalake::kernel::Add;
use deltalake::logstore::object_store::{Error as ObjectStoreError, ObjectStoreExt};
use futures::TryStreamExt;

use super::files::ASIDE;
use super::{LakeTable, delta_error};
use crate::LakeError;

impl LakeTable {
    /// Are all these files there, aside?
    pub(crate) async fn has_aside(&self, adds: &[Add]) -> Result<bool, LakeError> {
        for add in adds {
            if !self.is_there(&aside(&add.path)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Syncs files that were written aside. Object storage keeps what it has acknowledged.
    pub(crate) fn sync_aside(&self, adds: &[Add]) -> Result<(), LakeError> {
        let Some(folder) = self.folder_aside() else {
            return Ok(());
        };
        for add in adds {
            let path = folder.join(&add.path);
            File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(|source| LakeError::Io { path, source })?;
        }
        Ok(())
    }

    /// Gives a file that was written aside its place among the table's files, of which it is none yet. One that has it already
    /// stays.
    pub(crate) async fn bring_in(&self, add: &Add) -> Result<(), LakeError> {
        let to = ObjectPath::from(add.path.as_str());
        if self.is_there(&to).await? {
            return Ok(());
        }
        let store = self.delta.object_store();
        let renamed = store.rename(&aside(&add.path), &to).await;
        renamed.map_err(|source| delta_error(self.table, source.into()))
    }

    /// Removes files that were written aside; one that is not there is no error.
    pub(crate) async fn remove_aside(&self, adds: &[Add]) -> Result<(), LakeError> {
        let store = self.delta.object_store();
        for add in adds {
            match store.delete(&aside(&add.path)).await {
                Ok(()) | Err(ObjectStoreError::NotFound { .. }) => {}
                Err(source) => return Err(delta_error(self.table, source.into())),
            }
        }
        Ok(())
    }

    /// Removes whatever was written aside.
    pub(crate) async fn clear_aside(&self) -> Result<(), LakeError> {
        if let Some(folder) = self.folder_aside() {
            if folder.is_dir() {
                let io = |source| LakeError::Io {
                    path: folder.clone(),
                    source,
                };
                fs::remove_dir_all(&folder).map_err(io)?;
            }
            return Ok(());
        }
        let failed = |source: ObjectStoreError| delta_error(self.table, source.into());
        let store = self.delta.object_store();
        let prefix = ObjectPath::from(ASIDE);
        let files: Vec<_> = store
            .list(Some(&prefix))
            .try_collect()
            .await
            .map_err(failed)?;
        for file in files {
            store.delete(&file.location).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn is_there(&self, path: &ObjectPath) -> Result<bool, LakeError> {
        match self.delta.object_store().head(path).await {
            Ok(_) => Ok(true),
            Err(ObjectStoreError::NotFound { .. }) => Ok(false),
            Err(source) => Err(delta_error(self.table, source.into())),
        }
    }

    fn folder_aside(&self) -> Option<PathBuf> {
        self.folder().map(|folder| folder.join(ASIDE))
    }
}

fn aside(path: &str) -> ObjectPath {
    ObjectPath::from(format!("{ASIDE}/{path}"))
}
