//! Finding the group of a row without building a record of it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::dimension::{Dimension, Group};
use super::sums::Sums;
use crate::error::Result;
use crate::telemetry::query::{ScanRow, SortKey};
use crate::time::{Day, Zone};

/// The groups that a scan has found so far.
#[derive(Debug)]
pub(super) struct Groups {
    /// Each with the index of its column in the scan, if it has one.
    dimensions: Vec<(Dimension, Option<usize>)>,
    zone: Zone,
    found: Vec<Found>,
    /// The index of the group with this key.
    places: HashMap<Box<[u8]>, usize>,
    /// The key of the current row, kept to reuse its memory.
    key: Vec<u8>,
}

/// One group: when it first appears, the common values of its rows, and their sums.
#[derive(Debug)]
pub(super) struct Found {
    first: SortKey,
    group: Group,
    sums: Sums,
}

/// The value of a row in one dimension; empty text is none.
enum Own<'r> {
    Nothing,
    Text(Cow<'r, str>),
    Day(Day),
}

impl Groups {
    pub(super) fn new(dimensions: Vec<(Dimension, Option<usize>)>, zone: Zone) -> Self {
        Self { dimensions, zone, found: Vec::new(), places: HashMap::new(), key: Vec::new() }
    }

    /// The sums of the group that the row belongs to.
    pub(super) fn sums_of(&mut self, row: &ScanRow<'_>) -> Result<&mut Sums> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        for (dimension, place) in &self.dimensions {
            self.own(*dimension, *place, row)?.write_key(&mut key);
        }
        // Only a new group needs a copy of its key.
        let place = match self.places.get(&*key) {
            Some(place) => *place,
            None => {
                let group = self.group(row)?;
                self.found.push(Found { first: row.sort_key, group, sums: Sums::default() });
                self.places.insert(key.as_slice().into(), self.found.len() - 1);
                self.found.len() - 1
            }
        };
        self.key = key;
        let found = &mut self.found[place];
        found.first = found.first.min(row.sort_key);
        Ok(&mut found.sums)
    }

    /// The groups with their sums, in the order in which they first appear in time.
    pub(super) fn in_order(mut self) -> Vec<(Group, Sums)> {
        self.found.sort_unstable_by_key(|found| found.first);
        self.found.into_iter().map(|found| (found.group, found.sums)).collect()
    }

    fn group(&self, row: &ScanRow<'_>) -> Result<Group> {
        let value = |(dimension, place): &(Dimension, Option<usize>)| {
            Ok((*dimension, self.own(*dimension, *place, row)?.into_text()))
        };
        Ok(Group::new(self.dimensions.iter().map(value).collect::<Result<_>>()?))
    }

    fn own<'r>(&self, dimension: Dimension, place: Option<usize>, row: &'r ScanRow<'_>) -> Result<Own<'r>> {
        let text = |text: Option<Cow<'r, str>>| text.map_or(Own::Nothing, Own::Text);
        Ok(match (dimension, place) {
            (Dimension::Day, _) => row.time.map_or(Own::Nothing, |time| Own::Day(self.zone.day_of(time))),
            (Dimension::Command, _) => text(row.command.as_deref().map(Cow::Borrowed)),
            (Dimension::Action, _) => text(row.action.as_deref().map(Cow::Borrowed)),
            (_, Some(place)) => text(row.columns.text(place)?),
            (_, None) => Own::Nothing,
        })
    }
}

impl Own<'_> {
    /// Each text is preceded by its length, so that no two groups have the same key, whatever they contain.
    fn write_key(&self, key: &mut Vec<u8>) {
        match self {
            Self::Nothing => key.push(0),
            Self::Text(text) => {
                key.push(1);
                key.extend_from_slice(&text.len().to_le_bytes());
                key.extend_from_slice(text.as_bytes());
            }
            Self::Day(day) => {
                key.push(2);
                key.extend_from_slice(&day.number().to_le_bytes());
            }
        }
    }

    fn into_text(self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Text(text) => Some(text.into_owned()),
            Self::Day(day) => Some(day.text()),
        }
    }
}
