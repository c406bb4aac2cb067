//! What does the body of a request say?

use serde_json::{Value, json};

use super::call::Call;
use crate::admission::{self, Numbers};
use crate::custom;
use crate::status::{Cause, Refusal, Subject};

/// What becomes of fields that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl FieldValidation {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Refusal> {
        match call.query.get("fieldValidation") {
            None | Some("Warn") => Ok(Self::Warn),
            Some("Ignore") => Ok(Self::Ignore),
            Some("Strict") => Ok(Self::Strict),
            Some(other) => Err(unsupported(
                call,
                "fieldValidation",
                other,
                "\"\", \"Ignore\", \"Strict\", \"Warn\"",
            )),
        }
    }
}

/// An option of the query has a value that is none of its own.
pub(super) fn unsupported(call: &Call<'_>, field: &str, value: &str, supported: &str) -> Refusal {
    Refusal::invalid(
        Subject {
            group: "meta.k8s.io",
            kind: call.options_kind(),
            name: "",
        },
        vec![Cause {
            reason: "FieldValueNotSupported".to_owned(),
            message: format!("Unsupported value: \"{value}\": supported values: {supported}"),
            field: field.to_owned(),
        }],
    )
}

/// A text as JSON or YAML, and its duplicate keys.
pub(super) struct Parsed {
    pub(super) value: Value,
    pub(super) duplicates: Vec<String>,
}

/// Reads the object of a POST or PUT: complete, canonical, with its defaults.
pub(super) fn object(call: &Call<'_>) -> Result<Value, Refusal> {
    let parsed = match call.media_type() {
        "application/json" | "" => parse_json(call)?,
        "application/yaml" => parse_yaml(call.body).map_err(Refusal::bad_request)?,
        other => return Err(Refusal::unsupported_media_type(other)),
    };
    let validation = FieldValidation::of(call)?;
    let mut raw = parsed.value;
    check_kind(call, &mut raw)?;
    let version = call.resource.api_version();
    let refuse = |problem: &str| {
        Refusal::bad_request(admission::cannot_be_handled(
            &version,
            &call.resource.kind,
            problem,
        ))
    };
    let decoded = decode(call, &raw, Numbers::Checked).map_err(|problem| refuse(&problem))?;
    let mut problems = parsed.duplicates;
    problems.extend(decoded.unknown);
    match validation {
        FieldValidation::Strict if !problems.is_empty() => {
            return Err(refuse(&admission::strict(&problems)));
        }
        FieldValidation::Warn => call.warn(problems),
        FieldValidation::Strict | FieldValidation::Ignore => {}
    }
    Ok(decoded.object)
}

/// An object as its kind reads it, with defaults, and what was unknown in it.
pub(super) struct Decoded {
    pub(super) object: Value,
    pub(super) unknown: Vec<String>,
}

/// Reads an object as its kind, and fills in its defaults.
pub(super) fn decode(call: &Call<'_>, raw: &Value, numbers: Numbers) -> Result<Decoded, String> {
    let (mut object, unknown) = if let Some(version) = call.resource.custom() {
        custom::read(&version.schema, raw)
    } else {
        let decoded = admission::decode(raw, numbers).map_err(|error| error.to_string())?;
        (decoded.object, decoded.unknown)
    };
    match call.resource.custom() {
        Some(version) => {
            custom::default(&version.schema, &mut object);
            if numbers == Numbers::Checked {
                custom::drop_nulls(&version.schema, &mut object);
            }
        }
        None => admission::default(&mut object),
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    // An empty list resets the owners, which leaving it out does not.
    if raw["metadata"]["managedFields"] == json!([]) {
        object["metadata"]["managedFields"] = json!([]);
    }
    Ok(Decoded { object, unknown })
}

fn parse_json(call: &Call<'_>) -> Result<Parsed, Refusal> {
    let text = String::from_utf8_lossy(call.body);
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        let shown: String = if text.is_empty() {
            "<empty>".to_owned()
        } else {
            text.chars().take(32).collect()
        };
        Refusal::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; \
             json parse error: {error} ({shown})",
            call.resource.kind
        ))
    })?;
    Ok(Parsed {
        value,
        duplicates: admission::json_duplicates(&text),
    })
}

