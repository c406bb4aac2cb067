//! Which fields one object adds to another, changes and removes.

use std::collections::BTreeSet;

use fields::{
    FieldPath, FieldSet, ListShape, ListType, MapType, PathElement, Schema, Typed, values_equal,
};
use serde_json::{Map, Value};

use super::parts::{elements, entries, entry, keyed, names, with_key};

/// How one object differs from another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

impl Comparison {
    /// What was before and after, field by field.
    pub(super) fn of(before: &Value, after: &Value, schema: &Schema) -> Self {
        let mut walk = Walk {
            path: FieldPath::root(),
            comparison: Self::default(),
        };
        walk.visit(Some(before), Some(after), schema);
        walk.comparison
    }

    /// The same without some fields and all below them.
    pub(super) fn without(self, fields: &FieldSet) -> Self {
        Self {
            added: self.added.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            removed: self.removed.recursive_difference(fields),
        }
    }

    /// What has a new value.
    pub(super) fn set(&self) -> FieldSet {
        self.added.union(&self.modified)
    }
}

struct Walk {
    path: FieldPath,
    comparison: Comparison,
}

/// Whether a place was compared as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Whole,
    Inside,
}

impl Walk {
    fn visit(&mut self, before: Option<&Value>, after: Option<&Value>, schema: &Schema) {
        let typed = |value: Option<&Value>| value.map(|value| schema.typed(value));
        let compared = match (typed(before), typed(after)) {
            (None, None) => return,
            (Some(typed), None) | (None, Some(typed)) => {
                self.visit_as(typed, before, after, schema)
            }
            (Some(was), Some(is)) => {
                // Where anything is allowed, a map can become a scalar: both views are compared.
                if std::mem::discriminant(&was) != std::mem::discriminant(&is) {
                    self.visit_as(was, before, after, schema);
                }
                self.visit_as(is, before, after, schema)
            }
        };
        match (compared, before, after) {
            (Compared::Inside, None, _) => self.comparison.added.insert(&self.path),
            (Compared::Inside, _, None) => self.comparison.removed.insert(&self.path),
            _ => {}
        }
    }

    fn visit_as(
        &mut self,
        typed: Typed<'_>,
        before: Option<&Value>,
        after: Option<&Value>,
        schema: &Schema,
    ) -> Compared {
        match typed {
            Typed::Scalar(_) => self.whole(before, after),
            Typed::List(list) => {
                let (was, is) = (elements(before), elements(after));
                if list.list_type == ListType::Atomic || (was.is_empty() && is.is_empty()) {
                    return self.whole(before, after);
                }
                self.visit_list(was, is, list, schema);
                Compared::Inside
            }
            Typed::Map(_) => {
                let (was, is) = (entries(before), entries(after));
                let nothing = was.is_none_or(Map::is_empty) && is.is_none_or(Map::is_empty);
                if schema.map_type() == MapType::Atomic || nothing {
                    return self.whole(before, after);
                }
                self.visit_map(was, is, schema);
                Compared::Inside
            }
        }
    }

    fn whole(&mut self, before: Option<&Value>, after: Option<&Value>) -> Compared {
        match (before, after) {
            (None, _) => self.comparison.added.insert(&self.path),
            (_, None) => self.comparison.removed.insert(&self.path),
            (Some(before), Some(after)) if !values_equal(before, after) => {
                self.comparison.modified.insert(&self.path);
            }
            _ => {}
        }
        Compared::Whole
    }

    fn visit_map(
        &mut self,
        was: Option<&Map<String, Value>>,
        is: Option<&Map<String, Value>>,
        schema: &Schema,
    ) {
        for name in names(was, is) {
            let schema = schema.field(name).unwrap_or_else(Schema::untyped);
            self.path.push(PathElement::field(name));
            self.visit(entry(was, name), entry(is, name), &schema);
            self.path.pop();
        }
    }

    fn visit_list(&mut self, was: &[Value], is: &[Value], list: &ListShape, schema: &Schema) {
        let schema = schema.element().unwrap_or_else(Schema::untyped);
        let (was, is) = (keyed(was, list), keyed(is, list));
        let keys: BTreeSet<_> = was.iter().chain(&is).map(|(key, _)| key).collect();
        for key in keys {
            self.path.push(key.clone());
            self.visit_elements(&with_key(&was, key), &with_key(&is, key), &schema);
            self.path.pop();
        }
    }

    /// Elements with one key. More than one are compared as if they were one atomic value.
    fn visit_elements(&mut self, before: &[&Value], after: &[&Value], schema: &Schema) {
        match (before, after) {
            ([] | [_], [] | [_]) => {
                self.visit(before.first().copied(), after.first().copied(), schema);
            }
            ([_, _, ..], [_, _, ..]) => {
                let equal = before.len() == after.len()
                    && before.iter().zip(after).all(|(l, r)| values_equal(l, r));
                if !equal {
                    self.comparison.modified.insert(&self.path);
                }
            }
            ([_, _, ..], _) => {
                self.visit(None, after.first().copied(), schema);
                self.comparison.removed.insert(&self.path);
            }
            (_, [_, _, ..]) => {
                self.visit(before.first().copied(), None, schema);
                self.comparison.added.insert(&self.path);
            }
        }
    }
}
