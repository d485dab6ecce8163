//! A copy of one version of a table in a folder, from wherever the table is.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use deltalake::Path as ObjectPath;
use deltalake::logstore::object_store::ObjectStoreExt;
use futures::TryStreamExt;

use super::{LakeTable, delta_error};
use crate::LakeError;

const LOG: &str = "_delta_log";

impl LakeTable {
    /// Copies the files and the log of this version into the folder `to`; on disk when it returns.
    pub(crate) async fn copy_to(&self, to: &Path) -> Result<(), LakeError> {
        let stored = |source| delta_error(self.table, deltalake::DeltaTableError::from(source));
        for file in self.files()? {
            let target = to.join(&file.path);
            match self.folder() {
                Some(folder) => copy_file(&folder.join(&file.path), &target)?,
                None => write_file(&target, &self.bytes_of(&file).await?)?,
            }
        }
        let store = self.delta.object_store();
        let log: Vec<_> = store
            .list(Some(&ObjectPath::from(LOG)))
            .try_collect()
            .await
            .map_err(stored)?;
        for entry in log {
            let Some(name) = entry.location.filename() else {
                continue;
            };
            // The log's files begin with the number of their version.
            let number = name
                .split('.')
                .next()
                .and_then(|number| number.parse().ok());
            if number.is_some_and(|number: u64| number <= self.version()) {
                let answer = store.get(&entry.location).await.map_err(stored)?;
                let bytes = answer.bytes().await.map_err(stored)?;
                write_file(&to.join(LOG).join(name), &bytes)?;
            }
        }
        Ok(())
    }
}

fn copy_file(from: &Path, to: &Path) -> Result<(), LakeError> {
    make_folder(to)?;
    fs::copy(from, to).map_err(io(from))?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(io(to))
}

fn write_file(to: &Path, bytes: &[u8]) -> Result<(), LakeError> {
    make_folder(to)?;
    File::create(to)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(io(to))
}

fn make_folder(file: &Path) -> Result<(), LakeError> {
    match file.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(io(folder)),
        None => Ok(()),
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> LakeError + use<> {
    let path = path.to_owned();
    |source| LakeError::Io { path, source }
}
