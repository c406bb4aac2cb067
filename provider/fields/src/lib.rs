//! Paths, field sets, canonical values and schema facts: the data that engine and sandbox both stand on.
//!
//! Nothing here does IO, and nothing here decides: a [`FieldPath`] names one place in an object, a
//! [`FieldSet`] many of them (what `managedFields` holds), a [`Schema`] says how the value at a place is
//! merged, and [`Quantity`] how it is written.

mod canonical;
mod facts;
mod order;
mod path;
mod quantity;
mod schema;
mod set;
mod typed;

pub use canonical::{canonicalize, same};
pub use facts::{Facts, KindId};
pub use order::{compare_values, values_equal};
pub use path::{FieldPath, ParsePathError, PathElement, ShortPath};
pub use quantity::{Notation, ParseQuantityError, Quantity};
pub use schema::{
    Field, ListShape, ListType, MapShape, MapType, PatchStrategy, Scalar, Schema, SchemaError,
    Shape, Typed,
};
pub use set::{FieldSet, ParseFieldsError};
pub use typed::{ElementError, element_key, element_keys, extract, get, get_mut, remove};
