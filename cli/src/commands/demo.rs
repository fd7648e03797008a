//! A workspace to look at.
