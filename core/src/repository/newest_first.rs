//! Merging rows that come in order of time from several statements with rows that come in no order.

use rusqlite::Rows;

use crate::error::Result;
use crate::sorting::sort_by_key;
use crate::time::Timestamp;

/// What rows are ordered by: a time, and the order in which they were recorded.
type Place = (Timestamp, i64);

/// Rows of several statements, newest first.
pub(super) struct NewestFirst<'s, T, R> {
    /// Each with its next row.
    streams: Vec<(Option<T>, Rows<'s>)>,
    /// Oldest first.
    others: Vec<T>,
    read: R,
    place: fn(&T) -> Place,
}

impl<'s, T, R: FnMut(&mut Rows<'_>) -> Result<Option<T>>> NewestFirst<'s, T, R> {
    /// `others` are in any order. `read` reads the next row of a statement that is valid.
    pub(super) fn new(mut others: Vec<T>, read: R, place: fn(&T) -> Place) -> Self {
        sort_by_key(&mut others, place);
        Self { streams: Vec::new(), others, read, place }
    }

    /// Adds a statement whose rows come newest first.
    pub(super) fn merge(&mut self, mut rows: Rows<'s>) -> Result<()> {
        let first = (self.read)(&mut rows)?;
        self.streams.push((first, rows));
        Ok(())
    }

    pub(super) fn next(&mut self) -> Result<Option<T>> {
        let place = self.place;
        let newest = self.streams.iter_mut().max_by_key(|(head, _)| head.as_ref().map(place));
        match newest {
            Some((head, rows)) if head.as_ref().map(place) > self.others.last().map(place) => {
                let next = (self.read)(rows)?;
                Ok(std::mem::replace(head, next))
            }
            _ => Ok(self.others.pop()),
        }
    }
}
