//! `workspace.json` beside a database, which names the id of the workspace. mcoda's TypeScript packages read and write it
//! as `{"id", "name", "createdAt", "legacyIds"}`. This library adds `rootIdentity`, by which it finds a root that was renamed.

use std::path::Path;

use serde_json::{Value, json};

use super::config_edit::{create_object, edit_fields};
use super::identity::folder_identity;
use super::json_file::read_object;
use super::location::WORKSPACE_FILE;
use super::permissions::create_whole_file;
use crate::error::{Error, ErrorKind, Result};

/// The content of `workspace.json`, as far as this library uses it.
#[derive(Debug, Default)]
pub(crate) struct WorkspaceFile {
    /// The workspace's id.
    pub(crate) id: Option<String>,
    /// Ids that the workspace had before; the TypeScript packages give their rows the id. The root is one of them.
    pub(crate) former_ids: Vec<String>,
    /// What the root keeps when it is renamed.
    pub(crate) root_identity: Option<String>,
}

impl WorkspaceFile {
    /// Reads the file in this folder; a missing one is empty. `Corrupt` if it is damaged.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let file = folder.join(WORKSPACE_FILE);
        let Some(mut object) = read_object(&file)? else { return Ok(Self::default()) };
        let id = match object.remove("id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) if !id.trim().is_empty() => Some(id),
            Some(_) => {
                let message =
                    format!("{}: id must be text that is not blank: repair the file", file.display());
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
        };
        let former = object.get("legacyIds").and_then(Value::as_array);
        let former_ids = former.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let root_identity = object.get("rootIdentity").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { id, former_ids, root_identity })
    }

    /// Writes the id of the workspace at `root` into the folder, unless the file exists: of several writers, one wins.
    /// `created_at` is absent for a workspace that is older than its file. Returns the id that the file has then.
    pub(crate) fn create(folder: &Path, id: &str, root: &Path, created_at: Option<String>) -> Result<String> {
        let mut object = json!({ "id": id, "legacyIds": [root.display().to_string()] });
        if let Some(name) = root.file_name() {
            object["name"] = name.to_string_lossy().into();
        }
        if let Some(time) = created_at {
            object["createdAt"] = time.into();
        }
        if let Some(identity) = folder_identity(root) {
            object["rootIdentity"] = identity.into();
        }
        let (file, text) = (folder.join(WORKSPACE_FILE), format!("{object:#}"));
        let is_created = create_whole_file(&file, text.as_bytes()).is_some() || create_object(&file, &text)?;
        if is_created {
            return Ok(id.to_owned());
        }
        if let Some(theirs) = Self::read(folder)?.id {
            return Ok(theirs);
        }
        // A file without an id, which another program wrote, gets it.
        edit_fields(&file, None, |now| {
            let has_id = now.get("id").is_some_and(|id| !id.is_null());
            Ok(if has_id { Vec::new() } else { vec![("id", id.into())] })
        })?;
        Ok(Self::read(folder)?.id.unwrap_or_else(|| id.to_owned()))
    }

    /// Notes that the project is at `root` now. The path that it had before stays a former id.
    pub(crate) fn set_root(folder: &Path, root: &Path) -> Result<()> {
        edit_fields(&folder.join(WORKSPACE_FILE), None, |now| {
            let path = root.display().to_string();
            let mut former: Vec<Value> =
                now.get("legacyIds").and_then(Value::as_array).cloned().unwrap_or_default();
            if !former.iter().any(|id| id.as_str() == Some(&*path)) {
                former.push(path.into());
            }
            let name = root.file_name().map(|name| ("name", name.to_string_lossy().into()));
            Ok(name.into_iter().chain([("legacyIds", former.into())]).collect())
        })
    }

    /// Replaces the id if it is `old`, which is kept as a former one, and returns whether it was.
    pub(crate) fn replace(folder: &Path, old: &str, new: &str) -> Result<bool> {
        let found = Self::read(folder)?;
        if found.id.as_deref() != Some(old) {
            return Ok(false);
        }
        edit_fields(&folder.join(WORKSPACE_FILE), None, |now| {
            let mut former: Vec<Value> =
                now.get("legacyIds").and_then(Value::as_array).cloned().unwrap_or_default();
            former.retain(|id| id.as_str() != Some(new));
            if !former.iter().any(|id| id.as_str() == Some(old)) {
                former.push(old.into());
            }
            Ok(vec![("id", new.into()), ("legacyIds", former.into())])
        })?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(folder: &Path, id: &str) -> String {
        WorkspaceFile::create(folder, id, Path::new("/srv/shop"), Some("2026-03-20T12:00:00.000Z".to_owned()))
            .unwrap()
    }

    #[test]
    fn the_file_has_the_form_of_the_typescript_packages() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(create(folder.path(), "u1"), "u1");
        let text = std::fs::read_to_string(folder.path().join(WORKSPACE_FILE)).unwrap();
        let object: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({"id": "u1", "name": "shop", "createdAt": "2026-03-20T12:00:00.000Z",
                              "legacyIds": ["/srv/shop"]});
        assert_eq!(object, expected);
        let read = WorkspaceFile::read(folder.path()).unwrap();
        assert_eq!((read.id.as_deref(), &*read.former_ids), (Some("u1"), &["/srv/shop".to_owned()][..]));
    }

    #[test]
    fn an_existing_file_wins() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!((create(folder.path(), "u1"), create(folder.path(), "u2")), ("u1".into(), "u1".into()));
        let file = folder.path().join(WORKSPACE_FILE);
        std::fs::write(&file, r#"{"other": 1.50, "id": null}"#).unwrap();
        assert_eq!(create(folder.path(), "u3"), "u3");
        assert!(std::fs::read_to_string(&file).unwrap().contains("1.50"), "everything else is kept");
        std::fs::write(&file, "{").unwrap();
        let damaged = WorkspaceFile::create(folder.path(), "u4", Path::new("/srv/shop"), None);
        assert_eq!(damaged.unwrap_err().kind(), ErrorKind::Corrupt);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "{");
    }

    #[test]
    fn of_several_writers_one_wins() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let start = std::sync::Barrier::new(4);
            let ids = std::thread::scope(|scope| {
                let write = |id: String| {
                    let (start, folder) = (&start, folder.path());
                    scope.spawn(move || {
                        start.wait();
                        create(folder, &id)
                    })
                };
                let writers: Vec<_> = (0..4).map(|id| write(format!("u{id}"))).collect();
                writers.into_iter().map(|writer| writer.join().unwrap()).collect::<Vec<_>>()
            });
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        }
    }

    #[test]
    fn a_replaced_id_is_kept_as_a_former_one() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!WorkspaceFile::replace(folder.path(), "u1", "u2").unwrap(), "there is no file");
        create(folder.path(), "u1");
        assert!(!WorkspaceFile::replace(folder.path(), "other", "u2").unwrap());
        assert!(WorkspaceFile::replace(folder.path(), "u1", "u2").unwrap());
        let read = WorkspaceFile::read(folder.path()).unwrap();
        assert_eq!(read.id.as_deref(), Some("u2"));
        assert_eq!(read.former_ids, ["/srv/shop", "u1"]);
    }
}
