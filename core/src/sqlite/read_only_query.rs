//! Read-only SQL of the host, so that no other program has to open the file.

use std::fmt;

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Batch, Connection, Row, Statement};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Number, Value};

use super::write_transaction::{WaitPolicy, begin_read};
use crate::definition::{Described, Kind};
use crate::error::{Error, LONGEST_CAUSE, Result, single_line};
use crate::{memory, number};

/// A value as SQLite stores it.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text. Bytes that are not UTF-8 are replaced by U+FFFD.
    Text(String),
    /// Bytes; in JSON, their lower-case hexadecimal text.
    Blob(Vec<u8>),
}

/// The values of a statement's parameters.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{SqlParams, SqlValue, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let params = SqlParams::Named(vec![("word".into(), SqlValue::Text("cache".into()))]);
/// let table = workspace.query("SELECT length(:word) AS length", &params)?;
/// assert_eq!(table.rows, [[SqlValue::Integer(5)]]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum SqlParams {
    /// For `?` and `?1`, in their order.
    Positional(Vec<SqlValue>),
    /// For `:name`, `@name` and `$name`, by the name with or without its prefix.
    Named(Vec<(String, SqlValue)>),
}

impl Default for SqlParams {
    fn default() -> Self {
        Self::Positional(Vec::new())
    }
}

/// The result of a query. In JSON it is an array of objects; an infinite floating-point number is null there.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{SqlParams, SqlValue, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let params = SqlParams::Positional(vec![SqlValue::Integer(20)]);
/// let table = workspace.query("SELECT ? + 1 AS answer", &params)?;
/// assert_eq!(table.columns, ["answer"]);
/// assert_eq!(table.rows, [[SqlValue::Integer(21)]]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The names of the columns, which are distinct.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<SqlValue>>,
}

impl Described for Table {
    const KIND: Kind = Kind::Named("Table");
}

impl SqlParams {
    /// Reads parameters from a JSON array, or from an object of names; null means none.
    pub fn from_json(input: &Value) -> Result<Self> {
        match input {
            Value::Null => Ok(Self::default()),
            Value::Array(values) => {
                Ok(Self::Positional(values.iter().map(SqlValue::from_json).collect::<Result<_>>()?))
            }
            Value::Object(values) => {
                let named = |(name, value): (&String, _)| Ok((name.clone(), SqlValue::from_json(value)?));
                Ok(Self::Named(values.iter().map(named).collect::<Result<_>>()?))
            }
            _ => Err(Error::invalid("params", "another value", "an array, or an object of names")),
        }
    }

    fn bind(&self, statement: &mut Statement<'_>) -> Result<()> {
        let wanted = statement.parameter_count();
        let given = match self {
            Self::Positional(values) => values.len(),
            Self::Named(values) => values.len(),
        };
        if given != wanted {
            return Err(Error::invalid("params", format_args!("{given} values"), &format!("{wanted}")));
        }
        match self {
            Self::Positional(values) => {
                for (place, value) in (1..).zip(values) {
                    statement.raw_bind_parameter(place, Bound(value))?;
                }
            }
            Self::Named(values) => {
                let places = (1..=wanted).map(|place| statement.parameter_name(place).map(str::to_owned));
                let names: Vec<Option<String>> = places.collect();
                for (name, value) in values {
                    let is_meant = |own: &Option<String>| {
                        own.as_deref().is_some_and(|own| own == name || own[1..] == *name)
                    };
                    let Some(place) = names.iter().position(is_meant) else {
                        let known: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
                        let known = format!("one of the statement's names: {}", known.join(", "));
                        return Err(Error::invalid("params", format_args!("{name:?}"), &known));
                    };
                    statement.raw_bind_parameter(place + 1, Bound(value))?;
                }
            }
        }
        Ok(())
    }
}

