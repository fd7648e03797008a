//! Recording and asking about tokens.

mod json_log;
