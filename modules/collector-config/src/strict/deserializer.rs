//! How is a value handed to serde, so that its place is known?

use serde::de::{self, Unexpected, Visitor, value::StrDeserializer};
use serde_json::{Map, Value};

use super::{
    Path, Reading, Source,
    access::{Fields, Items, Variant},
    error::Error,
};

/// A value and its place.
#[derive(Clone, Copy)]
pub(super) struct Deserializer<'a> {
    pub(super) reading: &'a Reading<'a>,
    value: &'a Value,
    pub(super) place: Keys<'a>,
}

/// The keys that lead to a value.
#[derive(Clone, Copy)]
pub(super) enum Keys<'a> {
    Root(&'a [String]),
    Key(&'a Keys<'a>, &'a str),
    Item(&'a Keys<'a>, usize),
}

impl Keys<'_> {
    pub(super) fn path(&self) -> Path {
        match self {
            Self::Root(root) => root.to_vec(),
            Self::Key(outer, key) => with(outer.path(), (*key).to_owned()),
            Self::Item(outer, index) => with(outer.path(), index.to_string()),
        }
    }

    /// A protocol that is named is on, even if nothing is said of it.
    pub(super) fn names_protocols(&self) -> bool {
        matches!(self, Self::Key(_, "protocols"))
    }
}

fn with(mut path: Path, key: String) -> Path {
    path.push(key);
    path
}

impl<'a> Deserializer<'a> {
    pub(super) fn new(reading: &'a Reading<'a>, source: Source<'a>) -> Self {
        Self::at(reading, source.value, Keys::Root(source.path))
    }

    pub(super) fn at(reading: &'a Reading<'a>, value: &'a Value, place: Keys<'a>) -> Self {
        Self {
            reading,
            value,
            place,
        }
    }

    /// How the value was spelled, where a text is wanted and it is none.
    fn spelled(&self) -> Option<&'a str> {
        let spelled = self.reading.spelled;
        if self.value.is_string() || spelled.is_empty() {
            return None;
        }
        spelled.get(&self.place.path()).map(String::as_str)
    }

    fn items<'de, V: Visitor<'de>>(self, items: &[Value], visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items::new(self.reading, &self.place, items))
    }

    fn fields<'de, V: Visitor<'de>>(
        self,
        fields: &Map<String, Value>,
        known: Option<&'static [&'static str]>,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields::new(self.reading, &self.place, fields, known))
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => self.items(items, visitor),
            Value::Object(fields) => self.fields(fields, None, visitor),
        }
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.spelled() {
            Some(text) => visitor.visit_str(text),
            None => self.any(visitor),
        }
    }
}

impl<'de> de::Deserializer<'de> for Deserializer<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.any(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => self.fields(&Map::new(), None, visitor),
            _ => self.any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => self.fields(&Map::new(), Some(fields), visitor),
            Value::Object(given) => self.fields(given, Some(fields), visitor),
            // serde would take the fields from it in their order.
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => self.items(&[], visitor),
            _ => self.any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (self.value, self.spelled()) {
            (Value::String(name), _) => {
                visitor.visit_enum(StrDeserializer::<Error>::new(name.as_str()))
            }
            (_, Some(name)) => visitor.visit_enum(StrDeserializer::<Error>::new(name)),
            (Value::Object(fields), None) if fields.len() == 1 => {
                let (name, value) = fields.iter().next().expect("there is one");
                visitor.visit_enum(Variant::new(self.reading, &self.place, name, value))
            }
            _ => self.any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct identifier
    }
}
