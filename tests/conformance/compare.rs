//! Is an answer the recorded one?

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::json::escape;
use crate::template::{Known, Piece, Placeholder, lone, pieces};

/// The first difference: where, and what was wanted.
pub(crate) type Difference = String;

/// Compares a body with the recorded one and binds the placeholders that are new.
pub(crate) fn body(known: &mut Known, expected: &Value, found: &Value) -> Result<(), Difference> {
    same(known, expected, found, "")
}

fn same(known: &mut Known, expected: &Value, found: &Value, path: &str) -> Result<(), Difference> {
    match (expected, found) {
        (Value::String(text), _) => string(known, text, found, path),
        (Value::Object(wanted), Value::Object(got)) => object(known, wanted, got, path),
        (Value::Array(wanted), Value::Array(got)) => {
            for (index, (one, other)) in wanted.iter().zip(got).enumerate() {
                same(known, one, other, &format!("{path}/{index}"))?;
            }
            if wanted.len() == got.len() {
                Ok(())
            } else {
                Err(format!(
                    "{path}: want {} elements, got {}",
                    wanted.len(),
                    got.len()
                ))
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => Ok(()),
        _ if expected == found => Ok(()),
        _ => Err(differ(path, expected, Some(found))),
    }
}

fn object(
    known: &mut Known,
    wanted: &Map<String, Value>,
    got: &Map<String, Value>,
    path: &str,
) -> Result<(), Difference> {
    let is_failure = wanted.get("kind").is_some_and(|kind| kind == "Status")
        && wanted
            .get("status")
            .is_some_and(|status| status == "Failure");
    let mut left = got.clone();
    for (key, value) in wanted {
        let found_key = find_key(known, key, &left, path)?;
        let found = left.remove(&found_key);
        // Messages of failures are for readers and change between versions.
        if is_failure && key == "message" {
            continue;
        }
        let here = format!("{path}/{}", escape(&found_key));
        let found = found.ok_or_else(|| differ(&here, value, None))?;
        if is_failure && key == "details" {
            details(known, value, &found, &here)?;
        } else {
            same(known, value, &found, &here)?;
        }
    }
    if is_failure {
        left.remove("message");
    }
    match left.iter().next() {
        None => Ok(()),
        Some((key, value)) => Err(format!(
            "{path}/{}: want nothing, got {}",
            escape(key),
            short(value)
        )),
    }
}

/// The key of an answer that an expected key stands for.
fn find_key(
    known: &mut Known,
    key: &str,
    candidates: &Map<String, Value>,
    path: &str,
) -> Result<String, Difference> {
    let filled = known.text(key, str::to_owned)?;
    let is_open = pieces(&filled)
        .iter()
        .any(|piece| matches!(piece, Piece::Stand(_)));
    if is_open && !candidates.contains_key(&filled) {
        for candidate in candidates.keys() {
            if string(known, key, &Value::String(candidate.clone()), path).is_ok() {
                return Ok(candidate.clone());
            }
        }
    }
    Ok(filled)
}

/// The details of a failure: causes are a multiset of field and reason.
fn details(
    known: &mut Known,
    expected: &Value,
    found: &Value,
    path: &str,
) -> Result<(), Difference> {
    let (mut expected, mut found) = (expected.clone(), found.clone());
    let causes = |details: &mut Value| -> Vec<(String, String)> {
        let causes = details
            .as_object_mut()
            .and_then(|details| details.remove("causes"));
        let text = |cause: &Value, key: &str| cause[key].as_str().unwrap_or_default().to_owned();
        let list = causes
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        list.map(|cause| (text(cause, "field"), text(cause, "reason")))
            .collect()
    };
    let mut wanted = causes(&mut expected)
        .into_iter()
        .map(|(field, reason)| Ok((known.text(&field, str::to_owned)?, reason)))
        .collect::<Result<Vec<_>, String>>()?;
    let mut got = causes(&mut found);
    wanted.sort();
    got.sort();
    if wanted != got {
        return Err(format!("{path}/causes: want {wanted:?}, got {got:?}"));
    }
    same(known, &expected, &found, path)
}

fn string(known: &mut Known, text: &str, found: &Value, path: &str) -> Result<(), Difference> {
    let expected = text.replace("{ns}", &known.namespace);
    if let Some(placeholder) = lone(&expected) {
        return stand(known, &placeholder, found, path);
    }
    let Some(actual) = found.as_str() else {
        return Err(differ(path, &Value::String(expected), Some(found)));
    };
    if actual == expected {
        return Ok(());
    }
    let parts = pieces(&expected);
    let mut values = Vec::new();
    if parts.len() > 1 && fits(&parts, actual, &mut values) {
        for (placeholder, value) in values {
            stand(known, &placeholder, &Value::String(value), path)?;
        }
        return Ok(());
    }
    Err(differ(path, &Value::String(expected), Some(found)))
}

/// Whether a text has the literal pieces in order; gives what stands between them, shortest first.
fn fits(pieces: &[Piece<'_>], text: &str, values: &mut Vec<(Placeholder, String)>) -> bool {
    match pieces.split_first() {
        None => text.is_empty(),
        Some((Piece::Text(literal), rest)) => text
            .strip_prefix(literal)
            .is_some_and(|text| fits(rest, text, values)),
        Some((Piece::Stand(placeholder), rest)) => {
            let ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
            for end in ends.collect::<Vec<_>>() {
                values.push((placeholder.clone(), text[..end].to_owned()));
                if fits(rest, &text[end..], values) {
                    return true;
                }
                values.pop();
            }
            false
        }
    }
}

/// A value where a placeholder is expected.
fn stand(
    known: &mut Known,
    placeholder: &Placeholder,
    found: &Value,
    path: &str,
) -> Result<(), Difference> {
    let Some(number) = placeholder.number else {
        let is_time = found.as_str().is_some_and(is_time);
        return if placeholder.kind == "time" && !is_time {
            Err(format!("{path}: want a time, got {}", short(found)))
        } else {
            Ok(())
        };
    };
    let kind = placeholder.kind.as_str();
    if !is_of(kind, found) {
        return Err(format!(
            "{path}: want a value of <{kind}>, got {}",
            short(found)
        ));
    }
    let key = (kind.to_owned(), number);
    if let Some(bound) = known.bound.get(&key) {
        return if bound == found {
            Ok(())
        } else {
            Err(format!(
                "{path}: want <{kind}:{number}> (= {bound}), got {}",
                short(found)
            ))
        };
    }
    check_rank(&known.bound, kind, number, found, path)?;
    known.bound.insert(key, found.clone());
    Ok(())
}

/// Different placeholders have different values, and those of versions have an order.
fn check_rank(
    bound: &BTreeMap<(String, u64), Value>,
    kind: &str,
    number: u64,
    found: &Value,
    path: &str,
) -> Result<(), Difference> {
    let rank = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
    for ((other_kind, other), value) in bound {
        if kind == "lrv" && other_kind == "rv" && rank(value) > rank(found) {
            return Err(format!(
                "{path}: list version {found} is older than <rv:{other}> (= {value})"
            ));
        }
        if other_kind != kind {
            continue;
        }
        if value == found && kind != "lrv" {
            return Err(format!(
                "{path}: want a new <{kind}:{number}>, got that of <{kind}:{other}>"
            ));
        }
        if kind == "rv" && (*other < number) != (rank(value) < rank(found)) {
            return Err(format!(
                "{path}: <rv:{number}> (= {found}) and <rv:{other}> (= {value}) are out of order"
            ));
        }
    }
    Ok(())
}

fn is_of(kind: &str, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    match kind {
        "rv" | "lrv" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
        "uid" => is_uuid(text),
        "ip" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "nodePort" => value
            .as_i64()
            .is_some_and(|port| (30_000..=65_535).contains(&port)),
        _ => !text.is_empty(),
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &&str| {
        part.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(hex)
}

/// `2026-01-01T00:00:00Z`, with or without a fraction.
fn is_time(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    let whole = shape
        .split_once('.')
        .map_or(shape.as_str(), |(whole, fraction)| {
            if fraction.trim_start_matches('0') == "Z" {
                whole
            } else {
                ""
            }
        });
    matches!(whole, "0000-00-00T00:00:00Z" | "0000-00-00T00:00:00") && text.ends_with('Z')
}

fn differ(path: &str, expected: &Value, found: Option<&Value>) -> Difference {
    let found = found.map_or_else(|| "nothing".to_owned(), short);
    format!("{path}: want {}, got {found}", short(expected))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(160) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::body;
    use crate::template::Known;

    #[test]
    fn placeholders_bind_once_and_versions_have_an_order() {
        let mut known = Known {
            namespace: "cf-1".to_owned(),
            ..Known::default()
        };
        let uid = "01234567-89ab-4cde-8f01-23456789abcd";
        assert!(body(&mut known, &json!({ "u": "<uid:1>" }), &json!({ "u": uid })).is_ok());
        assert!(body(&mut known, &json!("x-<uid:1>"), &json!(format!("x-{uid}"))).is_ok());
        assert!(body(&mut known, &json!("<uid:2>"), &json!(uid)).is_err());
        assert!(body(&mut known, &json!("<rv:2>"), &json!("7")).is_ok());
        assert!(body(&mut known, &json!("<rv:1>"), &json!("8")).is_err());
        assert!(body(&mut known, &json!("<lrv:1>"), &json!("6")).is_err());
        assert!(
            body(
                &mut known,
                &json!("<time>"),
                &json!("2026-01-01T00:00:00.000001Z")
            )
            .is_ok()
        );
        assert!(body(&mut known, &json!("<time>"), &json!("yesterday")).is_err());
    }

    #[test]
    fn a_missing_and_an_additional_field_both_differ() {
        let mut known = Known::default();
        assert!(body(&mut known, &json!({ "a": 1 }), &json!({})).is_err());
        assert!(body(&mut known, &json!({}), &json!({ "a": 1 })).is_err());
        assert!(body(&mut known, &json!([1.0]), &json!([1])).is_ok());
    }

    #[test]
    fn causes_are_a_multiset_without_their_messages() {
        let status = |causes: serde_json::Value| json!({ "kind": "Status", "status": "Failure", "message": "m", "details": { "causes": causes } });
        let one = json!({ "field": "a", "reason": "r", "message": "here" });
        let same = json!({ "field": "a", "reason": "r", "message": "there" });
        let mut known = Known::default();
        assert!(body(&mut known, &status(json!([one])), &status(json!([same]))).is_ok());
        assert!(
            body(
                &mut known,
                &status(json!([one, one])),
                &status(json!([same]))
            )
            .is_err()
        );
    }
}
