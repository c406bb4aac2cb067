//! What is known of the headers that a request came with? Only what somebody asks for, who keeps requests apart by it.
//!
//! ```text
//!  settings ─► Keys ─► Hearing (a receiver, field by field) ─► Metadata ─► Combination (whoever puts requests together)
//! ```

mod combination;
mod hearing;
mod keys;

use std::sync::Arc;

pub(crate) use combination::Combination;
pub(crate) use hearing::Hearing;
pub use keys::Keys;

use crate::{Charge, Refusal};

/// The values of some headers of one request, each in the order in which they came.
#[derive(Debug)]
pub struct Metadata {
    keys: Keys,
    /// Which key, and what was said.
    values: Vec<(usize, Box<[u8]>)>,
    charge: Charge,
}

/// What one set of values takes beside them: itself, what is kept to tell its batch from others, and that batch's place in a
/// queue, of which each may have one of its own (about 800 bytes were seen).
const OWN: u64 = 1 << 10;
/// What one value takes beside its bytes, in a list that has grown.
const EACH: u64 = 64;

impl Metadata {
    /// Every value of a header; its name is in lower case.
    pub(crate) fn of(&self, key: &str) -> impl Iterator<Item = &[u8]> {
        let place = self.keys.place(key.as_bytes());
        let values = self.values.iter();
        values.filter_map(move |(at, value)| (Some(*at) == place).then_some(&**value))
    }

    /// What it says of these headers alone; nothing, where it says nothing of them.
    pub(crate) fn only(self: Arc<Self>, keys: &Keys) -> Result<Option<Arc<Self>>, Refusal> {
        if self.keys == *keys {
            return Ok(Some(self));
        }
        let mut hearing = Hearing::new(keys, self.charge.budget());
        for (at, key) in keys.iter().enumerate() {
            for value in self.of(key) {
                hearing.keep(at, value);
            }
        }
        hearing.heard()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeSet, hash_map::RandomState},
        hash::BuildHasher as _,
    };

    use super::*;
    use crate::Budget;

    fn heard(keys: &[&str], fields: &[(&str, &str)]) -> Option<Arc<Metadata>> {
        let mut hearing = Hearing::new(&Keys::of(keys), &Budget::new(1 << 20));
        for (name, value) in fields {
            hearing.field(name.as_bytes(), value.as_bytes());
        }
        hearing.heard().unwrap()
    }

    fn values(metadata: &Metadata, key: &str) -> Vec<String> {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        metadata.of(key).map(text).collect()
    }

    #[test]
    fn only_what_is_asked_for_is_kept_in_the_order_in_which_it_came() {
        let fields = [("tenant", "b"), ("other", "x"), ("tenant", "a")];
        let metadata = heard(&["Tenant", "user"], &fields).unwrap();
        assert_eq!(values(&metadata, "tenant"), ["b", "a"]);
        assert!(values(&metadata, "user").is_empty());
        assert!(values(&metadata, "other").is_empty());
        assert!(heard(&["user"], &fields).is_none());
    }

    #[test]
    fn the_host_is_who_the_sender_meant_in_whatever_version() {
        for fields in [
            &[(":authority", "a:1")][..],
            &[("host", "a:1")],
            &[(":authority", "a:1"), ("host", "b:2")],
        ] {
            let metadata = heard(&["host"], fields).unwrap();
            assert_eq!(values(&metadata, "host"), ["a:1"], "{fields:?}");
        }
    }

    #[test]
    fn combinations_are_one_only_if_every_value_is() {
        let keys = Keys::of(&["a", "b"]);
        let of = |fields: &[(&str, &str)]| Combination::of(&keys, heard(&["a", "b", "c"], fields));
        let different: [&[(&str, &str)]; 8] = [
            &[],
            &[("a", "")],
            &[("b", "")],
            &[("a", "1")],
            &[("b", "1")],
            &[("a", "1"), ("a", "2")],
            &[("a", "2"), ("a", "1")],
            &[("a", "12")],
        ];
        for (at, one) in different.iter().enumerate() {
            for (other, two) in different.iter().enumerate() {
                assert_eq!(of(one) == of(two), at == other, "{one:?} {two:?}");
            }
        }
        let hasher = RandomState::new();
        let digest = |one: &Combination| hasher.hash_one(one);
        let digests: BTreeSet<_> = different.iter().map(|one| digest(&of(one))).collect();
        assert_eq!(digests.len(), different.len());
        let alike = [of(&[("c", "9"), ("b", "1")]), of(&[("b", "1")])];
        assert_eq!(alike[0], alike[1]);
        assert_eq!(digest(&alike[0]), digest(&alike[1]));
    }

    #[test]
    fn what_is_kept_is_charged_and_comes_back() {
        let budget = Budget::new(OWN + 2 * EACH + 10);
        let hear = |fields: &[(&str, &[u8])]| {
            let mut hearing = Hearing::new(&Keys::of(&["a", "b"]), &budget);
            for (name, value) in fields {
                hearing.field(name.as_bytes(), value);
            }
            hearing.heard()
        };
        assert!(hear(&[("c", &[0; 1000])]).unwrap().is_none());
        let kept = hear(&[("a", b"12345"), ("b", b"12345")]).unwrap().unwrap();
        assert_eq!(budget.used(), budget.limit());
        drop(kept);
        assert_eq!(budget.used(), 0);
        let refused = hear(&[("a", b"12345678901"), ("b", b"")]).unwrap_err();
        assert!(matches!(refused, Refusal::Busy { .. }), "{refused:?}");
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn a_part_of_it_is_charged_for_itself() {
        let budget = Budget::new(1 << 20);
        let mut hearing = Hearing::new(&Keys::of(&["a", "b"]), &budget);
        hearing.field(b"a", b"1");
        hearing.field(b"b", &[0; 1000]);
        let all = hearing.heard().unwrap().unwrap();
        let same = Arc::clone(&all).only(&Keys::of(&["b", "A"])).unwrap();
        assert!(
            Arc::ptr_eq(&all, &same.unwrap()),
            "there is nothing to leave out"
        );
        assert!(Arc::clone(&all).only(&Keys::of(&["c"])).unwrap().is_none());
        let part = all.only(&Keys::of(&["a"])).unwrap().unwrap();
        assert_eq!(
            (values(&part, "a"), values(&part, "b").len()),
            (vec!["1".to_owned()], 0)
        );
        assert_eq!(budget.used(), OWN + EACH + 1);
    }
}
