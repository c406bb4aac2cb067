//! From the JSON of a request to an object as the API server's own types would write it.
//!
//! Unknown fields fall away (and are named), wrong types are errors, empty optional fields are left out, and
//! fields that are always written appear. Doing it twice changes nothing more.

mod duplicates;
mod errors;
mod scalar;
mod special;

pub(crate) use duplicates::json_duplicates;
pub(crate) use errors::{DecodeError, cannot_be_handled, strict};

use serde_json::{Map, Value};

use super::types::{self, Field, Presence, Type};

/// How numbers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// As a JSON body: what does not fit is an error.
    Checked,
    /// As a merged object (server-side apply, strategic merge patch): what does not fit wraps around, as Go's
    /// conversion does.
    Wrapping,
}

/// What becomes of lists that are always written and empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// An empty list that was sent is a list, and owned by whoever sent it.
    Sent,
    /// The store does not tell an empty list from none.
    Stored,
}

/// An object in its canonical form, and what was dropped on the way.
#[derive(Debug, PartialEq)]
pub(crate) struct Decoded {
    /// The object.
    pub(crate) object: Value,
    /// `unknown field "spec.foo"`, one per dropped field, in order of appearance by path.
    pub(crate) unknown: Vec<String>,
}

/// Reads an object of a built-in kind.
pub(crate) fn decode(
    type_name: &'static str,
    raw: &Value,
    numbers: Numbers,
) -> Result<Decoded, DecodeError> {
    read(type_name, raw, numbers, Form::Sent)
}

fn read(
    type_name: &'static str,
    raw: &Value,
    numbers: Numbers,
    form: Form,
) -> Result<Decoded, DecodeError> {
    let mut reader = Reader {
        numbers,
        form,
        unknown: Vec::new(),
        root: type_name,
    };
    let mut object = reader.structure(type_name, raw, "", "")?;
    // Group, version and kind are not part of the typed object; they travel beside it.
    for name in ["kind", "apiVersion"] {
        if let (Some(map), Some(value)) = (object.as_object_mut(), raw.get(name)) {
            map.insert(name.to_owned(), value.clone());
        }
    }
    Ok(Decoded {
        object,
        unknown: reader.unknown,
    })
}

/// The form in which an object is stored that was valid before; what cannot be read stays as it is.
pub(crate) fn canonical(object: &Value) -> Value {
    rewritten(object, Form::Stored)
}

/// The same for an object on its way to the store.
pub(crate) fn complete(object: &Value) -> Value {
    rewritten(object, Form::Sent)
}

fn rewritten(object: &Value, form: Form) -> Value {
    let api_version = object
        .get("apiVersion")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let kind = object
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    types::of_kind(api_version, kind)
        .and_then(|name| read(name, object, Numbers::Wrapping, form).ok())
        .map_or_else(|| object.clone(), |decoded| decoded.object)
}

struct Reader {
    numbers: Numbers,
    form: Form,
    unknown: Vec<String>,
    root: &'static str,
}

impl Reader {
    /// `path` is how unknown fields are named, `field` the Go-like place for errors.
    fn structure(
        &mut self,
        name: &'static str,
        raw: &Value,
        path: &str,
        field: &str,
    ) -> Result<Value, DecodeError> {
        let Some(fields) = types::fields(name) else {
            return Ok(raw.clone());
        };
        let nothing = Map::new();
        let map = match raw {
            Value::Object(map) => map,
            Value::Null => &nothing,
            other => return Err(self.wrong(other, &format!("v1.{}", last(name)), field)),
        };
        for key in map.keys().filter(|key| !fields.contains_key(key.as_str())) {
            self.unknown
                .push(format!("unknown field {:?}", join(path, key)));
        }
        let mut out = Map::new();
        for (key, spec) in fields {
            let place = format!("{}.{}", last(name), join(trail(field), key));
            let read = match map.get(*key) {
                None | Some(Value::Null) => None,
                Some(value) => Some(self.value(&spec.holds, value, &join(path, key), &place)?),
            };
            if let Some(value) = self.written(spec, read, &join(path, key), &place)? {
                out.insert((*key).to_owned(), value);
            }
        }
        Ok(Value::Object(out))
    }

