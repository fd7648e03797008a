//! File systems on which a database does not work.

use std::path::Path;

use super::locks::mount_of;
use crate::error::{Error, ErrorKind, Result};

/// Write-ahead logging needs shared memory between processes, which no network file system provides: records would be
/// lost silently. On Linux a file system is refused, too, if it is unknown whether it is one.
pub(crate) fn refuse_network(folder: &Path) -> Result<()> {
    let Ok(folder) = folder.canonicalize() else { return Ok(()) };
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        // The type is unknown on other systems, and nothing is refused.
        return Ok(());
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok();
    let message = match location(magic_number(&folder), mounts.and_then(|mounts| type_of(&folder, &mounts))) {
        Location::Local => return Ok(()),
        Location::Network(kind) => format!(
            "{} is on a network file system ({kind}), where write-ahead logging cannot work; keep the database on a \
             local disk",
            folder.display()
        ),
        Location::Unknown => format!(
            "it is unknown whether {} is on a network file system, where write-ahead logging cannot work (a FUSE file \
             system, and no /proc/self/mountinfo): mount /proc, or keep the database on a local disk",
            folder.display()
        ),
    };
    Err(Error::new(ErrorKind::Storage, message))
}

/// Where the data of a file system is.
#[derive(Debug, PartialEq, Eq)]
enum Location {
    Local,
    Network(String),
    Unknown,
}

/// The magic numbers of network file systems, from `linux/magic.h` and the sources of the file systems.
const NETWORK: [(u32, &str); 11] = [
    (0x6969, "nfs"),
    (0x517B, "smbfs"),
    (0xFF53_4D42, "cifs"),
    (0xFE53_4D42, "smb3"),
    (0x5346_414F, "afs"),
    (0x6B41_4653, "afs"),
    (0x0102_1997, "9p"),
    (0x00C3_6400, "ceph"),
    (0x0BD0_0BD0, "lustre"),
    (0x564C, "ncpfs"),
    (0x7375_7245, "coda"),
];

/// The number of all FUSE file systems, local ones and others.
const FUSE: u32 = 0x6573_5546;

/// Decides by the magic number, and by the name of the type, where they are known. The number of a FUSE file system
/// does not say which one it is.
fn location(number: Option<u32>, kind: Option<String>) -> Location {
    let by_number = NETWORK.iter().find(|(network, _)| Some(*network) == number);
    match (kind, by_number) {
        (Some(kind), _) if is_network(&kind) => Location::Network(kind),
        (_, Some((_, kind))) => Location::Network((*kind).to_owned()),
        (None, None) if number.is_none_or(|number| number == FUSE) => Location::Unknown,
        _ => Location::Local,
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn magic_number(folder: &Path) -> Option<u32> {
    // Its type differs between processors; all of these numbers have 32 bits.
    rustix::fs::statfs(folder).ok().map(|system| system.f_type as u32)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn magic_number(_folder: &Path) -> Option<u32> {
    None
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
fn type_of(folder: &Path, mounts: &str) -> Option<String> {
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
    best.map(|(_, kind)| kind.to_owned())
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
            assert_eq!((&*found, is_network(&found)), (kind, network), "{folder}");
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

    #[test]
    fn a_network_file_system_is_known_by_its_name_or_its_number() {
        let network = |kind: &str| Location::Network(kind.to_owned());
        let ext4 = 0xEF53;
        for (number, kind, expected) in [
            (Some(ext4), Some("ext4"), Location::Local),
            // Without /proc the number decides.
            (Some(ext4), None, Location::Local),
            (Some(0x6969), None, network("nfs")),
            (Some(0xFF53_4D42), None, network("cifs")),
            (Some(0x6969), Some("ext4"), network("nfs")),
            (Some(ext4), Some("nfs4"), network("nfs4")),
            // Any FUSE file system has the same number.
            (Some(FUSE), Some("fuse.sshfs"), network("fuse.sshfs")),
            (Some(FUSE), Some("fuse.mergerfs"), Location::Local),
            (Some(FUSE), None, Location::Unknown),
            (None, None, Location::Unknown),
            (None, Some("ext4"), Location::Local),
        ] {
            assert_eq!(location(number, kind.map(str::to_owned)), expected, "{number:x?} {kind:?}");
        }
    }

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn the_kernel_gives_a_number() {
        // The number of procfs, from `linux/magic.h`.
        assert_eq!(magic_number(Path::new("/proc")), Some(0x9FA0));
    }
}