impl SqlValue {
    fn from_json(value: &Value) -> Result<Self> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Bool(truth) => Ok(Self::Integer((*truth).into())),
            Value::Number(number) => Self::from_number(number),
            Value::String(text) => Ok(Self::Text(text.clone())),
            Value::Array(_) => Err(Self::refused("an array")),
            Value::Object(_) => Err(Self::refused("an object")),
        }
    }

    pub(crate) fn borrowed(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }

    fn from_number(number: &Number) -> Result<Self> {
        match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(Self::Integer(whole)),
            (None, Some(real)) if !number.is_u64() => Ok(Self::Real(real)),
            _ => Err(Self::refused(&number.to_string())),
        }
    }

    fn refused(given: &str) -> Error {
        Error::invalid("params", given, "null, true, false, a number of 64 bits, or text")
    }
}

/// A parameter for SQLite. [`SqlValue`] itself does not implement `ToSql`, which would make rusqlite part of the
/// public API.
pub(super) struct Bound<'a>(pub(super) &'a SqlValue);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0.borrowed()))
    }
}

impl Serialize for SqlValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Real(number) => number::json(number, serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Blob(bytes) => serializer.collect_str(&Hexadecimal(bytes)),
        }
    }
}

struct Hexadecimal<'a>(&'a [u8]);

impl fmt::Display for Hexadecimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let mut piece = String::with_capacity(1 << 10);
        for bytes in self.0.chunks(1 << 9) {
            piece.clear();
            for byte in bytes {
                piece.push(DIGITS[usize::from(byte >> 4)]);
                piece.push(DIGITS[usize::from(byte & 15)]);
            }
            f.write_str(&piece)?;
        }
        Ok(())
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Row<'a>(&'a [String], &'a [SqlValue]);
        impl Serialize for Row<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut row = serializer.serialize_map(Some(self.0.len()))?;
                for (name, value) in self.0.iter().zip(self.1) {
                    row.serialize_entry(name, value)?;
                }
                row.end()
            }
        }
        let mut rows = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in &self.rows {
            rows.serialize_element(&Row(&self.columns, row))?;
        }
        rows.end()
    }
}

/// What becomes of the rows of a statement.
pub(crate) trait Collect {
    type Collected;

    /// Begins with the names of the columns of the statement, and the largest size of the result.
    fn new(names: Vec<String>, statement: &Statement<'_>, budget: Budget) -> Self;
    fn budget(&self) -> &Budget;
    fn push(&mut self, row: &Row<'_>) -> Result<()>;
    fn finish(self) -> Self::Collected;
}

/// Collects the rows as a table.
pub(crate) struct TableCollector {
    table: Table,
    budget: Budget,
}

impl Collect for TableCollector {
    type Collected = Table;

    fn new(columns: Vec<String>, _statement: &Statement<'_>, budget: Budget) -> Self {
        Self { table: Table { columns, rows: Vec::new() }, budget }
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }

    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let (budget, count) = (&mut self.budget, self.table.columns.len());
        let mut values = Vec::new();
        budget.spend(size_of::<Vec<SqlValue>>() + count * size_of::<SqlValue>())?;
        memory::reserve_exact(&mut values, count).map_err(memory::lacking)?;
        for place in 0..count {
            let value = row.get_ref(place)?;
            // JSON has two characters for each byte.
            if let ValueRef::Blob(bytes) = value {
                budget.spend(bytes.len())?;
            }
            values.push(budget.copy(value)?);
        }
        memory::reserve(&mut self.table.rows, 1).map_err(memory::lacking)?;
        self.table.rows.push(values);
        Ok(())
    }

    fn finish(self) -> Table {
        self.table
    }
}

/// Runs one read-only statement, in a transaction of its own with this wait policy, or in the open transaction of the
/// host. Any other statement is refused before it runs.
pub(super) fn run_query<C: Collect>(
    connection: &mut Connection,
    sql: &str,
    params: &SqlParams,
    wait: Option<&WaitPolicy<'_>>,
    max_bytes: usize,
) -> Result<C::Collected> {
    let guarded = ReadOnlyGuard::new(connection, max_bytes)?;
    let connection = &*guarded.connection;
    let _transaction = wait.map(|wait| begin_read(connection, wait)).transpose()?;
    let mut statements = Batch::new(connection, sql);
    let mut next = || statements.next().map_err(refused);
    let Some(mut statement) = next()? else {
        return Err(Error::invalid("sql", "no statement", ALLOWED));
    };
    if next()?.is_some() {
        return Err(Error::invalid("sql", "several statements", ALLOWED));
    }
    // What passes the guard only reads, except for the statements that begin and end transactions: they return no
    // columns.
    if statement.column_count() == 0 {
        return Err(Error::invalid("sql", "a statement that returns nothing", ALLOWED));
    }
    params.bind(&mut statement)?;
    let budget = Budget { left: max_bytes, most: max_bytes };
    let mut collector = C::new(columns(&statement)?, &statement, budget);
    let mut found = statement.raw_query();
    while let Some(row) = found.next().map_err(|error| collector.budget().failed(error))? {
        collector.push(row)?;
    }
    Ok(collector.finish())
}

/// The remaining size of a result. A host must not run out of memory because of a large one.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    most: usize,
}

