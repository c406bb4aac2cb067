//! How is a Pod changed so that the API server can do the same?

use std::collections::BTreeMap;

use json_patch::{
    AddOperation, MoveOperation, PatchOperation, RemoveOperation, ReplaceOperation,
    jsonptr::{PointerBuf, Token},
};
use serde_json::{Map, Value};

/// A Pod that is being changed, and the operations that it took so far.
#[derive(Clone, Debug)]
pub(crate) struct Edits {
    pod: Value,
    operations: Vec<PatchOperation>,
}

/// Where something stands in the Pod.
fn at(path: &[&str]) -> PointerBuf {
    PointerBuf::from_tokens(path.iter().map(|token| Token::new(*token)))
}

impl Edits {
    pub(crate) fn new(pod: Value) -> Self {
        Self {
            pod,
            operations: Vec::new(),
        }
    }

    /// The Pod as it is now.
    pub(crate) fn pod(&self) -> &Value {
        &self.pod
    }

    /// The operations that lead there.
    pub(crate) fn finish(self) -> (Value, Vec<PatchOperation>) {
        (self.pod, self.operations)
    }

    fn push(&mut self, operation: PatchOperation) {
        // An operation that does not apply here would not apply there either; nothing is half done.
        if json_patch::patch(&mut self.pod, std::slice::from_ref(&operation)).is_ok() {
            self.operations.push(operation);
        }
    }

    fn get(&self, path: &[&str]) -> Option<&Value> {
        let found = path.iter().try_fold(&self.pod, |value, token| match value {
            Value::Array(items) => items.get(token.parse::<usize>().ok()?),
            value => value.get(*token),
        });
        found.filter(|value| !value.is_null())
    }

    fn add(&mut self, path: &[&str], value: Value) {
        let path = at(path);
        self.push(PatchOperation::Add(AddOperation { path, value }));
    }

    /// Sets entries of a map; those that are there already with that value are left alone, and a map that is not
    /// there is added with all of them.
    pub(crate) fn entries(&mut self, path: &[&str], entries: BTreeMap<&str, String>) {
        if entries.is_empty() {
            return;
        }
        let Some(known) = self.get(path) else {
            let map: Map<String, Value> = entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.into()))
                .collect();
            // A Pod always has metadata where it has a name; one that has neither gets them here.
            if path.len() > 1 && self.get(&path[..path.len() - 1]).is_none() {
                self.add(&path[..path.len() - 1], Value::Object(Map::new()));
            }
            return self.add(path, Value::Object(map));
        };
        let new: Vec<_> = entries
            .into_iter()
            .filter(|(key, value)| known.get(*key).and_then(Value::as_str) != Some(value))
            .collect();
        for (key, value) in new {
            self.add(&[path, &[key]].concat(), value.into());
        }
    }

    /// Puts items at the end of a list.
    pub(crate) fn append(&mut self, path: &[&str], items: Vec<Value>) {
        if items.is_empty() {
            return;
        }
        if self.get(path).is_none() {
            return self.add(path, Value::Array(items));
        }
        for item in items {
            self.add(&[path, &["-"]].concat(), item);
        }
    }

    /// Puts an item at one place of a list; the rest moves on.
    pub(crate) fn insert(&mut self, path: &[&str], index: usize, item: Value) {
        if self.get(path).is_none() {
            return self.add(path, Value::Array(vec![item]));
        }
        self.add(&[path, &[&index.to_string()]].concat(), item);
    }

    /// Puts an item in the place of another.
    pub(crate) fn replace(&mut self, path: &[&str], index: usize, value: Value) {
        let path = at(&[path, &[&index.to_string()]].concat());
        self.push(PatchOperation::Replace(ReplaceOperation { path, value }));
    }

    /// Takes an item out of a list.
    pub(crate) fn remove(&mut self, path: &[&str], index: usize) {
        let path = at(&[path, &[&index.to_string()]].concat());
        self.push(PatchOperation::Remove(RemoveOperation { path }));
    }

    /// Takes an item from one place of a list to another, counted once it is taken out.
    pub(crate) fn shift(&mut self, path: &[&str], from: usize, to: usize) {
        let place = |index: usize| at(&[path, &[&index.to_string()]].concat());
        let (from, path) = (place(from), place(to));
        self.push(PatchOperation::Move(MoveOperation { from, path }));
    }
}
