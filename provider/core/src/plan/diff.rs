//! Where do two objects differ, leaf by leaf?

use std::collections::BTreeSet;

use fields::{
    FieldPath, ListShape, ListType, MapType, PathElement, Schema, Typed, element_keys, same,
};
use serde_json::Value;

/// One place where two objects differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// The place.
    pub(crate) path: FieldPath,
    /// The path by which the place is owned: itself, or the atomic value around it.
    pub(crate) owned: FieldPath,
    /// What stands there in the first.
    pub(crate) before: Option<Value>,
    /// What stands there in the second.
    pub(crate) after: Option<Value>,
    /// Whether values differ, or only the order of a list's elements.
    pub(crate) what: What,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The value.
    Value,
    /// The order of elements that both have.
    Order,
}

/// Every place where two comparable objects differ, in path order.
pub(crate) fn between(before: &Value, after: &Value, schema: &Schema) -> Vec<Difference> {
    let mut walk = Walk {
        path: FieldPath::root(),
        atomic: None,
        found: Vec::new(),
    };
    walk.compare(Some(before), Some(after), schema);
    walk.found.sort_by(|a, b| a.path.cmp(&b.path));
    walk.found
}

struct Walk {
    path: FieldPath,
    atomic: Option<FieldPath>,
    found: Vec<Difference>,
}

impl Walk {
    fn compare(&mut self, before: Option<&Value>, after: Option<&Value>, schema: &Schema) {
        let before = before.filter(|value| !value.is_null());
        let after = after.filter(|value| !value.is_null());
        match (before, after) {
            (None, None) => {}
            (Some(before), Some(after)) if same(before, after, schema) => {}
            (Some(Value::Object(_)) | None, Some(Value::Object(_)) | None)
                if is_walked(before, after, schema) =>
            {
                self.fields(before, after, schema);
            }
            (Some(Value::Array(_)) | None, Some(Value::Array(_)) | None) => {
                self.list(before, after, schema);
            }
            _ => self.differs(before, after, What::Value),
        }
    }

    fn fields(&mut self, before: Option<&Value>, after: Option<&Value>, schema: &Schema) {
        let around = self.atomic.clone();
        if schema.map_type() == MapType::Atomic && self.atomic.is_none() {
            self.atomic = Some(self.path.clone());
        }
        let names = |value: Option<&Value>| {
            let fields = value.and_then(Value::as_object).into_iter();
            fields
                .flat_map(|fields| fields.keys().cloned())
                .collect::<BTreeSet<_>>()
        };
        for name in names(before).union(&names(after)) {
            let field = schema.field(name).unwrap_or_else(Schema::untyped);
            let (before, after) = (child(before, name), child(after, name));
            self.below(PathElement::field(name), before, after, &field);
        }
        self.atomic = around;
    }

    fn list(&mut self, before: Option<&Value>, after: Option<&Value>, schema: &Schema) {
        let element = schema.element().unwrap_or_else(Schema::untyped);
        let (old, new) = (elements(before), elements(after));
        if let Some(shape) = associative(after.or(before), schema)
            && let (Some(old_keys), Some(new_keys)) = (keys(old, shape), keys(new, shape))
        {
            self.by_key((old, &old_keys), (new, &new_keys), &element);
            return;
        }
        let around = self.atomic.clone();
        if before.is_some() && old.len() == new.len() {
            self.atomic.get_or_insert_with(|| self.path.clone());
            for (index, (before, after)) in old.iter().zip(new).enumerate() {
                let step = PathElement::Index(index);
                self.below(step, Some(before), Some(after), &element);
            }
        } else {
            self.differs(before, after, What::Value);
        }
        self.atomic = around;
    }

    /// Elements that are known by a key, wherever they stand; then whether those of both stand in one order.
    fn by_key(&mut self, old: Keyed<'_>, new: Keyed<'_>, schema: &Schema) {
        let is_new = |key: &&PathElement| !old.1.contains(key);
        for key in old.1.iter().chain(new.1.iter().filter(is_new)) {
            self.below(key.clone(), element(old, key), element(new, key), schema);
        }
        let common = |keys: &[PathElement], others: &[PathElement]| -> Vec<PathElement> {
            let both = keys.iter().filter(|key| others.contains(key));
            both.cloned().collect()
        };
        if common(old.1, new.1) != common(new.1, old.1) {
            self.differs(Some(&names(old.1)), Some(&names(new.1)), What::Order);
        }
    }

