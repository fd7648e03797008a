//! File systems on which a database does not work.

use std::path::Path;

use super::locks::mount_of;
use crate::error::{Error, ErrorKind, Result};

/// Write-ahead logging needs memory that all processes with the database share, and locks that hold between them. Across
/// machines there is neither, and records would be lost silently. On Linux a file system is refused as well if it is
/// unknown whether others than the processes of this system reach its files.
pub(crate) fn refuse_network(folder: &Path) -> Result<()> {
    let Ok(folder) = folder.canonicalize() else { return Ok(()) };
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        // The type is unknown on other systems, and nothing is refused.
        return Ok(());
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok();
    let mount = mounts.as_deref().and_then(|mounts| mount_at(&folder, mounts));
    let number = magic_number(&folder);
    let (folder, advice) = (folder.display(), "keep the database on a local disk");
    let message = match location(number, mount) {
        Location::Local => return Ok(()),
        Location::Network(kind) => format!(
            "{folder} is on a network file system, or on one that a virtual machine shares with its host ({kind}), where \
             write-ahead logging cannot work; {advice}"
        ),
        Location::Unknown(Some(kind)) => format!(
            "it is unknown whether others than the processes of this system can write to the files in {folder} (the file \
             system {kind}), in which case write-ahead logging cannot work; {advice}"
        ),
        Location::Unknown(None) => format!(
            "it is unknown whether {folder} is on a network file system, where write-ahead logging cannot work (no \
             /proc/self/mountinfo); mount /proc, or {advice}"
        ),
    };
    Err(Error::new(ErrorKind::Storage, message))
}

/// Where the data of a file system is.
#[derive(Debug, PartialEq, Eq)]
enum Location {
    Local,
    Network(String),
    /// With the name of the type, if that is known.
    Unknown(Option<String>),
}

/// The mount that holds a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mount<'m> {
    /// The name of the type.
    kind: &'m str,
    /// Whether it is on a block device, or on something else that has a device number of its own.
    on_device: bool,
}

/// File systems that several machines reach, by the number of the type, if it is known, and its name: from `linux/magic.h`,
/// the list of remote ones in `stat.c` of the GNU coreutils, and the sources of the file systems. Those of clusters use
/// block devices; a virtual machine's kernel and that of its host do not share memory either.
const NETWORK: &[(Option<u32>, &[&str])] = &[
    (Some(0x6969), &["nfs", "nfs4"]),
    (Some(0x517B), &["smbfs"]),
    (Some(0xFF53_4D42), &["cifs"]),
    (Some(0xFE53_4D42), &["smb3"]),
    (Some(0x5346_414F), &["afs", "auristorfs", "openafs", "yfs"]),
    (Some(0x6B41_4653), &["kafs"]),
    (Some(0x0102_1997), &["9p", "v9fs", "drvfs"]),
    (Some(0x00C3_6400), &["ceph"]),
    (Some(0x0BD0_0BD0), &["lustre"]),
    (Some(0x564C), &["ncpfs"]),
    (Some(0x7375_7245), &["coda"]),
    (Some(0x6163_6673), &["acfs"]),
    (Some(0x1983_0326), &["beegfs", "fhgfs"]),
    (Some(0x0116_1970), &["gfs2", "gfs"]),
    (Some(0x4750_4653), &["gpfs"]),
    (Some(0x0131_11A8), &["ibrix"]),
    (Some(0x7461_636F), &["ocfs2"]),
    (Some(0x2003_0528), &["pvfs2", "orangefs"]),
    (Some(0xAAD7_AAEA), &["panfs"]),
    (Some(0xBEEF_DEAD), &["snfs", "cvfs"]),
    (Some(0xA501_FCF5), &["vxfs"]),
    (Some(0x7C7C_6673), &["prl_fs"]),
    (Some(0x786F_4256), &["vboxsf"]),
    (Some(0xBACB_ACBC), &["vmhgfs", "hgfs"]),
    (None, &["virtiofs", "fakeowner", "wekafs", "mfs", "quobyte", "davfs"]),
];

/// The same for FUSE: what follows `fuse.` in the name of the type. There are many more, which are unknown.
const FUSE_NETWORK: &[&str] = &[
    "alluxio-fuse",
    "blobfuse",
    "blobfuse2",
    "ceph",
    "ceph-fuse",
    "curlftpfs",
    "davfs",
    "davfs2",
    "fuse_dfs",
    "gcsfuse",
    "geesefs",
    "glusterfs",
    "goofys",
    "grpcfuse",
    "gvfsd-fuse",
    "juicefs",
    "lizardfs",
    "mfs",
    "mount-s3",
    "mountpoint-s3",
    "objectivefs",
    "osxfs",
    "quobyte",
    "rclone",
    "s3fs",
    "saunafs",
    "seaweedfs",
    "smbnetfs",
    "sshfs",
    "vmhgfs-fuse",
];

