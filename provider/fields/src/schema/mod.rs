//! How the value at a place is typed and merged.

mod custom;
mod published;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::path::{FieldPath, PathElement};

pub use custom::SchemaError;
pub(crate) use published::{TypeFacts, types_of};
use shape::Slot;
pub use shape::{Field, ListShape, ListType, MapShape, MapType, PatchStrategy, Scalar, Shape};

/// The schema of a value, and through it of everything inside it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schema {
    types: Arc<Types>,
    shape: Arc<Shape>,
    /// What the place says about a map of a named type, against the type itself.
    map_type: Option<MapType>,
}

/// The named types that schemas refer to.
#[derive(Debug, Default)]
pub(crate) struct Types(BTreeMap<String, Arc<Shape>>);

/// What a schema makes of one particular value.
#[derive(Clone, Copy, Debug)]
pub enum Typed<'a> {
    /// Indivisible.
    Scalar(Scalar),
    /// A struct or map.
    Map(&'a MapShape),
    /// A list.
    List(&'a ListShape),
}

impl Schema {
    pub(crate) fn named(types: Arc<Types>, name: &str) -> Option<Self> {
        let shape = types.0.get(name)?.clone();
        Some(Self {
            types,
            shape,
            map_type: None,
        })
    }

    /// The schema of a custom resource from the `openAPIV3Schema` of its definition.
    ///
    /// Identity and metadata are those of every object, whatever the definition says about them.
    pub fn from_definition(schema: &Value) -> Result<Self, SchemaError> {
        custom::read(schema)
    }

    /// The schema of an object about which nothing is known: maps are granular, lists atomic.
    pub fn untyped() -> Self {
        Self {
            types: Arc::default(),
            shape: Arc::new(Shape::Untyped),
            map_type: None,
        }
    }

    /// What a value may be here.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// What a schema makes of this very value. A value of a wrong type gets what was expected instead.
    pub fn typed(&self, value: &Value) -> Typed<'_> {
        match (&*self.shape, value) {
            (Shape::Scalar(scalar), _) => Typed::Scalar(*scalar),
            (Shape::Map(map), _) => Typed::Map(map),
            (Shape::List(list), _) => Typed::List(list),
            (
                Shape::Untyped | Shape::Opaque,
                Value::Bool(_) | Value::Number(_) | Value::String(_),
            ) => Typed::Scalar(Scalar::Any),
            (Shape::Untyped | Shape::Opaque, Value::Array(_)) => Typed::List(shape::untyped_list()),
            (Shape::Untyped, _) => Typed::Map(shape::untyped_map()),
            (Shape::Opaque, _) => Typed::Map(shape::opaque_map()),
        }
    }

    /// Whether a map here is owned as a whole. A place may overrule the type it refers to.
    pub fn map_type(&self) -> MapType {
        match (self.map_type, &*self.shape) {
            (Some(map_type), _) => map_type,
            (None, Shape::Map(map)) => map.map_type,
            (None, Shape::Opaque) => MapType::Atomic,
            (None, _) => MapType::Granular,
        }
    }

    /// The schema of a field of a struct or of a value of a map; none where there can be no such field.
    pub fn field(&self, name: &str) -> Option<Self> {
        match &*self.shape {
            Shape::Map(map) => map.slot(name).and_then(|slot| self.resolve(slot)),
            Shape::Untyped | Shape::Opaque => Some(self.clone()),
            Shape::Scalar(_) | Shape::List(_) => None,
        }
    }

    /// What is published about a declared field of a struct.
    pub fn declared(&self, name: &str) -> Option<&Field> {
        match &*self.shape {
            Shape::Map(map) => map.fields.get(name),
            _ => None,
        }
    }

    /// The schema of the elements of a list.
    pub fn element(&self) -> Option<Self> {
        match &*self.shape {
            Shape::List(list) => self.resolve(&list.element),
            Shape::Untyped | Shape::Opaque => Some(Self {
                shape: Arc::new(Shape::Opaque),
                ..self.clone()
            }),
            Shape::Scalar(_) | Shape::Map(_) => None,
        }
    }

    /// The schema after one step.
    pub fn step(&self, element: &PathElement) -> Option<Self> {
        match element {
            PathElement::Field(name) => self.field(name),
            _ => self.element(),
        }
    }

    /// The schema at the end of a path.
    pub fn at(&self, path: &FieldPath) -> Option<Self> {
        path.elements()
            .iter()
            .try_fold(self.clone(), |schema, element| schema.step(element))
    }

    /// Whether a value here is one quantity.
    pub fn is_quantity(&self) -> bool {
        matches!(*self.shape, Shape::Scalar(Scalar::Quantity))
    }

    fn resolve(&self, slot: &Slot) -> Option<Self> {
        let types = self.types.clone();
        match slot {
            Slot::Inline(shape) => Some(Self {
                types,
                shape: shape.clone(),
                map_type: None,
            }),
            Slot::Named(name, map_type) => {
                let schema = Self::named(types, name)?;
                Some(Self {
                    map_type: *map_type,
                    ..schema
                })
            }
        }
    }
}
