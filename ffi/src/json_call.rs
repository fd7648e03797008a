//! Making a call by its name, with arguments and a result as C has them: one function for all exports that take and return
//! JSON, so that each of them is only a list of its arguments.

use std::ffi::c_char;

use mcoda_core::calls::{Reply, Target};
use serde_json::Value;

use crate::boundary::{write_reply, write_required_out};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::global::{self, mcoda_global};
use crate::input;
use crate::string::mcoda_string;
use crate::workspace::{self, mcoda_workspace};

/// The receiver of a call.
#[derive(Clone, Copy)]
pub(crate) enum On {
    Nothing,
    Workspace(*const mcoda_workspace),
    Global(*const mcoda_global),
}

/// An argument, with the name of its parameter in the header.
#[derive(Clone, Copy)]
pub(crate) enum Given {
    Text(&'static str, *const c_char),
    OptionalText(&'static str, *const c_char),
    Json(&'static str, *const c_char),
    OptionalJson(&'static str, *const c_char),
    Boolean(bool),
}

impl Given {
    unsafe fn read(&self) -> Result<Value> {
        match *self {
            Self::Text(name, text) => Ok(input::text(name, text)?.into()),
            Self::OptionalText(name, text) => Ok(input::optional_text(name, text)?.into()),
            Self::Json(name, json) => input::json(name, json),
            Self::OptionalJson(name, json) => input::optional_json(name, json),
            Self::Boolean(value) => Ok(value.into()),
        }
    }
}

unsafe fn reply(on: On, name: &str, given: &[Given]) -> Result<Reply> {
    let mut arguments = Vec::with_capacity(given.len());
    for one in given {
        arguments.push(one.read()?);
    }
    match on {
        On::Nothing => Ok(Target::Library.call(name, &arguments)?),
        On::Workspace(workspace) => workspace::call(workspace, name, &arguments),
        On::Global(global) => global::call(global, name, &arguments),
    }
}

/// Makes a call, and writes its result as JSON to `json`.
#[inline(never)]
pub(crate) unsafe fn write_json(
    on: On,
    name: &str,
    given: &[Given],
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_reply(json, error, || reply(on, name, given))
}

/// Makes a call, and writes the text for people that it returns to `text`, which may not be NULL.
#[inline(never)]
pub(crate) unsafe fn write_text(
    on: On,
    name: &str,
    given: &[Given],
    text: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("text", text, error, || {
        Ok(mcoda_string::new(reply(on, name, given)?.to_value().as_str().unwrap_or_default()))
    })
}
