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
    found: Vec<FoundGroup>,
    /// The index of the group with this key.
    indices: HashMap<Box<[u8]>, usize>,
    /// The key of the current row, kept to reuse its memory.
    key: Vec<u8>,
}

/// One group: when it first appears, the common values of its rows, and their sums.
#[derive(Debug)]
pub(super) struct FoundGroup {
    first: SortKey,
    group: Group,
    sums: Sums,
}

/// The value of a row in one dimension; empty text counts as absent.
enum GroupValue<'r> {
    Nothing,
    Text(Cow<'r, str>),
    Day(Day),
}

impl Groups {
    pub(super) fn new(dimensions: Vec<(Dimension, Option<usize>)>, zone: Zone) -> Self {
        Self { dimensions, zone, found: Vec::new(), indices: HashMap::new(), key: Vec::new() }
    }

    /// The sums of the group that the row belongs to.
    pub(super) fn sums_of(&mut self, row: &ScanRow<'_>) -> Result<&mut Sums> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        for (dimension, index) in &self.dimensions {
            self.value_in(*dimension, *index, row)?.write_key(&mut key);
        }
        // Only a new group needs a copy of its key.
        let index = match self.indices.get(&*key) {
            Some(index) => *index,
            None => {
                let group = self.group(row)?;
                self.found.push(FoundGroup { first: row.sort_key, group, sums: Sums::default() });
                self.indices.insert(key.as_slice().into(), self.found.len() - 1);
                self.found.len() - 1
            }
        };
        self.key = key;
        let found = &mut self.found[index];
        found.first = found.first.min(row.sort_key);
        Ok(&mut found.sums)
    }

    /// The groups with their sums, in the order in which they first appear in time.
    pub(super) fn in_order(mut self) -> Vec<(Group, Sums)> {
        self.found.sort_unstable_by_key(|found| found.first);
        self.found.into_iter().map(|found| (found.group, found.sums)).collect()
    }

    fn group(&self, row: &ScanRow<'_>) -> Result<Group> {
        let value = |(dimension, index): &(Dimension, Option<usize>)| {
            Ok((*dimension, self.value_in(*dimension, *index, row)?.into_text()))
        };
        Ok(Group::new(self.dimensions.iter().map(value).collect::<Result<_>>()?))
    }

    fn value_in<'r>(
        &self,
        dimension: Dimension,
        index: Option<usize>,
        row: &'r ScanRow<'_>,
    ) -> Result<GroupValue<'r>> {
        let text = |text: Option<Cow<'r, str>>| text.map_or(GroupValue::Nothing, GroupValue::Text);
        Ok(match (dimension, index) {
            (Dimension::Day, _) => {
                row.time.map_or(GroupValue::Nothing, |time| GroupValue::Day(self.zone.day_of(time)))
            }
            (Dimension::Week, _) => {
                row.time.map_or(GroupValue::Nothing, |time| GroupValue::Day(self.zone.week_of(time)))
            }
            (Dimension::Hour | Dimension::Month, _) => text(row.time.map(|time| {
                let (hour, month) = self.zone.hour_and_month(time);
                Cow::Owned(if dimension == Dimension::Hour { hour } else { month })
            })),
            (Dimension::Command, _) => text(row.command.as_deref().map(Cow::Borrowed)),
            (Dimension::Action, _) => text(row.action.as_deref().map(Cow::Borrowed)),
            (Dimension::Session, _) => text(row.session.as_deref().map(Cow::Borrowed)),
            (_, Some(index)) => text(row.columns.text(index)?),
            (_, None) => GroupValue::Nothing,
        })
    }
}

impl GroupValue<'_> {
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
