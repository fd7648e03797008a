//! Columns with JSON that tell NULL from empty.

use std::ops::Deref;

use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::definition::{Column, Described, Kind, NULL, Presence};
use crate::json;

/// An object or a list in a column that may be NULL, where it is empty. It is null in the results of a handle that was
/// opened with [`null_as_absent`](crate::Options::null_as_absent), and empty in those of others.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{NewJob, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let job = workspace.jobs().create(&NewJob::new("sprint"))?;
/// assert!(job.payload.is_null() && job.payload.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Nullable<T> {
    value: T,
    is_null: bool,
}

impl<T> Nullable<T> {
    /// Whether the column is NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.is_null
    }

    /// The value, which is empty if the column is NULL.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// NULL.
impl<T: Default> Default for Nullable<T> {
    fn default() -> Self {
        Self { value: T::default(), is_null: true }
    }
}

impl<T> Deref for Nullable<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Self::default, |value| Self { value, is_null: false })
    }
}

macro_rules! stored_as_null_if_empty {
    ($($type:ty),+) => {$(
        /// What is empty is stored as NULL.
        impl From<$type> for Nullable<$type> {
            fn from(value: $type) -> Self {
                Self { is_null: value.is_empty(), value }
            }
        }
    )+};
}

stored_as_null_if_empty!(Map<String, Value>, Vec<String>);

impl From<Nullable<Map<String, Value>>> for Value {
    fn from(object: Nullable<Map<String, Value>>) -> Self {
        Self::Object(object.value)
    }
}

impl<T: Described> Described for Nullable<T> {
    const KIND: Kind = T::KIND;
    const PRESENCE: Presence = T::PRESENCE;
}

impl<T: Column> Column for Nullable<T> {
    const SUFFIX: &'static str = T::SUFFIX;
    const TYPE: &'static str = T::TYPE;

    fn from_column(value: ValueRef<'_>) -> Self {
        Self { is_null: value == ValueRef::Null, value: T::from_column(value) }
    }

    fn to_column(&self) -> ToSqlOutput<'_> {
        if self.is_null { NULL } else { self.value.to_column() }
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.is_null {
            // Only the serializer of results knows whether the handle tells NULL from empty; others see what is inside.
            true => serializer.serialize_newtype_struct(json::NULL, &self.value),
            false => self.value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Nullable<T>
where
    Self: From<T>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or_else(Self::default, Self::from))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_and_empty_are_read_apart_and_written_back() {
        let null = Nullable::<Map<String, Value>>::from_column(ValueRef::Null);
        let empty = Nullable::<Map<String, Value>>::from_column(ValueRef::Text(b"{}"));
        assert_eq!((null.is_null(), null.len(), empty.is_null(), empty.len()), (true, 0, false, 0));
        assert_eq!(null, Nullable::default());
        assert_eq!(null, Nullable::from(Map::new()));
        assert_eq!(null.to_column(), NULL);
        let texts = Nullable::<Vec<String>>::from_column(ValueRef::Text(b"[\"a\"]"));
        assert_eq!((texts.is_null(), texts.as_slice()), (false, &["a".to_owned()][..]));
        assert_ne!(texts.to_column(), NULL);
    }

    #[test]
    fn null_is_shown_where_it_is_asked_for_only() {
        let fields = |is_null: bool| {
            let object = if is_null { Nullable::default() } else { Nullable::from(Some(Map::new())) };
            [("metadata", object)].into_iter().collect::<std::collections::BTreeMap<_, _>>()
        };
        for (is_null, shown) in [(true, json!(null)), (false, json!({}))] {
            let fields = fields(is_null);
            assert_eq!(serde_json::to_value(&fields).unwrap(), json!({"metadata": {}}));
            assert_eq!(json::value(&fields, false).unwrap(), json!({"metadata": {}}));
            assert_eq!(json::value(&fields, true).unwrap(), json!({"metadata": shown}));
            assert_eq!(json::text(&fields, true).unwrap(), json!({"metadata": shown}).to_string());
        }
        let read = |value: Value| serde_json::from_value::<Nullable<Vec<String>>>(value).unwrap();
        assert!(read(json!(null)).is_null() && read(json!([])).is_null() && !read(json!(["a"])).is_null());
    }
}
