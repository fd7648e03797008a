//! The macro that defines records.

/// Defines a record:
///
/// ```text
/// record! {
///     /// What a new task is made from.
///     #[derive(Debug, Clone, Default, PartialEq)]
///     pub struct NewTask("task", "camelCase"): input {
///         /// The key that people use.
///         pub key: String = single_line,
///         /// What kind of work it is.
///         pub task_type as "type": Option<String>,
///         /// All input tokens.
///         pub tokens_prompt: Option<i64> = count | "promptTokens",
///     }
/// }
/// ```
///
/// A field consists of its documentation, its name, its JSON name if it is not the same in camelCase, its type, the
/// [bound](super::Bound) of its values, and aliases in JSON.
///
/// After the colon comes what to generate, any of: `input` parses it from JSON (`from_json`) and checks its bounds
/// (`check`); `list("tasks", "task")` parses a list (`list_from_json`); `row("tasks")` reads it from this table and
/// inserts it, where columns that the table may lack follow the name. All records can be serialized to JSON.
macro_rules! record {
    (
        $(#[$($attribute:tt)*])*
        $visibility:vis struct $name:ident($noun:literal, $case:tt): $($use:ident $(($($argument:literal),*))?)* {
            $(
                $(#[$($field_attribute:tt)*])*
                $field_visibility:vis $field:ident $(as $json:literal)? : $type:ty $(= $bound:ident)? $(| $alias:literal)*
            ),* $(,)?
        }
    ) => {
        $(#[$($attribute)*])*
        #[derive(serde::Serialize)]
        #[serde(rename_all = $case)]
        $visibility struct $name {
            $(
                $(#[$($field_attribute)*])*
                $(#[serde(rename = $json)])?
                $field_visibility $field: $type,
            )*
        }

        impl $crate::definition::Record for $name {
            const DEFINITION: &'static $crate::definition::Definition = &$crate::definition::Definition {
                name: stringify!($name),
                noun: $noun,
                doc: $crate::definition::documentation!($($crate::definition::doc_text!($($attribute)*)),*),
                is_snake_case: $crate::definition::is_snake_case($case),
                base: None,
                fields: &[$($crate::definition::Field {
                    name: $crate::definition::column_name!($field $(as $json)?),
                    json: $crate::definition::json_name!($case, $field $(as $json)?),
                    aliases: &[$($alias),*],
                    kind: <$type as $crate::definition::Described>::KIND,
                    presence: <$type as $crate::definition::Described>::PRESENCE,
                    bound: $crate::definition::bound!($($bound)?),
                    is_flat: false $(|| $crate::definition::is_flat!($($field_attribute)*))*,
                    is_left_out: false $(|| $crate::definition::is_left_out!($($field_attribute)*))*,
                    doc: $crate::definition::documentation!($($crate::definition::doc_text!($($field_attribute)*)),*),
                }),*],
            };
        }

        $crate::definition::record! {
            @uses [$($use $(($($argument),*))?)*] $name { $($field $(as $json)?: $type $(= $bound)?,)* }
        }
    };

    (@uses [] $name:ident { $($fields:tt)* }) => {};

    (@uses [$use:ident $(($($argument:literal),*))? $($more:ident $(($($more_argument:literal),*))?)*] $name:ident { $($fields:tt)* }) => {
        $crate::definition::record! { @$use $(($($argument),*))? $name { $($fields)* } }
        $crate::definition::record! { @uses [$($more $(($($more_argument),*))?)*] $name { $($fields)* } }
    };

    (@input $name:ident { $($field:ident $(as $json:literal)?: $type:ty $(= $bound:ident)?,)* }) => {
        impl $crate::definition::Input for $name {
            fn read(input: &serde_json::Value) -> $crate::error::Result<Self> {
                Self::from_json(input)
            }
        }

        impl $name {
            /// Parses a JSON object with camelCase or snake_case names. An unknown field, or one of the wrong type, is
            /// `InvalidInput`.
            pub fn from_json(input: &serde_json::Value) -> $crate::error::Result<Self> {
                let record = <Self as $crate::definition::Record>::DEFINITION;
                Self::from_fields(&mut $crate::input::Fields::new(record, input)?)
            }

            /// Parses the first fields of an object that may have others after them.
            pub(crate) fn from_fields(fields: &mut $crate::input::Fields<'_>) -> $crate::error::Result<Self> {
                Ok(Self { $($field: fields.next()?),* })
            }

            /// Checks the bounds of the fields.
            #[allow(dead_code, reason = "not every record has bounds")]
            pub(crate) fn check_fields(&self) -> $crate::error::Result<()> {
                $($crate::definition::check_field!(self.$field, $field $(as $json)?; $($bound)?);)*
                Ok(())
            }
        }
    };

    (@list($what:literal, $noun:literal) $name:ident { $($rest:tt)* }) => {
        impl $crate::definition::InputList for $name {
            const NOUN: &'static str = $noun;

            fn read_list(input: &serde_json::Value) -> $crate::error::Result<Vec<Self>> {
                Self::list_from_json(input)
            }
        }

        impl $name {
            /// Parses a JSON array of such objects; an error names the element.
            pub fn list_from_json(input: &serde_json::Value) -> $crate::error::Result<Vec<Self>> {
                $crate::input::list($what, $noun, input, Self::from_json)
            }
        }
    };

    (@row($table:literal $(, $may_lack:literal)*) $name:ident { $($field:ident $(as $json:literal)?: $type:ty $(= $bound:ident)?,)* }) => {
        impl $crate::definition::Stored for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] =
                &[$($crate::definition::stored_name!($field $(as $json)?, $type)),*];
            const MAY_LACK: &'static [&'static str] = &[$($may_lack),*];
            const TYPES: &'static [&'static str] = &[$(<$type as $crate::definition::Column>::TYPE),*];

            fn insert_sql() -> &'static str {
                static SQL: std::sync::OnceLock<String> = std::sync::OnceLock::new();
                SQL.get_or_init(|| $crate::definition::insert_sql(Self::TABLE, Self::COLUMNS))
            }

            fn read(
                row: &rusqlite::Row<'_>,
                indices: &$crate::definition::ColumnIndices,
            ) -> rusqlite::Result<Self> {
                let mut next = indices.values(row);
                Ok(Self { $($field: $crate::definition::Column::from_column(next()?)),* })
            }

            fn values(&self) -> Vec<rusqlite::types::ToSqlOutput<'_>> {
                vec![$($crate::definition::Column::to_column(&self.$field)),*]
            }
        }
    };
}

