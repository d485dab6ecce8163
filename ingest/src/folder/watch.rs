//! The life of a watched folder.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, Utc};
use citybrain_store::{Control, Fetched, FetchedFile, Writer};
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::Xxh3;

use super::settings::{After, FolderSettings, FolderSettingsError};
use crate::{Context, Import, ImportError, Profile, Summary, import};

/// Most files that are looked at in one folder.
const FILES_MAX: usize = 100_000;
/// Ends of names of uploads that are under way.
const PARTIAL: [&str; 8] = [
    ".part",
    ".partial",
    ".filepart",
    ".tmp",
    ".temp",
    ".crdownload",
    ".download",
    "~",
];

/// What a watched folder needs of the server.
#[derive(Clone)]
pub struct Watching {
    /// Takes the records.
    pub writer: Writer,
    /// Keeps what was read.
    pub control: Control,
    /// What is the same for all rows; the source and the instant are the folder's own.
    pub context: Context,
    /// Reads the clock.
    pub now: fn() -> DateTime<Utc>,
    /// Is told what happens in the folder of a path.
    #[expect(clippy::type_complexity, reason = "said once, where it is documented")]
    pub tell: Arc<dyn Fn(&Path, FolderTold<'_>) + Send + Sync>,
    /// Ends the watching.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watching").finish_non_exhaustive()
    }
}

/// What happens in a watched folder.
#[derive(Debug, Clone, Copy)]
pub enum FolderTold<'a> {
    /// A file was read to its end, or up to a fault.
    Read(&'a Fetched, &'a Summary),
    /// Something cannot be read at all.
    Refused {
        /// Its name.
        name: &'a str,
        /// Why.
        cause: &'a str,
    },
    /// The folder itself cannot be looked through now, or the store does not take records.
    Failed {
        /// Why.
        cause: &'a str,
    },
}

/// A watched folder, ready to run.
#[derive(Debug)]
pub struct Folder {
    settings: FolderSettings,
    profile: Arc<Profile>,
    /// Files that are there, by name.
    seen: HashMap<String, Seen>,
}

/// A file as it was when it was looked at last.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    size: u64,
    changed: Option<SystemTime>,
    /// Since when it is like this.
    since: Instant,
    /// Read, or refused: nothing is to be done while it is like this.
    settled: bool,
}

