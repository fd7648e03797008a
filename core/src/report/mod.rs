//! The text tables that people read.
