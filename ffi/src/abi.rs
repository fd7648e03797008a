/// The version of the binary interface that this header describes. It grows when a program that was
/// compiled against an older header would no longer work; functions, fields and codes that are added do not
/// change it. Compare it with `mcoda_abi_version()`, which is the library's.
pub const MCODA_ABI_VERSION: u32 = 1;
