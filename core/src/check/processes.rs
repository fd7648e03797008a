//! Which processes hold locks on a file.
//!
//! Linux shows them: `/proc/<pid>/fd` has the files that a process has open, `fdinfo` beside it the locks on each, and
//! `/proc/locks` all locks, but not the owners of locks of the kind that this library uses.

use std::path::Path;

use crate::error::Result;
use crate::printable::printable;
use crate::sqlite::{READ_LOCKS, Watch};

/// A process that holds reader locks on a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) pid: u32,
    /// The name of its command.
    pub(super) command: String,
    pub(super) is_own: bool,
    /// The locked bytes.
    pub(super) bytes: Vec<u64>,
}

/// The processes that read.
#[derive(Debug)]
pub(super) enum Readers {
    /// The visible ones. The bytes in `hidden` are locked by processes that are not visible.
    Seen { readers: Vec<Reader>, hidden: Vec<u64> },
    /// They cannot be determined, for this reason.
    Unknown(String),
}

/// The processes that hold reader locks on this `-shm` file. An error means that the call was cancelled.
pub(super) fn readers(shm: &Path) -> Result<Readers> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return linux::readers(shm);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = (shm, printable, Watch::of_thread, READ_LOCKS);
        Ok(Readers::Unknown("this system does not show the locks of others".to_owned()))
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::path::PathBuf;

    use super::*;
    use crate::paths::{FileId, id_of};

    pub(super) fn readers(shm: &Path) -> Result<Readers> {
        let Some(file) = shm.metadata().ok().and_then(|metadata| id_of(&metadata)) else {
            return Ok(Readers::Unknown("there is no such file any more".to_owned()));
        };
        let Ok(locks) = std::fs::read_to_string("/proc/locks") else {
            return Ok(Readers::Unknown("/proc/locks cannot be read".to_owned()));
        };
        let mut hidden = bytes_of(locks.lines().filter(|line| names(line, file)));
        if hidden.is_empty() {
            return Ok(Readers::Seen { readers: Vec::new(), hidden });
        }
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return Ok(Readers::Unknown("/proc cannot be listed".to_owned()));
        };
        let mut readers = Vec::new();
        let watch = Watch::of_thread();
        for process in processes.flatten() {
            watch.check()?;
            let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A process that has ended meanwhile holds no locks; the files of another user's process are not visible.
            let bytes = locked_by(&process.path(), file);
            if !bytes.is_empty() {
                hidden.retain(|byte| !bytes.contains(byte));
                readers.push(Reader {
                    pid,
                    command: command(&process.path()),
                    is_own: pid == std::process::id(),
                    bytes,
                });
            }
        }
        Ok(Readers::Seen { readers, hidden })
    }

    fn locked_by(process: &Path, file: FileId) -> Vec<u64> {
        let Ok(descriptors) = std::fs::read_dir(process.join("fd")) else { return Vec::new() };
        let mut bytes = Vec::new();
        for descriptor in descriptors.flatten() {
            let is_file = descriptor.path().metadata().is_ok_and(|found| id_of(&found) == Some(file));
            let info: PathBuf = process.join("fdinfo").join(descriptor.file_name());
            if is_file && let Ok(info) = std::fs::read_to_string(info) {
                bytes.extend(bytes_of(info.lines().filter_map(|line| line.strip_prefix("lock:"))));
            }
        }
        bytes.sort_unstable();
        bytes.dedup();
        bytes
    }

    fn command(process: &Path) -> String {
        let name = std::fs::read_to_string(process.join("comm")).unwrap_or_default();
        printable(name.trim_end())
    }

    /// Whether a line of `/proc/locks` is about this file. Only the inode is compared, since some file systems show
    /// other device numbers there.
    fn names(line: &str, file: FileId) -> bool {
        line.split_whitespace().nth(5).and_then(|id| id.rsplit(':').next()?.parse().ok()) == Some(file.1)
    }

    /// The reader bytes that these locks cover: `1: OFDLCK ADVISORY READ -1 fd:01:1234 123 123`.
    fn bytes_of<'l>(lines: impl Iterator<Item = &'l str>) -> Vec<u64> {
        let mut bytes = Vec::new();
        for line in lines {
            let mut range = line.split_whitespace().skip(6);
            let (Some(start), Some(end)) = (range.next().and_then(|start| start.parse().ok()), range.next())
            else {
                continue;
            };
            let range: std::ops::RangeInclusive<u64> = start..=end.parse().unwrap_or(u64::MAX);
            bytes.extend(READ_LOCKS.filter(|byte| range.contains(byte)));
        }
        bytes
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_lock_shows_the_bytes_that_it_covers() {
            let lines = [
                "1: OFDLCK  ADVISORY  READ -1 fe:00:123456 124 125",
                "2: POSIX  ADVISORY  WRITE 4711 fe:00:123456 128 128",
                "3: POSIX  ADVISORY  WRITE 4711 fe:00:123456 126 EOF",
                "4: FLOCK  ADVISORY  WRITE 815 00:1a:9 0 0",
                "nonsense",
            ];
            assert_eq!(bytes_of(lines.into_iter()), [124, 125, 126, 127]);
            assert!(
                names(lines[0], (1, 123_456)) && !names(lines[3], (1, 123_456)) && !names(lines[4], (1, 4))
            );
        }
    }
}
