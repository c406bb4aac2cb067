//! Whether an applied configuration fits the schema.

use fields::{ElementError, FieldPath, ListType, PathElement, Scalar, Schema, Typed, element_key};
use serde_json::{Map, Value};

/// A place where a value does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TypeError {
    path: FieldPath,
    problem: Problem,
}

/// Everything that does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TypeErrors(Vec<TypeError>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("expected {expected}, got {found}")]
    WrongType {
        expected: &'static str,
        found: String,
    },
    #[error("field not declared in schema")]
    Undeclared,
    #[error("element {index}: {source}")]
    Unidentified { index: usize, source: ElementError },
    #[error("duplicate entries for key {0}")]
    Duplicate(PathElement),
}

impl std::fmt::Display for TypeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, problem } = self;
        if path.is_root() {
            write!(f, "{problem}")
        } else {
            write!(f, "{path}: {problem}")
        }
    }
}

impl std::fmt::Display for TypeErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_slice() {
            [error] => write!(f, "{error}"),
            errors => {
                f.write_str("errors:")?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
        }
    }
}

impl std::error::Error for TypeErrors {}

/// Checks types, declared fields, and that no two elements of a list share a key.
pub(super) fn check(value: &Value, schema: &Schema) -> Result<(), TypeErrors> {
    let mut walk = Walk {
        path: FieldPath::root(),
        errors: Vec::new(),
    };
    walk.visit(value, schema);
    if walk.errors.is_empty() {
        Ok(())
    } else {
        Err(TypeErrors(walk.errors))
    }
}

struct Walk {
    path: FieldPath,
    errors: Vec<TypeError>,
}

impl Walk {
    fn visit(&mut self, value: &Value, schema: &Schema) {
        match (schema.typed(value), value) {
            (_, Value::Null) => {}
            (Typed::Scalar(scalar), _) => {
                if let Some(expected) = misfit(scalar, value) {
                    self.wrong_type(expected, value);
                }
            }
            (Typed::List(list), Value::Array(elements)) => {
                let keys = elements.iter().map(|element| element_key(element, list));
                if list.list_type == ListType::Atomic {
                    self.visit_elements(
                        elements,
                        (0..elements.len()).map(|index| Ok(PathElement::Index(index))),
                        schema,
                    );
                } else {
                    self.visit_elements(elements, keys, schema);
                }
            }
            (Typed::Map(_), Value::Object(entries)) => self.visit_map(entries, schema),
            (Typed::List(_), _) => self.wrong_type("list", value),
            (Typed::Map(_), _) => self.wrong_type("map", value),
        }
    }

    fn visit_elements(
        &mut self,
        elements: &[Value],
        keys: impl Iterator<Item = Result<PathElement, ElementError>>,
        schema: &Schema,
    ) {
        let schema = schema.element().unwrap_or_else(Schema::untyped);
        let mut seen = Vec::new();
        for (index, (element, key)) in elements.iter().zip(keys).enumerate() {
            let key = match key {
                Ok(key) => key,
                // Without a key nothing below can be named: the rest of the list is not looked at.
                Err(source) => return self.error(Problem::Unidentified { index, source }),
            };
            if seen.contains(&key) {
                self.error(Problem::Duplicate(key.clone()));
            }
            self.path.push(key.clone());
            self.visit(element, &schema);
            self.path.pop();
            seen.push(key);
        }
    }

    fn visit_map(&mut self, entries: &Map<String, Value>, schema: &Schema) {
        for (name, entry) in entries {
            self.path.push(PathElement::field(name));
            let schema = schema.field(name);
            match &schema {
                Some(schema) => self.visit(entry, schema),
                None => self.error(Problem::Undeclared),
            }
            self.path.pop();
            if schema.is_none() {
                return;
            }
        }
    }

    fn wrong_type(&mut self, expected: &'static str, found: &Value) {
        self.error(Problem::WrongType {
            expected,
            found: format!("&{{{}}}", go(found)),
        });
    }

    fn error(&mut self, problem: Problem) {
        self.errors.push(TypeError {
            path: self.path.clone(),
            problem,
        });
    }
}

/// What was expected, where the value is something else.
fn misfit(scalar: Scalar, value: &Value) -> Option<&'static str> {
    let (fits, expected) = match scalar {
        Scalar::String | Scalar::Bytes => (value.is_string(), "string"),
        Scalar::Integer(_) | Scalar::Number => (value.is_number(), "numeric (int or float)"),
        Scalar::Boolean => (value.is_boolean(), "boolean"),
        Scalar::DateTime | Scalar::Quantity | Scalar::IntOrString | Scalar::Any => {
            (!value.is_array() && !value.is_object(), "any scalar")
        }
    };
    (!fits).then_some(expected)
}

/// A value as Go prints one.
fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(elements) => format!(
            "[{}]",
            elements.iter().map(go).collect::<Vec<_>>().join(" ")
        ),
        Value::Object(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(name, entry)| format!("{name}:{}", go(entry)))
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        other => other.to_string(),
    }
}
