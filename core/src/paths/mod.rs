//! File locations, permissions, config files and environment variables.

mod config;
mod config_edit;
mod environment;
mod identity;
mod json_file;
mod location;
mod opened;
mod permissions;
mod rewrite_lock;
mod workspace_file;

pub(crate) use config::{Config, ConfigSources};
pub(crate) use config_edit::edit_part;
pub use environment::Environment;
pub(crate) use identity::{FileId, folder_identity, id_of, links_of};
pub(crate) use json_file::read_object;
pub(crate) use location::{
    CONFIG_FILE, DATABASE_FILE, DATABASE_FILES, Locations, TOKEN_LOG_FILE, TOKEN_LOG_LOCK_FILE,
    WORKSPACE_FILE, absolute, beside,
};
pub(crate) use opened::{
    none_if_missing, open_own, open_regular, refuse_irregular_at, refuse_irregular_files, refuse_open_folder,
    refuse_planted,
};
pub(crate) use permissions::{
    create_folder, create_new_file, create_whole_file, open_or_create_file, sync_folder,
};
pub(crate) use workspace_file::WorkspaceFile;
