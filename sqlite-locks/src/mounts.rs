//! The mount of a file.
#![allow(unsafe_code, reason = "a system call; the block says why it is sound")]

use std::path::Path;

/// The kernel's id of the mount that contains the path. A file that is itself a mount, as containers do with single
/// files, is on another one than its folder. `None` if the kernel does not report it (before Linux 5.8).
#[cfg(all(target_os = "linux", any(target_env = "gnu", target_env = "musl")))]
pub fn mount_of(path: &Path) -> Option<u64> {
    use std::ffi::CString;
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;

    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    // By its number, since the C libraries of old systems lack the function.
    // SAFETY: `found` has room for the result, and as plain integers all of its bytes are valid; `path` is
    // NUL-terminated.
    let (result, found) = unsafe {
        let mask = libc::STATX_MNT_ID;
        let result =
            libc::syscall(libc::SYS_statx, libc::AT_FDCWD, path.as_ptr(), 0, mask, found.as_mut_ptr());
        (result, found.assume_init())
    };
    (result == 0 && found.stx_mask & libc::STATX_MNT_ID != 0).then_some(found.stx_mnt_id)
}

/// Unknown on this system.
#[cfg(not(all(target_os = "linux", any(target_env = "gnu", target_env = "musl"))))]
pub fn mount_of(_path: &Path) -> Option<u64> {
    None
}
