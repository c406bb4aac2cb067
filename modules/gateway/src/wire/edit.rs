//! How is a request changed without decoding it?

use bytes::Bytes;

use super::{
    pieces::Pieces,
    read::Fields,
    view::{Item, Node, Resource, Scope, Value, resources},
};
use crate::{Chunks, put};

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It stays.
    Keep,
    /// It is left out.
    Drop,
    /// These bytes take its place.
    Replace(Vec<u8>),
}

/// Decides about each item of a valid request; none if all of them stay. A scope or resource whose last item was left
/// out is left out too.
pub fn items(
    body: &Bytes,
    mut decide: impl FnMut(&Resource<'_>, &Scope<'_>, &Item<'_>) -> Edit,
) -> Option<Chunks> {
    let mut all = Pieces::default();
    let mut edited = false;
    for resource in resources(body) {
        let mut scopes = Pieces::default();
        let mut resource_edited = false;
        for scope in resource.children() {
            let decide = |item: &Item<'_>| decide(&resource, &scope, item);
            resource_edited |= edit_children(&scope, decide, &mut scopes);
        }
        edited |= resource_edited;
        finish(&resource, resource_edited, scopes, &mut all);
    }
    edited.then(|| all.chunks(body))
}

/// Decides about each resource's description, the bytes of a `Resource` (empty if it has none); none if all of them
/// stay. A resource whose description is dropped keeps its items.
pub fn descriptions(body: &Bytes, mut decide: impl FnMut(&[u8]) -> Edit) -> Option<Chunks> {
    let mut all = Pieces::default();
    let mut edited = false;
    for resource in resources(body) {
        let written = resource.descriptions().collect::<Vec<_>>().concat();
        let new = match decide(&written) {
            Edit::Keep => {
                all.share(resource.range());
                continue;
            }
            Edit::Drop => Vec::new(),
            Edit::Replace(new) => new,
        };
        edited = true;
        let message = replace(resource.message(), 1, |out| put_message(out, 1, &new));
        all.own_message(1, message);
    }
    edited.then(|| all.chunks(body))
}

/// Writes a scope with what is left of its items; whether that is another than before.
fn edit_children(
    node: &Node<'_>,
    mut decide: impl FnMut(&Node<'_>) -> Edit,
    outer: &mut Pieces,
) -> bool {
    let mut children = Pieces::default();
    let mut edited = false;
    for child in node.children() {
        match decide(&child) {
            Edit::Keep => {
                children.share(child.range());
                continue;
            }
            Edit::Drop => {}
            Edit::Replace(new) => children.own_message(2, new),
        }
        edited = true;
    }
    finish(node, edited, children, outer);
    edited
}

fn finish(node: &Node<'_>, edited: bool, children: Pieces, outer: &mut Pieces) {
    if !edited {
        outer.share(node.range());
    } else if children.len() > 0 {
        outer.wrap(*node, children);
    }
}

/// A message whose fields of this number are left out, with what `write` adds at its end.
pub fn replace(message: &[u8], number: u32, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 64);
    for field in Fields::of(message) {
        if field.number != number {
            out.extend_from_slice(&message[field.range]);
        }
    }
    write(&mut out);
    out
}

/// Writes a string, bytes or a message as a field, unless it is empty.
pub fn put_message(out: &mut Vec<u8>, number: u32, content: &[u8]) {
    if !content.is_empty() {
        put::prefix(out, number, content.len());
        out.extend_from_slice(content);
    }
}

/// Writes an attribute as a field.
pub fn put_attribute(out: &mut Vec<u8>, number: u32, key: &str, value: &Value<'_>) {
    let mut any = Vec::new();
    put_value(&mut any, value);
    let mut pair = Vec::with_capacity(key.len() + any.len() + 8);
    put_message(&mut pair, 1, key.as_bytes());
    put::prefix(&mut pair, 2, any.len());
    pair.extend_from_slice(&any);
    put::prefix(out, number, pair.len());
    out.extend_from_slice(&pair);
}

fn put_value(out: &mut Vec<u8>, value: &Value<'_>) {
    let (number, bytes) = match value {
        Value::Empty => return,
        Value::Bool(yes) => return out.extend([2 << 3, u8::from(*yes)]),
        Value::Int(int) => {
            out.push(3 << 3);
            return put::varint(out, int.cast_unsigned());
        }
        Value::Double(double) => {
            out.push(4 << 3 | 1);
            return out.extend(double.to_bits().to_le_bytes());
        }
        Value::Text(text) => (1, text.as_bytes()),
        Value::Array(bytes) => (5, *bytes),
        Value::Map(bytes) => (6, *bytes),
        Value::Bytes(bytes) => (7, *bytes),
    };
    // Written even if it is empty: an empty string is another value than none.
    put::prefix(out, number, bytes.len());
    out.extend_from_slice(bytes);
}
