//! How are the parts of a value handed to serde?

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor, value::StrDeserializer};
use serde_json::{Map, Value, map};

use super::{
    Reading,
    deserializer::{Deserializer, Keys},
    error::Error,
};

/// The items of a list.
pub(super) struct Items<'a> {
    reading: &'a Reading<'a>,
    place: &'a Keys<'a>,
    rest: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
}

impl<'a> Items<'a> {
    pub(super) fn new(reading: &'a Reading<'a>, place: &'a Keys<'a>, items: &'a [Value]) -> Self {
        Self {
            reading,
            place,
            rest: items.iter().enumerate(),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Self {
            reading,
            place,
            rest,
        } = self;
        for (index, item) in rest {
            let here = Keys::Item(place, index);
            if reading.drops(&here) {
                continue;
            }
            let read = seed.deserialize(Deserializer::at(reading, item, here));
            return read.map(Some).map_err(|error| error.at(|| here.path()));
        }
        Ok(None)
    }
}

/// The fields of a value with keys.
pub(super) struct Fields<'a> {
    reading: &'a Reading<'a>,
    place: &'a Keys<'a>,
    known: Option<&'static [&'static str]>,
    rest: map::Iter<'a>,
    next: Option<(&'a str, &'a Value)>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(
        reading: &'a Reading<'a>,
        place: &'a Keys<'a>,
        fields: &'a Map<String, Value>,
        known: Option<&'static [&'static str]>,
    ) -> Self {
        Self {
            reading,
            place,
            known,
            rest: fields.iter(),
            next: None,
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        for (key, value) in self.rest.by_ref() {
            let here = Keys::Key(self.place, key);
            if self.reading.drops(&here) {
                continue;
            }
            if let Some(known) = self.known
                && !known.contains(&key.as_str())
            {
                self.reading.unknown(here.path(), known);
                continue;
            }
            // A key without a value is as good as none where keys are known.
            if value.is_null() && self.known.is_some() && !self.place.names_protocols() {
                continue;
            }
            self.next = Some((key, value));
            let read = seed.deserialize(StrDeserializer::<Error>::new(key));
            return read.map(Some).map_err(|error| error.at(|| here.path()));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let next = self.next.take();
        let (key, value) = next.ok_or_else(|| de::Error::custom("a value without a key"))?;
        let here = Keys::Key(self.place, key);
        let read = seed.deserialize(Deserializer::at(self.reading, value, here));
        read.map_err(|error| error.at(|| here.path()))
    }
}

/// One of several, by its name.
pub(super) struct Variant<'a> {
    reading: &'a Reading<'a>,
    place: &'a Keys<'a>,
    name: &'a str,
    value: &'a Value,
}

impl<'a> Variant<'a> {
    pub(super) fn new(
        reading: &'a Reading<'a>,
        place: &'a Keys<'a>,
        name: &'a str,
        value: &'a Value,
    ) -> Self {
        Self {
            reading,
            place,
            name,
            value,
        }
    }

    fn with<T>(&self, read: impl FnOnce(Deserializer<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let here = Keys::Key(self.place, self.name);
        let inner = Deserializer::at(self.reading, self.value, here);
        read(inner).map_err(|error| error.at(|| here.path()))
    }
}

impl<'de> de::EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let read = seed.deserialize(StrDeserializer::<Error>::new(self.name));
        let here = Keys::Key(self.place, self.name);
        Ok((read.map_err(|error| error.at(|| here.path()))?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.value.is_null() {
            return Ok(());
        }
        Err(de::Error::custom("there is nothing more to say here"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.with(|inner| seed.deserialize(inner))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.with(|inner| de::Deserializer::deserialize_seq(inner, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.with(|inner| de::Deserializer::deserialize_struct(inner, "", fields, visitor))
    }
}

impl Reading<'_> {
    fn drops(&self, place: &Keys<'_>) -> bool {
        !self.dropped.is_empty() && self.dropped.contains(&place.path())
    }
}