impl Budget {
    #[cfg(feature = "arrow")]
    pub(crate) fn unlimited() -> Self {
        Self { left: usize::MAX, most: usize::MAX }
    }

    pub(crate) fn spend(&mut self, bytes: usize) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| self.too_large())?;
        Ok(())
    }

    pub(crate) fn copy(&mut self, value: ValueRef<'_>) -> Result<SqlValue> {
        let mut copy = |bytes: &[u8]| {
            self.spend(bytes.len())?;
            let mut copied = Vec::new();
            memory::reserve_exact(&mut copied, bytes.len()).map_err(memory::lacking)?;
            copied.extend_from_slice(bytes);
            Ok::<_, Error>(copied)
        };
        Ok(match value {
            ValueRef::Null => SqlValue::Null,
            ValueRef::Integer(number) => SqlValue::Integer(number),
            ValueRef::Real(number) => SqlValue::Real(number),
            ValueRef::Blob(bytes) => SqlValue::Blob(copy(bytes)?),
            ValueRef::Text(bytes) => SqlValue::Text(match String::from_utf8(copy(bytes)?) {
                Ok(text) => text,
                Err(error) => self.repaired(error.as_bytes())?,
            }),
        })
    }

    /// Text with U+FFFD for what is not UTF-8.
    fn repaired(&mut self, bytes: &[u8]) -> Result<String> {
        // Each byte that is not part of a character becomes three.
        self.spend(2 * bytes.len())?;
        let mut text = String::new();
        memory::reserve_text(&mut text, 3 * bytes.len())?;
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text.shrink_to_fit();
        Ok(text)
    }

    /// SQLite makes no value longer than the budget.
    fn failed(&self, error: rusqlite::Error) -> Error {
        if error.sqlite_error_code() == Some(rusqlite::ffi::ErrorCode::TooBig) {
            return self.too_large().with_source(error);
        }
        failed(error)
    }

    fn too_large(&self) -> Error {
        let given = format_args!("a statement that returns more than {} bytes", self.most);
        Error::invalid("sql", given, "a smaller result: use LIMIT, or open with more queryBytes")
    }
}

const ALLOWED: &str =
    "one statement that only reads (SELECT, WITH, VALUES, EXPLAIN or a PRAGMA that only reads)";

/// Two columns of the same name would be one field of a row.
fn columns(statement: &Statement<'_>) -> Result<Vec<String>> {
    let mut columns: Vec<String> = Vec::new();
    for name in statement.column_names() {
        if columns.iter().any(|other| other == name) {
            let given = format_args!("two columns named {name:?}");
            return Err(Error::invalid("sql", given, "columns of different names: name them with AS"));
        }
        columns.push(name.to_owned());
    }
    Ok(columns)
}

