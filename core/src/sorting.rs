//! Sorting where it is not what a call spends its time on.
//!
//! The standard library's sort is compiled anew for each type and each order, 5 KiB of code every time. This one sorts the
//! places of the items, so that it exists once. It is stable, and takes 8 bytes for each item.

use std::cmp::Ordering;

/// Sorts by an order.
pub(crate) fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let order = sorted_places(items.len(), &mut |one, other| compare(&items[one], &items[other]));
    arrange(items, order);
}

/// Sorts by a key, which is computed anew for every comparison.
pub(crate) fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |one, other| key(one).cmp(&key(other)));
}

/// Sorts by a key, which is computed once for each item.
pub(crate) fn sort_by_cached_key<T, K: Ord>(items: &mut [T], key: impl FnMut(&T) -> K) {
    let keys: Vec<K> = items.iter().map(key).collect();
    let order = sorted_places(items.len(), &mut |one, other| keys[one].cmp(&keys[other]));
    arrange(items, order);
}

/// The places from 0 on in this order.
fn sorted_places(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..length).collect();
    places.sort_by(|one, other| compare(*one, *other));
    places
}

/// Brings the items into this order of their places.
fn arrange<T>(items: &mut [T], mut order: Vec<usize>) {
    for start in 0..order.len() {
        // Each cycle of places is followed once, and its places are marked as done.
        let mut place = start;
        loop {
            let from = std::mem::replace(&mut order[place], place);
            if from == start {
                break;
            }
            items.swap(place, from);
            place = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::*;

    #[test]
    fn items_are_sorted_as_by_the_standard_library() {
        type Item = (u64, usize);
        // A generator of numbers with many equal keys.
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 60
        };
        for length in (0..40).chain([1_000]) {
            let items: Vec<(u64, usize)> = (0..length).map(|place| (next(), place)).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            let sorted = |sort: fn(&mut [Item])| {
                let mut items = items.clone();
                sort(&mut items);
                items
            };
            assert_eq!(sorted(|items| sort_by(items, |one, other| one.0.cmp(&other.0))), expected);
            assert_eq!(sorted(|items| sort_by_key(items, |(key, _)| *key)), expected);
            assert_eq!(sorted(|items| sort_by_cached_key(items, |(key, _)| *key)), expected);
            expected.sort_by_key(|(key, _)| Reverse(*key));
            assert_eq!(sorted(|items| sort_by_key(items, |(key, _)| Reverse(*key))), expected);
        }
    }
}
