//! Watched folders: a file that appears is imported once.
//!
//! A folder is looked through now and then. A file counts as whole when size and time of change have stayed the same for a while;
//! names of uploads under way are left alone. What was read is known by folder, name, size and content, so a file that is read is not
//! read again, whatever it is touched by, and one that has grown is. Only plain files that lie in the folder itself are read: no
//! link, no name that is no text.

mod settings;
mod watch;

pub use self::{
    settings::{After, FolderSettings, FolderSettingsError},
    watch::{Folder, FolderTold, Watching},
};
