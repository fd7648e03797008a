//! The layout on disk that this library shares with mcoda's TypeScript packages.

use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Environment;
use super::opened::{refuse_open_folder, refuse_planted};
use crate::error::{Error, ErrorKind, Result};

pub(crate) const DATABASE_FILE: &str = "mcoda.db";
/// The suffixes of a database and of SQLite's files beside it.
pub(crate) const DATABASE_FILES: [&str; 4] = ["", "-journal", "-wal", "-shm"];
pub(crate) const CONFIG_FILE: &str = "config.json";
pub(crate) const WORKSPACE_FILE: &str = "workspace.json";
pub(crate) const TOKEN_LOG_FILE: &str = "token_usage.json";
pub(crate) const TOKEN_LOG_LOCK_FILE: &str = "token_usage.json.lock";

/// The folders and files of one user.
#[derive(Debug, Clone)]
pub(crate) struct Locations {
    global: PathBuf,
    config: PathBuf,
}

impl Locations {
    pub(crate) fn new(environment: &Environment) -> Result<Self> {
        let home = environment.home.as_deref().ok_or_else(|| {
            Error::new(
                ErrorKind::Storage,
                "there is no home folder: set HOME to the folder that holds .mcoda",
            )
        })?;
        let global = absolute(home)?.join(".mcoda");
        let config = match &environment.config {
            Some(path) => absolute(path)?,
            None => global.join(CONFIG_FILE),
        };
        Ok(Self { global, config })
    }

    /// `<home>/.mcoda`
    pub(crate) fn global_folder(&self) -> &Path {
        &self.global
    }

    /// The global config file.
    pub(crate) fn global_config(&self) -> &Path {
        &self.config
    }

    /// The folder of the workspace whose project is at `root`, an absolute path: `<global>/workspaces/<name>-<hash>`.
    pub(crate) fn workspace_folder(&self, root: &Path) -> Result<PathBuf> {
        let text = root.to_str().ok_or_else(|| {
            Error::invalid(
                "root",
                format_args!("{:?}", root.display().to_string()),
                "a path that is valid UTF-8",
            )
        })?;
        let text = if cfg!(windows) { text.to_lowercase() } else { text.to_owned() };
        let digest = Sha256::digest(text.as_bytes());
        let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let base = Path::new(&text).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        Ok(self.workspaces_folder().join(format!("{}-{hash}", folder_name(base))))
    }

    /// The folder with the folders of all workspaces.
    pub(crate) fn workspaces_folder(&self) -> PathBuf {
        self.global.join("workspaces")
    }

    /// Refuses a database in `folder`, a workspace's or the global one, that other users could have replaced or chosen:
    /// if the folder or one of its parents up to the global one is world-writable, or a file was planted.
    pub(crate) fn refuse_planted(&self, folder: &Path) -> Result<()> {
        folder
            .ancestors()
            .take_while(|own| own.starts_with(&self.global))
            .try_for_each(refuse_open_folder)?;
        let database = folder.join(DATABASE_FILE);
        DATABASE_FILES.iter().try_for_each(|suffix| refuse_planted(&beside(&database, suffix)))
    }
}

/// The path with this suffix appended.
pub(crate) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// `path` made absolute, with `.` and `..` resolved lexically, as the TypeScript packages do: symbolic links are not
/// followed.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(Error::invalid("path", "an empty path", "the path of a file or folder"));
    }
    let path = std::path::absolute(path).map_err(|error| Error::storage("resolve", path, error))?;
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
    }
    Ok(resolved)
}

/// The last component of a root as part of a folder name: at most 32 characters; runs of characters other than
/// `[A-Za-z0-9._-]` become one `_`.
fn folder_name(base: &str) -> String {
    let mut name = String::new();
    let mut in_run = false;
    for c in base.chars() {
        let allowed = c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if allowed {
            name.push(c);
        } else if !in_run {
            name.push('_');
        }
        in_run = !allowed;
    }
    name.truncate(32);
    if name.is_empty() { "workspace".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn folder_of(root: &str) -> String {
        let environment = Environment { home: Some("/home/ada".into()), ..Environment::default() };
        let locations = Locations::new(&environment).unwrap();
        let folder = locations.workspace_folder(&absolute(Path::new(root)).unwrap()).unwrap();
        folder.to_str().unwrap().to_owned()
    }

    #[test]
    #[cfg(unix)]
    fn a_workspace_folder_is_named_after_its_root() {
        // printf %s /srv/shop | sha256sum
        assert_eq!(folder_of("/srv/shop"), "/home/ada/.mcoda/workspaces/shop-e7c7ea0ba435");
        assert_eq!(folder_of("/srv/./other/..//shop/"), folder_of("/srv/shop"));
        assert_eq!(folder_of("/"), "/home/ada/.mcoda/workspaces/workspace-8a5edab28263");
    }

    #[test]
    fn folder_names_hold_safe_characters_only() {
        assert_eq!(folder_name("my  shop (new)"), "my_shop_new_");
        assert_eq!(folder_name("日本語"), "_");
        assert_eq!(folder_name(&"a".repeat(40)), "a".repeat(32));
        assert_eq!(folder_name(""), "workspace");
    }

    #[test]
    fn no_home_is_an_error_that_says_what_to_set() {
        let error = Locations::new(&Environment::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.message().contains("HOME"));
    }
}