impl Folder {
    /// Checks the settings of all folders.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn all(settings: &[FolderSettings]) -> Result<Vec<Self>, FolderSettingsError> {
        let folder = |settings: &FolderSettings| {
            let value = |message: &str| FolderSettingsError::Value {
                path: settings.path.clone(),
                message: message.to_owned(),
            };
            if !settings.path.is_dir() {
                return Err(value("is no folder"));
            }
            if settings.every_seconds == 0 {
                return Err(value("every_seconds must be at least 1"));
            }
            let profile = Profile::load(&settings.profile);
            Ok(Self {
                profile: profile.map_err(|source| FolderSettingsError::Profile {
                    path: settings.path.clone(),
                    source,
                })?,
                settings: settings.clone(),
                seen: HashMap::new(),
            })
        };
        settings.iter().map(folder).collect()
    }

    /// Watches until the server stops. A file that is being read then is read to its end, or from its beginning next time: no record
    /// is counted twice.
    pub async fn run(mut self, watching: Watching) {
        let every = Duration::from_secs(self.settings.every_seconds);
        loop {
            let looking = tokio::task::spawn_blocking({
                let watching = watching.clone();
                move || {
                    self.look(&watching);
                    self
                }
            });
            match looking.await {
                Ok(folder) => self = folder,
                Err(_panicked) => return,
            }
            let pause = tokio::time::sleep(every);
            if watching.stop.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// Looks through the folder once, and reads what is whole and new.
    fn look(&mut self, watching: &Watching) {
        let path = self.settings.path.clone();
        let tell = |told: FolderTold<'_>| (watching.tell)(&path, told);
        let names = match self.names(&tell) {
            Ok(names) => names,
            Err(error) => {
                let cause = error.to_string();
                return tell(FolderTold::Failed { cause: &cause });
            }
        };
        self.seen.retain(|name, _| names.contains(name));
        for name in names {
            if watching.stop.is_cancelled() {
                return;
            }
            if let Err(cause) = self.file(&name, watching, &tell) {
                tell(FolderTold::Failed { cause: &cause });
            }
        }
    }

    /// Names of what may be a file to read, in their order.
    fn names(&self, tell: &dyn Fn(FolderTold<'_>)) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.settings.path)?.take(FILES_MAX) {
            let name = entry?.file_name();
            match name.into_string() {
                Ok(name) if name.starts_with('.') || is_partial(&name) => {}
                Ok(name) => names.push(name),
                Err(name) => tell(FolderTold::Refused {
                    name: &name.to_string_lossy(),
                    cause: "the name is no text",
                }),
            }
        }
        names.sort();
        Ok(names)
    }

    /// One file: waits until it is whole, reads it if it is new. The error says why it is to be tried again.
    fn file(
        &mut self,
        name: &str,
        watching: &Watching,
        tell: &dyn Fn(FolderTold<'_>),
    ) -> Result<(), String> {
        let path = self.settings.path.join(name);
        // Gone since the folder was read is no fault.
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            return Ok(());
        };
        if metadata.is_dir() {
            return Ok(());
        }
        let now = Seen {
            size: metadata.len(),
            changed: metadata.modified().ok(),
            since: Instant::now(),
            settled: false,
        };
        let before = self.seen.entry(name.to_owned()).or_insert(now);
        if (before.size, before.changed) != (now.size, now.changed) {
            *before = now;
        }
        if before.settled {
            return Ok(());
        }
        let refusal = if name.chars().any(char::is_control) {
            Some("the name holds control characters")
        } else if metadata.is_symlink() {
            Some("is a link: only files of the folder itself are read")
        } else if !metadata.is_file() {
            Some("is no plain file")
        } else {
            None
        };
        if let Some(cause) = refusal {
            before.settled = true;
            tell(FolderTold::Refused { name, cause });
            return Ok(());
        }
        if before.since.elapsed() < Duration::from_secs(self.settings.settle_seconds) {
            return Ok(());
        }
        let Some(file) = self.known(name, &path, now)? else {
            // It changed while it was looked at.
            self.seen.remove(name);
            return Ok(());
        };
        let control = &watching.control;
        let is_read = control
            .is_fetched(&file)
            .map_err(|error| error.to_string())?;
        if !is_read {
            self.read(file, &path, watching, tell)?;
        }
        if let Some(seen) = self.seen.get_mut(name) {
            seen.settled = true;
        }
        Ok(())
    }

    /// What the file is known by; `None` when it is not as it was when it was looked at.
    fn known(&self, name: &str, path: &Path, seen: Seen) -> Result<Option<FetchedFile>, String> {
        let mut file = match fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{name}: {error}")),
        };
        let mut hasher = Xxh3::new();
        let mut buffer = vec![0; 1 << 20];
        let mut size = 0;
        loop {
            let n = io::Read::read(&mut file, &mut buffer)
                .map_err(|error| format!("{name}: {error}"))?;
            if n == 0 {
                break;
            }
            hasher.update(buffer.get(..n).unwrap_or_default());
            size += n as u64;
        }
        let now = file
            .metadata()
            .map_err(|error| format!("{name}: {error}"))?;
        if size != seen.size || now.modified().ok() != seen.changed {
            return Ok(None);
        }
        Ok(Some(FetchedFile {
            folder: self.settings.path.display().to_string(),
            name: name.to_owned(),
            size,
            content: format!("{:032x}", hasher.digest128()),
        }))
    }

    fn read(
        &self,
        file: FetchedFile,
        path: &Path,
        watching: &Watching,
        tell: &dyn Fn(FolderTold<'_>),
    ) -> Result<(), String> {
        let at = (watching.now)();
        let source = self.settings.source.clone();
        let context = Context {
            source: source.clone(),
            received_at: at,
            ..watching.context.clone()
        };
        let imported = import(
            &mut watching.writer.clone(),
            &[path.to_owned()],
            Import {
                profile: Arc::clone(&self.profile),
                context,
                progress: &mut |_| {},
            },
        );
        let (summary, error) = match imported {
            Ok(summary) => (summary, None),
            // The store is closed or the disk is full: from the beginning next time.
            Err(ImportError::Append { error, .. }) => return Err(error.to_string()),
            Err(ImportError::File { error, summary }) => {
                (*summary, Some(error.problem.to_string()))
            }
        };
        let fetched = Fetched {
            id: 0,
            file,
            at,
            source: source.unwrap_or_else(|| self.profile.source().to_owned()),
            error,
            summary: serde_json::to_string(&summary).unwrap_or_default(),
        };
        let kept = watching.control.keep_fetched(&fetched);
        kept.map_err(|error| error.to_string())?;
        tell(FolderTold::Read(&fetched, &summary));
        if self.settings.after == After::Move {
            let folder = match &fetched.error {
                None => "done",
                Some(_) => "failed",
            };
            let moved = move_into(&self.settings.path.join(folder), path, &fetched);
            moved.map_err(|error| format!("{}: {error}", fetched.file.name))?;
        }
        Ok(())
    }
}

/// Moves a file into a folder of the same disk; a name that is taken gets the content's hash before it.
fn move_into(folder: &Path, file: &Path, fetched: &Fetched) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut to: PathBuf = folder.join(&fetched.file.name);
    if to.exists() {
        let content = fetched.file.content.get(..8).unwrap_or_default();
        to = folder.join(format!("{content}-{}", fetched.file.name));
    }
    fs::rename(file, to)
}

fn is_partial(name: &str) -> bool {
    let name = name.to_lowercase();
    PARTIAL.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests;
