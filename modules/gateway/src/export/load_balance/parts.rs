//! What of a request does each of several destinations get?

use std::collections::BTreeMap;

use bytes::Bytes;

use super::keys::{Found, Keys};
use crate::{
    Payload,
    export::ring::Ring,
    ottl, put,
    settings::RoutingKey,
    wire::{
        self, Fields,
        edit::{self, Edit},
    },
};

/// Who gets an item.
enum Owner {
    One(usize),
    /// Of a metric, one for each of its points.
    Each(Vec<usize>),
}

/// What each member of a ring gets of a payload.
pub(super) fn parts(
    payload: &Payload,
    routing: &RoutingKey,
    ring: &Ring,
) -> BTreeMap<usize, Payload> {
    let body = payload.body.joined();
    // Decided once: what has no key goes to anybody, and must not go to another when it is looked at again.
    let (owners, wanted) = owners(payload, &body, routing, ring);
    if let (1, Some((member, _))) = (wanted.len(), wanted.first_key_value()) {
        return BTreeMap::from([(*member, payload.clone())]);
    }
    let part = |(member, items): (usize, u64)| {
        let mut owners = owners.iter();
        let body = edit::items(&body, |_, _, item| match owners.next() {
            Some(Owner::One(owner)) if *owner == member => Edit::Keep,
            Some(Owner::Each(each)) => points_of(member, each, item.message()),
            _ => Edit::Drop,
        })?;
        let part = Payload {
            body,
            items,
            ..payload.clone()
        };
        Some((member, part))
    };
    wanted.into_iter().filter_map(part).collect()
}

/// Who gets each item, and how many items each member gets.
fn owners(
    payload: &Payload,
    body: &Bytes,
    routing: &RoutingKey,
    ring: &Ring,
) -> (Vec<Owner>, BTreeMap<usize, u64>) {
    let mut owners = Vec::new();
    let mut wanted = BTreeMap::<usize, u64>::new();
    let mut keys = Keys::new(payload.signal, routing);
    let find = |key: Vec<u8>| ring.find(&key).unwrap_or_default();
    edit::items(body, |resource, scope, item| {
        let message = item.message();
        owners.push(match keys.of((resource, scope), message) {
            Found::Whole(key) => {
                let owner = find(key);
                *wanted.entry(owner).or_default() += wire::items_of(payload.signal, message);
                Owner::One(owner)
            }
            Found::Points(keys) => {
                let each: Vec<usize> = keys.into_iter().map(find).collect();
                for owner in &each {
                    *wanted.entry(*owner).or_default() += 1;
                }
                Owner::Each(each)
            }
        });
        Edit::Keep
    });
    (owners, wanted)
}

/// A metric with those of its points that a member gets.
fn points_of(member: usize, owners: &[usize], metric: &[u8]) -> Edit {
    if owners.iter().all(|owner| *owner == member) {
        return Edit::Keep;
    }
    let Some(data) = ottl::data(metric).filter(|_| owners.contains(&member)) else {
        return Edit::Drop;
    };
    let mut owners = owners.iter();
    let mut content = Vec::with_capacity(data.content.len());
    for field in Fields::of(data.content) {
        let point = field.number == 1 && field.value.bytes().is_some();
        if !point || owners.next() == Some(&member) {
            content.extend_from_slice(&data.content[field.range]);
        }
    }
    Edit::Replace(edit::replace(metric, data.field, |out| {
        put::bytes(out, data.field, &content);
    }))
}