    fn below(
        &mut self,
        step: PathElement,
        before: Option<&Value>,
        after: Option<&Value>,
        schema: &Schema,
    ) {
        self.path.push(step);
        self.compare(before, after, schema);
        self.path.pop();
    }

    fn differs(&mut self, before: Option<&Value>, after: Option<&Value>, what: What) {
        self.found.push(Difference {
            path: self.path.clone(),
            owned: self.atomic.clone().unwrap_or_else(|| self.path.clone()),
            before: before.cloned(),
            after: after.cloned(),
            what,
        });
    }
}

/// Whether the fields of two maps are compared one by one: not where a map appears or goes that has none, or that
/// is owned as a whole.
fn is_walked(before: Option<&Value>, after: Option<&Value>, schema: &Schema) -> bool {
    match (before, after) {
        (Some(_), Some(_)) => true,
        (one, other) => {
            let fields = one.or(other).and_then(Value::as_object);
            schema.map_type() == MapType::Granular
                && fields.is_some_and(|fields| !fields.is_empty())
        }
    }
}

/// The elements of a list, each with its key.
type Keyed<'a> = (&'a [Value], &'a [PathElement]);

fn element<'a>((elements, keys): Keyed<'a>, key: &PathElement) -> Option<&'a Value> {
    elements.get(keys.iter().position(|other| other == key)?)
}

fn child<'a>(value: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    value?.get(name)
}

fn elements(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn associative<'a>(list: Option<&Value>, schema: &'a Schema) -> Option<&'a ListShape> {
    match schema.typed(list?) {
        Typed::List(shape) if shape.list_type != ListType::Atomic => Some(shape),
        _ => None,
    }
}

/// The keys of all elements; none where one has no key, or two have one.
fn keys(elements: &[Value], shape: &ListShape) -> Option<Vec<PathElement>> {
    let keys: Vec<_> = element_keys(elements, shape)
        .into_iter()
        .collect::<Result<_, _>>()
        .ok()?;
    let distinct: BTreeSet<_> = keys.iter().collect();
    (distinct.len() == keys.len()).then_some(keys)
}

/// Elements by name, to show their order.
fn names(keys: &[PathElement]) -> Value {
    let name = |key: &PathElement| match key {
        PathElement::Key(fields) => match fields.as_slice() {
            [(_, value)] => value.clone(),
            fields => fields
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        },
        PathElement::Value(value) => value.clone(),
        PathElement::Field(name) => Value::from(name.as_str()),
        PathElement::Index(index) => Value::from(*index),
    };
    keys.iter().map(name).collect()
}

/// The leaves of a comparable object: each path that is owned by itself, with its value.
pub(crate) fn leaves<'a>(object: &'a Value, schema: &Schema) -> Vec<(FieldPath, &'a Value)> {
    let mut found = Vec::new();
    collect(object, schema, &FieldPath::root(), &mut found);
    found
}

fn collect<'a>(
    value: &'a Value,
    schema: &Schema,
    path: &FieldPath,
    found: &mut Vec<(FieldPath, &'a Value)>,
) {
    match value {
        Value::Null => {}
        Value::Object(fields) if schema.map_type() == MapType::Granular && !fields.is_empty() => {
            for (name, field) in fields {
                let schema = schema.field(name).unwrap_or_else(Schema::untyped);
                collect(field, &schema, &path.field(name), found);
            }
        }
        Value::Array(list) if associative(Some(value), schema).is_some() => {
            let shape = associative(Some(value), schema);
            let keys = shape
                .map(|shape| element_keys(list, shape))
                .unwrap_or_default();
            let schema = schema.element().unwrap_or_else(Schema::untyped);
            for (key, element) in keys.into_iter().zip(list) {
                if let Ok(key) = key {
                    collect(element, &schema, &path.join(key), found);
                }
            }
        }
        _ if path.is_root() => {}
        _ => found.push((path.clone(), value)),
    }
}