/// Reads YAML by the rules of version 1.1, as the API server does: the first document, the last of equal keys.
pub(super) fn parse_yaml(bytes: &[u8]) -> Result<Parsed, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| format!("error decoding YAML: {error}"))?;
    let read = |duplicate_keys| {
        let options = serde_saphyr::options! {
            duplicate_keys: duplicate_keys,
            legacy_octal_numbers: true,
            with_snippet: false,
        };
        serde_saphyr::from_multiple_with_options::<Value>(text, options)
    };
    let problem = |error: &serde_saphyr::Error| {
        format!("error decoding YAML: error converting YAML to JSON: yaml: {error}")
    };
    let documents =
        read(serde_saphyr::DuplicateKeyPolicy::LastWins).map_err(|error| problem(&error))?;
    let duplicates = match read(serde_saphyr::DuplicateKeyPolicy::Error) {
        Ok(_) => Vec::new(),
        Err(error) => duplicate(text, &error).into_iter().collect(),
    };
    Ok(Parsed {
        value: documents.into_iter().next().unwrap_or_default(),
        duplicates,
    })
}

/// A duplicate key in the words of the API server: `line 6: key "k" already set in map`.
fn duplicate(text: &str, error: &serde_saphyr::Error) -> Option<String> {
    let location = error.location()?;
    let line = usize::try_from(location.line()).ok()?;
    let column = usize::try_from(location.column()).ok()?;
    let rest: String = text
        .lines()
        .nth(line.checked_sub(1)?)?
        .chars()
        .skip(column.checked_sub(1)?)
        .collect();
    let key = rest
        .split(':')
        .next()?
        .trim()
        .trim_matches(['"', '\''])
        .to_owned();
    Some(format!("line {line}: key {key:?} already set in map"))
}

/// The kind may be left out; another one is refused.
fn check_kind(call: &Call<'_>, object: &mut Value) -> Result<(), Refusal> {
    if !object.is_object() {
        return Err(Refusal::bad_request(
            "couldn't get version/kind; json parse error: the body is not an object",
        ));
    }
    let resource = &call.resource;
    let expected = [
        ("apiVersion", resource.api_version()),
        ("kind", resource.kind.clone()),
    ];
    for (field, expected) in expected {
        match &object[field] {
            Value::Null => object[field] = json!(expected),
            Value::String(found) if found.is_empty() => object[field] = json!(expected),
            Value::String(found) if *found == expected => {}
            Value::String(found) => {
                return Err(Refusal::bad_request(format!(
                    "{field} in the data ({found}) does not match the expected {field} ({expected})"
                )));
            }
            _ => {
                return Err(Refusal::bad_request(format!(
                    "couldn't get version/kind; json parse error: json: cannot unmarshal {field}"
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse_yaml;

    #[test]
    fn yaml_is_read_by_the_old_rules() {
        let text = b"a: yes\nb: on\nc: 0400\nd: 0x2\ne: 'yes'\n---\na: other\n";
        let parsed = parse_yaml(text).unwrap();
        assert_eq!(
            parsed.value,
            json!({ "a": true, "b": true, "c": 256, "d": 2, "e": "yes" })
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_named_with_its_line() {
        let parsed = parse_yaml(b"data:\n  k: \"1\"\n  k: \"2\"\n").unwrap();
        assert_eq!(parsed.value, json!({ "data": { "k": "2" } }));
        assert_eq!(parsed.duplicates, ["line 3: key \"k\" already set in map"]);
        let parsed = parse_yaml(br#"{"data":{"k":"1","k":"2"}}"#).unwrap();
        assert_eq!(parsed.duplicates, ["line 1: key \"k\" already set in map"]);
    }

    #[test]
    fn what_is_no_yaml_is_an_error() {
        assert!(parse_yaml(b"{\"a\":").is_err());
        assert!(parse_yaml(b"\xff").is_err());
    }
}
