//! What the binding for c repeats.

use crate::File;

pub fn files() -> Vec<File> {
    Vec::new()
}
