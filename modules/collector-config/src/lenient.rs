//! What does the program read where this crate's types alone would not?

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Settings as the program reads them.
pub(crate) struct Read<C> {
    pub(crate) component: C,
    /// Whether a value is only known when the program runs, and what it would refuse cannot be told.
    pub(crate) open: bool,
}

/// A component without settings is written `name:`, and a setting without a value likewise.
pub(crate) fn read<C: DeserializeOwned>(settings: &Value) -> Result<C, serde_json::Error> {
    if settings.is_null() {
        return C::deserialize(Value::Object(Map::new()));
    }
    C::deserialize(settings)
        .or_else(|error| C::deserialize(without_nulls(settings)).map_err(|_| error))
}

/// The same, where a variable may also stand for a number, a duration or a switch.
pub(crate) fn read_open<C: DeserializeOwned>(
    settings: &Value,
) -> Result<Read<C>, serde_json::Error> {
    let error = match read(settings) {
        Ok(component) => {
            let open = false;
            return Ok(Read { component, open });
        }
        Err(error) => error,
    };
    let mut open = false;
    let settings = settled(&without_nulls(settings), &mut open);
    match C::deserialize(settings) {
        Ok(component) => Ok(Read { component, open }),
        Err(_) => Err(error),
    }
}

/// Keys without values are left out, but a protocol that is named is on.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, field)| !field.is_null());
            let kept = kept.map(|(key, field)| match (key.as_str(), field) {
                ("protocols", Value::Object(protocols)) => (key.clone(), switched_on(protocols)),
                _ => (key.clone(), without_nulls(field)),
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

fn switched_on(protocols: &Map<String, Value>) -> Value {
    let all = protocols.iter().map(|(name, settings)| match settings {
        Value::Null => (name.clone(), Value::Object(Map::new())),
        settings => (name.clone(), without_nulls(settings)),
    });
    Value::Object(all.collect())
}

/// Values that are a placeholder and nothing else have their default, or are left out.
fn settled(value: &Value, open: &mut bool) -> Value {
    match value {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, field) in fields {
                let Some(inner) = whole_placeholder(field) else {
                    kept.insert(key.clone(), settled(field, open));
                    continue;
                };
                *open = true;
                kept.extend(default_of(inner).map(|default| (key.clone(), default)));
            }
            Value::Object(kept)
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| settled(item, open));
            Value::Array(items.collect())
        }
        other => other.clone(),
    }
}

/// What stands in the braces, where a value is one placeholder and nothing else.
fn whole_placeholder(value: &Value) -> Option<&str> {
    let inner = value.as_str()?.strip_prefix("${")?.strip_suffix('}')?;
    (!inner.contains('}')).then_some(inner)
}

/// What a variable is where it is not set.
fn default_of(inner: &str) -> Option<Value> {
    let (_, default) = inner.split_once(":-")?;
    serde_saphyr::from_str(default).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::{
        otlp::{GrpcServer, HttpServer, Otlp},
        processors::MemoryLimiter,
    };

    fn value(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap_or_default()
    }

    #[test]
    fn a_key_without_a_value_is_none_and_a_named_protocol_is_on() {
        let text = "{protocols: {grpc: , http: {tls: , endpoint: }}}";
        let otlp: Otlp = read(&value(text)).expect(text);
        assert_eq!(otlp.protocols.grpc, Some(GrpcServer::default()));
        assert_eq!(otlp.protocols.http, Some(HttpServer::default()));
        assert!(read::<Otlp>(&value("{protocls: {grpc: }}")).is_err());
    }

    #[test]
    fn a_variable_may_stand_for_a_number() {
        for (text, limit) in [
            ("{check_interval: 1s, limit_mib: '${env:LIMIT:-400}'}", 400),
            ("{check_interval: '${env:A}', limit_mib: '${env:B}'}", 0),
        ] {
            let read: Read<MemoryLimiter> = read_open(&value(text)).expect(text);
            assert!(read.open);
            assert_eq!(read.component.limit_mib, limit, "{text}");
        }
        let wrong = "{check_interval: 1s, limit_mib: '400${env:B}'}";
        assert!(read_open::<MemoryLimiter>(&value(wrong)).is_err());
    }
}