/// Types without a block device of their own whose files only processes of this system reach. `btrfs`, `bcachefs` and `zfs`
/// may have several devices.
const LOCAL: &[&str] = &[
    "aufs",
    "bcachefs",
    "btrfs",
    "devtmpfs",
    "ecryptfs",
    "erofs",
    "jffs2",
    "lxfs",
    "overlay",
    "overlayfs",
    "ramfs",
    "rootfs",
    "shiftfs",
    "simfs",
    "tmpfs",
    "ubifs",
    "vzfs",
    "wslfs",
    "yaffs",
    "yaffs2",
    "zfs",
];

/// The same for FUSE: images and disks, encrypted folders, and unions of folders. A union or the layers of a container have
/// their files in other folders too, but nobody opens a database there. Those that exist to show the same files twice
/// (bindfs, the portal of Flatpak, Android's shared storage) are not among them: a process that opened the file by its other
/// name would have other locks.
const FUSE_LOCAL: &[&str] = &[
    "cryfs",
    "encfs",
    "exfat",
    "exfat-fuse",
    "ext2",
    "fuse-ext2",
    "fuse-overlayfs",
    "fuse2fs",
    "gocryptfs",
    "lowntfs-3g",
    "mergerfs",
    "mhddfs",
    "ntfs",
    "ntfs-3g",
    "securefs",
    "unionfs",
    "unionfs-fuse",
    "zfs-fuse",
];

/// The numbers of local types, which decide where the name is unknown.
const LOCAL_NUMBERS: &[u32] = &[
    0xEF53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683E, // btrfs
    0xF2F5_2010, // f2fs
    0xCA45_1A4E, // bcachefs
    0x2FC1_2FC1, // zfs
    0x0102_1994, // tmpfs
    0x8584_58F6, // ramfs
    0x794C_7630, // overlay
    0xF15F,      // ecryptfs
    0x3153_464A, // jfs
    0x5265_4973, // reiserfs
    0x3434,      // nilfs
    0x2405_1905, // ubifs
    0x72B6,      // jffs2
    0x4D44,      // vfat
    0x2011_BAB0, // exfat
    0x5346_544E, // ntfs
    0x7366_746E, // ntfs3
    0x4244,      // hfs
    0x482B,      // hfsplus
    0x9660,      // iso9660
    0x1501_3346, // udf
    0x7371_7368, // squashfs
    0xE0F5_E1E2, // erofs
    0x5346_4846, // wslfs
    0x565A_4653, // vzfs
];

/// The number of all FUSE file systems, local ones and others.
const FUSE: u32 = 0x6573_5546;

