//! Which objects does a field selector choose?

use serde_json::Value;

use crate::status::Refusal;

/// A parsed `fieldSelector`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<FieldTest>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldTest {
    field: String,
    equal: bool,
    value: String,
}

impl FieldSelector {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let terms = text
            .split(',')
            .map(str::trim)
            .filter(|term| !term.is_empty());
        let tests = terms.map(|term| {
            let (field, equal, value) = term
                .split_once("!=")
                .map(|(field, value)| (field, false, value))
                .or_else(|| {
                    term.split_once("==")
                        .map(|(field, value)| (field, true, value))
                })
                .or_else(|| {
                    term.split_once('=')
                        .map(|(field, value)| (field, true, value))
                })
                .ok_or_else(|| {
                    Refusal::bad_request(format!(
                        "invalid selector: '{term}'; can't understand '{term}'"
                    ))
                })?;
            Ok(FieldTest {
                field: field.to_owned(),
                equal,
                value: value.to_owned(),
            })
        });
        tests.collect::<Result<_, Refusal>>().map(Self)
    }

    /// The fields it asks about.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|test| test.field.as_str())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|test| {
            let pointer = format!("/{}", test.field.replace('.', "/"));
            let text = match object.pointer(&pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            (text == test.value) == test.equal
        })
    }
}
