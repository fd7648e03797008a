//! File systems on which a database does not work.

use std::path::Path;

use super::locks::mount_of;
use crate::error::{Error, ErrorKind, Result};

/// Write-ahead logging needs shared memory between processes, which no network file system provides: records would be
/// lost silently.
pub(crate) fn refuse_network(folder: &Path) -> Result<()> {
    let Ok(folder) = folder.canonicalize() else { return Ok(()) };
    // Only Linux has this file. Elsewhere the type is unknown and nothing is refused.
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else { return Ok(()) };
    match type_of(&folder, &mounts) {
        Some(kind) if is_network(kind) => {
            let message = format!(
                "{} is on a network file system ({kind}), where write-ahead logging cannot work; keep the \
                 database on a local disk",
                folder.display()
            );
            Err(Error::new(ErrorKind::Storage, message))
        }
        _ => Ok(()),
    }
}

/// Whether the file at `path`, which is not a link, is a mount point. `None` if that is unknown.
pub(super) fn is_mount_point(path: &Path) -> Option<bool> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        // No other known system mounts single files.
        return Some(false);
    }
    if let (Some(file), Some(folder)) = (mount_of(path), path.parent().and_then(mount_of)) {
        return Some(file != folder);
    }
    is_listed(path, &std::fs::read_to_string("/proc/self/mountinfo").ok()?)
}

/// Whether the path is a mount point. `None` if the text lists no mounts.
fn is_listed(path: &Path, mounts: &str) -> Option<bool> {
    type_of(Path::new("/"), mounts)?;
    let point = |line: &str| line.split(' ').nth(4).map(unescape);
    Some(mounts.lines().filter_map(point).any(|point| Path::new(&point) == path))
}

/// The type of the file system that holds `folder`: the last mount with the longest matching mount point.
fn type_of<'m>(folder: &Path, mounts: &'m str) -> Option<&'m str> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        // "36 35 98:0 /root /mount/point options [tags…] - type source options", see proc(5)
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else { continue };
        let point = unescape(point);
        if folder.starts_with(&point) && best.is_none_or(|(length, _)| point.len() >= length) {
            best = Some((point.len(), kind));
        }
    }
    best.map(|(_, kind)| kind)
}

fn is_network(kind: &str) -> bool {
    matches!(
        kind,
        "nfs"
            | "nfs4"
            | "cifs"
            | "smb3"
            | "smbfs"
            | "afs"
            | "9p"
            | "ceph"
            | "lustre"
            | "ncpfs"
            | "coda"
            | "fuse.sshfs"
    )
}

/// The kernel writes blanks and backslashes in mount points as octal escapes.
fn unescape(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:40 / /home rw - nfs4 server:/home rw
41 40 8:2 / /home/ada/my\\040disk rw - xfs /dev/vdb rw
42 22 0:41 / /mnt/share rw,master:2 - cifs //server/share rw
";

    #[test]
    fn the_innermost_mount_decides() {
        for (folder, kind, network) in [
            ("/var/lib", "ext4", false),
            ("/home", "nfs4", true),
            ("/home/ada/.mcoda", "nfs4", true),
            ("/homework", "ext4", false),
            ("/home/ada/my disk/x", "xfs", false),
            ("/mnt/share/x", "cifs", true),
        ] {
            let found = type_of(Path::new(folder), MOUNTS).unwrap();
            assert_eq!((found, is_network(found)), (kind, network), "{folder}");
        }
        assert_eq!(type_of(Path::new("/x"), "nonsense\n- -\n"), None);
    }

    #[test]
    fn a_file_that_is_mounted_by_itself_is_listed() {
        let mounts = format!("{MOUNTS}43 22 8:1 /home/ada/x.db /data/my\\040x.db rw - ext4 /dev/vda rw\n");
        assert_eq!(is_listed(Path::new("/data/my x.db"), &mounts), Some(true));
        assert_eq!(is_listed(Path::new("/data/x.db"), &mounts), Some(false));
        assert_eq!(is_listed(Path::new("/data/x.db"), ""), None);
    }

    #[test]
    fn a_local_folder_is_not_refused() {
        refuse_network(tempfile::tempdir().unwrap().path()).unwrap();
    }
}