/// An invalid statement is the caller's error; a damaged file is not. The source is SQLite's message only: its error
/// would contain the whole statement.
fn refused(error: rusqlite::Error) -> Error {
    let text = text_of(&error);
    with_text(error, text)
}

/// [`refused`] for a statement that has run: SQLite may quote a value from a row.
fn failed(error: rusqlite::Error) -> Error {
    let text = text_of(&error);
    let words = text.split(['\'', '"']).next().unwrap_or_default();
    with_text(error, words.trim_end_matches([':', ' ']).to_owned())
}

fn with_text(error: rusqlite::Error, text: String) -> Error {
    use rusqlite::ffi::ErrorCode::{AuthorizationForStatementDenied, TypeMismatch, Unknown};
    match error.sqlite_error_code() {
        Some(AuthorizationForStatementDenied) => {
            Error::invalid("sql", "a statement that may change something", ALLOWED).with_source(text)
        }
        None | Some(Unknown | TypeMismatch) => Error::invalid("sql", &text, ALLOWED).with_source(text),
        _ => match error {
            rusqlite::Error::SqliteFailure(code, _) | rusqlite::Error::SqlInputError { error: code, .. } => {
                rusqlite::Error::SqliteFailure(code, Some(text)).into()
            }
            other => other.into(),
        },
    }
}

fn text_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } | rusqlite::Error::SqliteFailure(_, Some(msg)) => {
            single_line(msg, LONGEST_CAUSE)
        }
        other => single_line(&other.to_string(), LONGEST_CAUSE),
    }
}

/// SQLite's own statements, and rows of this library, must fit.
const SHORTEST: i32 = 1 << 20;

/// While this lives, the connection prepares only statements that change nothing.
struct ReadOnlyGuard<'c> {
    connection: &'c mut Connection,
    /// The previous limit on the length of a value.
    length: i32,
}

impl<'c> ReadOnlyGuard<'c> {
    /// Also limits every value to `max_bytes`. SQLite needs some bytes for its own rows.
    fn new(connection: &'c mut Connection, max_bytes: usize) -> Result<Self> {
        let length = connection.limit(Limit::SQLITE_LIMIT_LENGTH)?;
        connection.authorizer(Some(authorize))?;
        let guarded = Self { connection, length };
        let most = i32::try_from(max_bytes).unwrap_or(i32::MAX).clamp(SHORTEST.min(length), length);
        guarded.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, most)?;
        Ok(guarded)
    }
}

impl Drop for ReadOnlyGuard<'_> {
    fn drop(&mut self) {
        // SQLite cannot refuse this.
        let _ = self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, self.length);
        let _ = self.connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
    }
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive
        | AuthAction::Transaction { .. } => Authorization::Allow,
        AuthAction::Pragma { pragma_name, pragma_value }
            if is_read_only_pragma(pragma_name, pragma_value) =>
        {
            Authorization::Allow
        }
        // An old system SQLite requests this for table-valued functions, such as `pragma_table_info('tasks')` or
        // `json_each(…)`, because it determines the columns as if the table were created. No statement can change the
        // schema table in this way; SQLite refuses it.
        AuthAction::Update { table_name: "sqlite_master", .. } if cfg!(not(feature = "bundled")) => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

/// Many pragmas change the connection while they are prepared, some of them without a value.
fn is_read_only_pragma(pragma: &str, value: Option<&str>) -> bool {
    const WITH_A_NAME: &[&str] = &[
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
    ];
    const SETTINGS: &[&str] = &[
        "application_id",
        "busy_timeout",
        "collation_list",
        "compile_options",
        "database_list",
        "encoding",
        "foreign_keys",
        "freelist_count",
        "function_list",
        "journal_mode",
        "page_count",
        "page_size",
        "schema_version",
        "synchronous",
        "user_version",
    ];
    let pragma = pragma.to_ascii_lowercase();
    WITH_A_NAME.contains(&&*pragma) || (value.is_none() && SETTINGS.contains(&&*pragma))
}
