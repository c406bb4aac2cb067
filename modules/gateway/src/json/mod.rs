//! OTLP in JSON: to the protobuf bytes that everything here travels as, and back.
//!
//! The rules are those of the OTLP specification, "JSON Protobuf Encoding": names in lowerCamelCase only, trace and
//! span ids in hexadecimal, enumerations as numbers, 64-bit integers as strings or numbers, `null` as absent, unknown
//! fields ignored.

mod read;
mod schema;
mod write;

#[cfg(test)]
mod tests;

pub use read::{EXPANSION, JsonError, to_protobuf};
pub use write::{TEXT, WriteError, from_protobuf};