/// Decides by the number of the type and by its mount, where they are known.
fn location(number: Option<u32>, mount: Option<Mount<'_>>) -> Location {
    let network = |kind: &str| Location::Network(kind.to_owned());
    let by_number = NETWORK.iter().find(|(known, _)| known.is_some() && *known == number);
    let Some(Mount { kind, on_device }) = mount else {
        return match by_number {
            Some((_, names)) => network(names[0]),
            None if number.is_some_and(|number| LOCAL_NUMBERS.contains(&number)) => Location::Local,
            None => Location::Unknown(None),
        };
    };
    let fuse = kind.strip_prefix("fuse.");
    let is_network = match fuse {
        Some(name) => FUSE_NETWORK.contains(&name),
        None => NETWORK.iter().any(|(_, names)| names.contains(&kind)),
    };
    let is_local = match fuse {
        Some(name) => FUSE_LOCAL.contains(&name),
        None => on_device || LOCAL.contains(&kind),
    };
    // A mount whose number is that of FUSE and whose name is not hides another one.
    let is_other = number == Some(FUSE) && !kind.starts_with("fuse");
    match by_number {
        _ if is_network => network(kind),
        Some((_, names)) => network(names[0]),
        None if is_local && !is_other => Location::Local,
        None => Location::Unknown(Some(kind.to_owned())),
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
    mount_at(Path::new("/"), mounts)?;
    let point = |line: &str| line.split(' ').nth(4).map(unescape);
    Some(mounts.lines().filter_map(point).any(|point| Path::new(&point) == path))
}

/// The mount that holds `folder`: the last one with the longest matching mount point.
fn mount_at<'m>(folder: &Path, mounts: &'m str) -> Option<Mount<'m>> {
    let mut best: Option<(usize, Mount<'m>)> = None;
    for line in mounts.lines() {
        // "36 35 98:0 /root /mount/point options [tags…] - type source options", see proc(5)
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else { continue };
        let point = unescape(point);
        if folder.starts_with(&point) && best.is_none_or(|(length, _)| point.len() >= length) {
            // The kernel gives the major number 0 to what has no device.
            let device = before.split(' ').nth(2).and_then(|device| device.split_once(':'));
            let on_device =
                device.is_some_and(|(major, _)| major.parse::<u32>().is_ok_and(|major| major != 0));
            best = Some((point.len(), Mount { kind, on_device }));
        }
    }
    best.map(|(_, mount)| mount)
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

    const EXT4: u32 = 0xEF53;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:40 / /home rw - nfs4 server:/home rw
41 40 8:2 / /home/ada/my\\040disk rw - xfs /dev/vdb rw
42 22 0:41 / /mnt/share rw,master:2 - cifs //server/share rw
";

    #[test]
    fn the_innermost_mount_decides() {
        for (folder, kind, on_device) in [
            ("/var/lib", "ext4", true),
            ("/home", "nfs4", false),
            ("/home/ada/.mcoda", "nfs4", false),
            ("/homework", "ext4", true),
            ("/home/ada/my disk/x", "xfs", true),
            ("/mnt/share/x", "cifs", false),
        ] {
            assert_eq!(mount_at(Path::new(folder), MOUNTS), Some(Mount { kind, on_device }), "{folder}");
        }
        assert_eq!(mount_at(Path::new("/x"), "nonsense\n- -\n"), None);
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

    /// A type without a device, and one with a device.
    fn found(number: Option<u32>, kind: &str) -> (Location, Location) {
        let at = |on_device| location(number, Some(Mount { kind, on_device }));
        (at(false), at(true))
    }

    #[test]
    fn a_network_file_system_is_known_by_its_name_or_its_number() {
        let network = |kind: &str| (Location::Network(kind.to_owned()), Location::Network(kind.to_owned()));
        for kind in NETWORK.iter().flat_map(|(_, names)| *names) {
            assert_eq!(found(None, kind), network(kind));
            assert_eq!(found(Some(EXT4), kind), network(kind));
        }
        for name in FUSE_NETWORK {
            let kind = format!("fuse.{name}");
            assert_eq!(found(Some(FUSE), &kind), network(&kind));
        }
        assert_eq!(found(Some(FUSE), "virtiofs"), network("virtiofs"));
        for (number, names) in NETWORK.iter().filter(|(number, _)| number.is_some()) {
            assert_eq!(location(*number, None), network(names[0]).0);
            // What the name says of a mount that another one hides does not count.
            assert_eq!(found(*number, "ext4"), network(names[0]));
        }
    }

    #[test]
    fn a_local_file_system_has_a_device_or_a_known_name() {
        for kind in ["ext4", "xfs", "f2fs", "vfat", "ntfs3", "erofs", "of a later kernel"] {
            assert_eq!(found(Some(EXT4), kind).1, Location::Local, "{kind}");
        }
        for kind in LOCAL {
            assert_eq!(found(None, kind), (Location::Local, Location::Local), "{kind}");
        }
        for name in FUSE_LOCAL {
            let kind = format!("fuse.{name}");
            assert_eq!(found(Some(FUSE), &kind).0, Location::Local, "{kind}");
        }
        // ntfs-3g on a disk.
        assert_eq!(found(Some(FUSE), "fuseblk").1, Location::Local);
        for number in LOCAL_NUMBERS {
            assert_eq!(location(Some(*number), None), Location::Local, "{number:x}");
        }
    }

    #[test]
    fn an_unknown_file_system_is_not_taken_for_a_local_one() {
        for (number, kind) in [
            // davfs2 has no name of its own; bindfs shows files of another folder.
            (Some(FUSE), "fuse"),
            (Some(FUSE), "fuse.bindfs"),
            (Some(FUSE), "fuse.of-next-year"),
            // A FUSE file system that is mounted over another one.
            (Some(FUSE), "tmpfs"),
            (Some(FUSE), "fuseblk"),
            (Some(0x1234_5678), "netfs-of-a-vendor"),
            (None, "netfs-of-a-vendor"),
        ] {
            assert_eq!(found(number, kind).0, Location::Unknown(Some(kind.to_owned())), "{number:x?} {kind}");
        }
        for number in [Some(FUSE), Some(0x1234_5678), None] {
            assert_eq!(location(number, None), Location::Unknown(None), "{number:x?}");
        }
    }

    #[test]
    fn a_folder_whose_file_system_is_unknown_is_named_with_it() {
        // procfs has no device and is none of the names.
        let error = refuse_network(Path::new("/proc/self")).err();
        if cfg!(any(target_os = "linux", target_os = "android")) {
            let message = error.unwrap().message().to_owned();
            assert!(
                message.contains("(the file system proc)") && message.contains("local disk"),
                "{message}"
            );
        }
    }

    #[test]
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn the_kernel_gives_a_number() {
        // The number of procfs, from `linux/magic.h`.
        assert_eq!(magic_number(Path::new("/proc")), Some(0x9FA0));
    }
}
