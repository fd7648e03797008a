//! The syntax of the call table.

/// The entries of the table:
///
/// ```text
/// calls! {
///     /// What it does.
///     Workspace "jobs.finish"(
///         /// The job.
///         id: String,
///         /// Why it failed.
///         error_summary: Option<String>,
///     ) -> Job [NotFound] |workspace| workspace.jobs().finish(&id, …);
/// }
/// ```
///
/// After the documentation come the receiver, the name, the parameters with the types that parse them
/// ([`Argument`](super::argument::Argument)), the return type, the specific errors, and the code.
macro_rules! calls {
    ($(
        $(#[$($attribute:tt)*])*
        $owner:ident $name:literal(
            $($(#[doc = $param_doc:literal])* $param:ident: $type:ty),* $(,)?
        ) -> $returns:ty [$($error:ident),*] |$target:ident| $body:expr;
    )+) => {
        &[$($(#[$($attribute)*])* $crate::calls::Call {
            name: $name,
            json: $crate::definition::camel_name!($name),
            owner: $crate::calls::macros::owner!($owner),
            params: &[$($crate::calls::Param {
                name: stringify!($param),
                json: $crate::definition::json_name!("camelCase", $param),
                kind: <$type as $crate::calls::argument::Argument>::KIND,
                is_optional: <$type as $crate::calls::argument::Argument>::IS_OPTIONAL,
                doc: $crate::definition::documentation!($($param_doc, "\n"),*),
            }),*],
            returns: <$returns as $crate::definition::Described>::KIND,
            may_return_nothing: matches!(
                <$returns as $crate::definition::Described>::PRESENCE,
                $crate::definition::Presence::Optional
            ),
            errors: &[$($crate::error::ErrorKind::$error),*],
            doc: $crate::definition::documentation!($($crate::definition::doc_text!($($attribute)*)),*),
            run: |target, arguments| {
                #[allow(unused_mut, unused_variables, reason = "a call may have no parameters")]
                let mut arguments = arguments.iter();
                $(
                    let $param = <$type as $crate::calls::argument::Argument>::read(
                        $crate::definition::json_name!("camelCase", $param),
                        arguments.next().unwrap_or(&serde_json::Value::Null),
                    )?;
                )*
                #[allow(unused_variables, reason = "calls without a receiver do not use it")]
                let $target = $crate::calls::macros::target!($owner, target);
                let returned: $crate::error::Result<$returns> = $body;
                Ok($crate::calls::Reply::new(returned?))
            },
        },)+]
    };
}

/// The receiver. A batch is made on any database.
macro_rules! owner {
    (Batch) => {
        $crate::calls::Owner::Session
    };
    ($owner:ident) => {
        $crate::calls::Owner::$owner
    };
}

/// The receiver of the call.
macro_rules! target {
    (Library, $target:ident) => {
        $target
    };
    (Session, $target:ident) => {
        $target.session()?
    };
    (Workspace, $target:ident) => {
        $target.workspace()?
    };
    (Batch, $target:ident) => {
        $target
    };
}

pub(super) use {calls, owner, target};