/// Gives a record a `new` that takes its required fields, which are text.
macro_rules! constructor {
    ($name:ident($($field:ident),+)) => {
        impl $name {
            /// Creates it with its required fields; the others are absent.
            #[must_use]
            pub fn new($($field: impl Into<String>),+) -> Self {
                Self { $($field: $field.into(),)+ ..Self::default() }
            }
        }
    };
}

/// Documentation as data. Only generators and command lines print it, so it is a feature.
macro_rules! documentation {
    ($($lines:tt)*) => {
        if cfg!(feature = "docs") { concat!($($lines)*) } else { "" }
    };
}

/// The text of an attribute that is a line of documentation; empty for other attributes.
macro_rules! doc_text {
    (doc = $text:literal) => {
        concat!($text, "\n")
    };
    ($($other:tt)*) => {
        ""
    };
}

/// Whether a serde attribute flattens the fields of a record into the enclosing one.
macro_rules! is_flat {
    (serde(flatten)) => {
        true
    };
    ($($other:tt)*) => {
        false
    };
}

/// Whether a serde attribute omits the field if it is absent.
macro_rules! is_left_out {
    (serde(skip_serializing_if = $when:literal)) => {
        true
    };
    ($($other:tt)*) => {
        false
    };
}

/// The name of a field in Rust, Python and SQL. If it is a keyword of Rust, the JSON name is used.
macro_rules! column_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident as $json:literal) => {
        $json
    };
}

/// The name of a field in JSON.
macro_rules! json_name {
    ($case:tt, $field:ident as $json:literal) => {
        $json
    };
    ("snake_case", $field:ident) => {
        stringify!($field)
    };
    ("camelCase", $field:ident) => {
        $crate::definition::camel_name!(stringify!($field))
    };
}

/// A name in camelCase, made at compile time.
macro_rules! camel_name {
    ($snake:expr) => {{
        const SNAKE: &str = $snake;
        const CAMEL: [u8; $crate::definition::camel_length(SNAKE)] = $crate::definition::camel_bytes(SNAKE);
        const NAME: &str = $crate::definition::text(&CAMEL);
        NAME
    }};
}

/// The name of a field's column.
macro_rules! stored_name {
    ($field:ident $(as $json:literal)?, $type:ty) => {{
        const NAME: &str = $crate::definition::column_name!($field $(as $json)?);
        const SUFFIX: &str = <$type as $crate::definition::Column>::SUFFIX;
        const JOINED: [u8; NAME.len() + SUFFIX.len()] = $crate::definition::joined_bytes(NAME, SUFFIX);
        const COLUMN: &str = $crate::definition::text(&JOINED);
        COLUMN
    }};
}

/// Checks a field that has a bound.
macro_rules! check_field {
    ($value:expr, $field:ident $(as $json:literal)?;) => {};
    ($value:expr, $field:ident $(as $json:literal)?; $bound:ident) => {
        $crate::definition::check::$bound(
            $crate::definition::json_name!("camelCase", $field $(as $json)?),
            &$value,
        )?
    };
}

macro_rules! bound {
    () => {
        None
    };
    ($bound:ident) => {
        $crate::definition::Bound::named(stringify!($bound))
    };
}

pub(crate) use {
    bound, camel_name, check_field, column_name, constructor, doc_text, documentation, is_flat, is_left_out,
    json_name, record, stored_name,
};