    fn value(
        &mut self,
        holds: &Type,
        raw: &Value,
        path: &str,
        field: &str,
    ) -> Result<Value, DecodeError> {
        match holds {
            Type::Struct(name) => self.structure(name, raw, path, field),
            Type::List(items) => {
                let Value::Array(list) = raw else {
                    return Err(self.wrong(raw, &go_name(holds), field));
                };
                let read = list.iter().enumerate().map(|(index, item)| {
                    self.element(items, item, &format!("{path}[{index}]"), field)
                });
                read.collect::<Result<_, _>>().map(Value::Array)
            }
            Type::Map(values) => {
                let Value::Object(map) = raw else {
                    return Err(self.wrong(raw, &go_name(holds), field));
                };
                let read = map.iter().map(|(key, value)| {
                    Ok((
                        key.clone(),
                        self.element(values, value, &join(path, key), field)?,
                    ))
                });
                read.collect::<Result<_, _>>().map(Value::Object)
            }
            Type::Raw => Ok(raw.clone()),
            Type::SchemaOrBool | Type::SchemaOrList => special::schema(self, raw, path, field),
            _ => scalar::read(holds, raw, self.numbers)
                .map_err(|problem| self.explain(problem, raw, &go_name(holds), field)),
        }
    }

    /// An element may be null, which is its zero.
    fn element(
        &mut self,
        holds: &Type,
        raw: &Value,
        path: &str,
        field: &str,
    ) -> Result<Value, DecodeError> {
        if raw.is_null() && !matches!(holds, Type::Raw | Type::Struct(_)) {
            Ok(zero(holds))
        } else {
            self.value(holds, raw, path, field)
        }
    }

    /// What is written for a field that was read as `read`.
    fn written(
        &mut self,
        spec: &Field,
        read: Option<Value>,
        path: &str,
        field: &str,
    ) -> Result<Option<Value>, DecodeError> {
        let empty = read
            .as_ref()
            .is_none_or(|value| is_zero(&spec.holds, value));
        Ok(match (spec.presence, read) {
            (Presence::Set, read) => read,
            // A pointer to a struct is written as soon as it was set, even to nothing.
            (Presence::NotZero, Some(value)) if !empty || matches!(spec.holds, Type::Struct(_)) => {
                Some(value)
            }
            (Presence::NotZero, _) => None,
            (Presence::Always, Some(value)) => Some(value),
            (Presence::Always, None) => match &spec.holds {
                Type::Struct(name) => Some(self.structure(name, &Value::Null, path, field)?),
                other => Some(zero(other)),
            },
            (Presence::OrNull, Some(read)) if self.form == Form::Sent => Some(read),
            (Presence::OrNull, read) => Some(if empty {
                Value::Null
            } else {
                read.unwrap_or_default()
            }),
        })
    }

    fn wrong(&self, found: &Value, wanted: &str, field: &str) -> DecodeError {
        DecodeError::wrong_type(
            found,
            wanted,
            if field.is_empty() {
                last(self.root)
            } else {
                field
            },
        )
    }

    fn explain(
        &self,
        problem: scalar::Problem,
        raw: &Value,
        wanted: &str,
        field: &str,
    ) -> DecodeError {
        match problem {
            scalar::Problem::WrongType => self.wrong(raw, wanted, field),
            scalar::Problem::Unreadable(message) => DecodeError::unreadable(message),
        }
    }
}

fn zero(holds: &Type) -> Value {
    match holds {
        Type::Text | Type::Bytes => "".into(),
        Type::Duration => "0s".into(),
        Type::Quantity => "0".into(),
        Type::Int32 | Type::Int64 | Type::Float | Type::IntOrString => 0.into(),
        Type::Bool => false.into(),
        Type::Struct(_) => Value::Object(Map::new()),
        _ => Value::Null,
    }
}

fn is_zero(holds: &Type, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || (matches!(holds, Type::Quantity) && text == "0"),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty() && !matches!(holds, Type::Raw),
    }
}

fn go_name(holds: &Type) -> String {
    match holds {
        Type::Int32 | Type::IntOrString => "int32".into(),
        Type::Int64 => "int64".into(),
        Type::Float => "float64".into(),
        Type::Bool => "bool".into(),
        Type::Bytes => "[]uint8".into(),
        Type::Struct(name) => format!("v1.{}", last(name)),
        Type::List(items) => format!("[]{}", go_name(items)),
        Type::Map(values) => format!("map[string]{}", go_name(values)),
        Type::Text | Type::Time | Type::MicroTime | Type::Duration | Type::Quantity => {
            "string".into()
        }
        Type::Raw | Type::SchemaOrBool | Type::SchemaOrList => "object".into(),
    }
}

fn last(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

/// The path within a place like `PodSpec.spec.template.spec`.
fn trail(field: &str) -> &str {
    field.split_once('.').map_or("", |(_, path)| path)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
