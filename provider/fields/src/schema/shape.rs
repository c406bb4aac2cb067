//! What a value may be: a scalar, a struct or map, a list, or anything.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

/// What a value may be.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Indivisible.
    Scalar(Scalar),
    /// A struct, a map, or both.
    Map(MapShape),
    /// A list.
    List(ListShape),
    /// Anything: maps are granular, lists atomic.
    Untyped,
    /// Anything, and owned as a whole.
    Opaque,
}

/// The indivisible values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Text.
    String,
    /// Text that is base64.
    Bytes,
    /// A time in RFC 3339.
    DateTime,
    /// A number without a fraction, of this many bits.
    Integer(u8),
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// An amount like `500m`.
    Quantity,
    /// A number or a name, as ports have it.
    IntOrString,
    /// Whatever is no map and no list.
    Any,
}

/// A struct with its fields, a map with its values, or both.
#[derive(Clone, Debug, Default)]
pub struct MapShape {
    /// Whether it is owned as a whole; see [`Schema::map_type`](super::Schema::map_type).
    pub map_type: MapType,
    /// The declared fields.
    pub fields: BTreeMap<String, Field>,
    pub(crate) values: Option<Slot>,
}

/// What is published about one field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Whether it must be there.
    pub required: bool,
    /// What it is when nothing is said, where that is published.
    pub default: Option<Value>,
    /// The only values it may have; empty where any will do.
    pub allowed: Vec<Value>,
    /// How a strategic merge patch treats it.
    pub patch: PatchStrategy,
    pub(crate) slot: Slot,
}

/// How a strategic merge patch treats a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatchStrategy {
    /// Whether list elements are merged rather than replaced.
    pub merge: bool,
    /// Whether only the keys that the patch names are retained.
    pub retain_keys: bool,
    /// The field that identifies list elements; none for lists of scalars.
    pub key: Option<String>,
}

/// Whether a map is owned as a whole or by its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapType {
    /// Each entry has its owners.
    #[default]
    Granular,
    /// Owned as a whole.
    Atomic,
}

/// A list.
#[derive(Clone, Debug)]
pub struct ListShape {
    /// How its elements are identified.
    pub list_type: ListType,
    pub(crate) element: Slot,
    /// What key fields are when an element does not say.
    pub(crate) key_defaults: BTreeMap<String, Value>,
}

/// How the elements of a list are identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListType {
    /// Not at all: the list is owned as a whole.
    Atomic,
    /// By their value.
    Set,
    /// By these fields.
    Map(Vec<String>),
}

/// The type of a field, map value or list element.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    Inline(Arc<Shape>),
    Named(String, Option<MapType>),
}

impl Slot {
    pub(crate) fn of(shape: Shape) -> Self {
        Self::Inline(Arc::new(shape))
    }
}

impl MapShape {
    pub(crate) fn slot(&self, name: &str) -> Option<&Slot> {
        self.fields
            .get(name)
            .map(|field| &field.slot)
            .or(self.values.as_ref())
    }

    /// Whether keys that are not declared may have values.
    pub fn is_open(&self) -> bool {
        self.values.is_some()
    }
}

impl ListShape {
    /// The fields that identify an element; none for sets and atomic lists.
    pub fn keys(&self) -> &[String] {
        match &self.list_type {
            ListType::Map(keys) => keys,
            ListType::Atomic | ListType::Set => &[],
        }
    }

    /// What a key field is when an element does not say.
    pub fn key_default(&self, key: &str) -> Option<&Value> {
        self.key_defaults.get(key)
    }
}

pub(super) fn untyped_map() -> &'static MapShape {
    static SHAPE: LazyLock<MapShape> = LazyLock::new(|| MapShape {
        values: Some(Slot::of(Shape::Untyped)),
        ..MapShape::default()
    });
    &SHAPE
}

pub(super) fn opaque_map() -> &'static MapShape {
    static SHAPE: LazyLock<MapShape> = LazyLock::new(|| MapShape {
        map_type: MapType::Atomic,
        values: Some(Slot::of(Shape::Opaque)),
        fields: BTreeMap::new(),
    });
    &SHAPE
}

pub(super) fn untyped_list() -> &'static ListShape {
    static SHAPE: LazyLock<ListShape> = LazyLock::new(|| ListShape {
        list_type: ListType::Atomic,
        element: Slot::of(Shape::Opaque),
        key_defaults: BTreeMap::new(),
    });
    &SHAPE
}
