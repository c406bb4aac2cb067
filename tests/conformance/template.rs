//! What do placeholders and references stand for in one run of a scenario?

use std::collections::BTreeMap;

use serde_json::Value;

/// What was learnt while a scenario ran.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The namespace of the run.
    pub(crate) namespace: String,
    /// Answers by step.
    pub(crate) answers: BTreeMap<String, Value>,
    /// Values by placeholder: the kind and its number.
    pub(crate) bound: BTreeMap<(String, u64), Value>,
}

/// A placeholder: `<uid:1>`, `<time>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(crate) kind: String,
    /// Numbered ones stand for one value throughout a scenario.
    pub(crate) number: Option<u64>,
}

/// A text cut into what is literal and what stands for something.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Stand(Placeholder),
}

const NUMBERED: [&str; 7] = ["uid", "rv", "lrv", "ip", "nodePort", "name", "continue"];
const PLAIN: [&str; 4] = ["time", "age", "hash", "any"];

/// Cuts a text at its placeholders.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut from) = (0, 0);
    while let Some(open) = text[from..].find('<').map(|at| from + at) {
        let placeholder = text[open..].find('>').and_then(|length| {
            Some((
                open + length + 1,
                placeholder(&text[open + 1..open + length])?,
            ))
        });
        if let Some((end, placeholder)) = placeholder {
            if start < open {
                pieces.push(Piece::Text(&text[start..open]));
            }
            pieces.push(Piece::Stand(placeholder));
            (start, from) = (end, end);
        } else {
            from = open + 1;
        }
    }
    if start < text.len() {
        pieces.push(Piece::Text(&text[start..]));
    }
    pieces
}

fn placeholder(text: &str) -> Option<Placeholder> {
    match text.split_once(':') {
        Some((kind, number)) if NUMBERED.contains(&kind) => Some(Placeholder {
            kind: kind.to_owned(),
            number: Some(number.parse().ok()?),
        }),
        None if PLAIN.contains(&text) => Some(Placeholder {
            kind: text.to_owned(),
            number: None,
        }),
        _ => None,
    }
}

/// Whether a text is one placeholder and nothing else.
pub(crate) fn lone(text: &str) -> Option<Placeholder> {
    match <[Piece<'_>; 1]>::try_from(pieces(text)) {
        Ok([Piece::Stand(placeholder)]) => Some(placeholder),
        _ => None,
    }
}

impl Known {
    /// Fills in a text of a request. `encode` prepares values for a URL.
    pub(crate) fn text(&self, text: &str, encode: fn(&str) -> String) -> Result<String, String> {
        let text = text.replace("{ns}", &self.namespace);
        let mut filled = String::new();
        let mut rest = text.as_str();
        while let Some(open) = rest.find("{{") {
            let Some(length) = rest[open..].find("}}") else {
                break;
            };
            filled.push_str(&rest[..open]);
            filled.push_str(&encode(&plain(
                &self.reference(&rest[open + 2..open + length])?,
            )));
            rest = &rest[open + length + 2..];
        }
        filled.push_str(rest);
        let filled = pieces(&filled).into_iter().map(|piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Stand(placeholder) => self.filled(&placeholder, encode),
        });
        Ok(filled.collect())
    }

    fn filled(&self, placeholder: &Placeholder, encode: fn(&str) -> String) -> String {
        match placeholder.number {
            None => format!("<{}>", placeholder.kind),
            Some(number) => match self.bound.get(&(placeholder.kind.clone(), number)) {
                Some(value) => encode(&plain(value)),
                None => format!("<{}:{number}>", placeholder.kind),
            },
        }
    }

    /// The value of `step:/pointer`, or so many letters.
    fn reference(&self, reference: &str) -> Result<Value, String> {
        let (step, pointer) = reference
            .split_once(':')
            .ok_or_else(|| format!("`{reference}` is no reference"))?;
        if step == "repeat" {
            let count = pointer
                .parse()
                .map_err(|_| format!("`{reference}` is no count"))?;
            return Ok(Value::String("a".repeat(count)));
        }
        let value = self
            .answers
            .get(step)
            .and_then(|answer| answer.pointer(pointer));
        value
            .cloned()
            .ok_or_else(|| format!("reference `{reference}` has no value"))
    }

    /// Fills in a body. A text that is only a reference keeps the type of what it refers to.
    pub(crate) fn value(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::Object(map) => Value::Object(
                map.iter()
                    .map(|(key, value)| Ok((self.text(key, str::to_owned)?, self.value(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Value::Array(list) => list
                .iter()
                .map(|item| self.value(item))
                .collect::<Result<_, String>>()?,
            Value::String(text) => self.string(text)?,
            other => other.clone(),
        })
    }

    fn string(&self, text: &str) -> Result<Value, String> {
        let inner = text
            .strip_prefix("{{")
            .and_then(|rest| rest.strip_suffix("}}"));
        if let Some(reference) = inner.filter(|inner| !inner.contains('{')) {
            return self.reference(reference);
        }
        let bound = lone(text)
            .and_then(|placeholder| Some((placeholder.kind, placeholder.number?)))
            .and_then(|key| self.bound.get(&key));
        match bound {
            Some(value) => Ok(value.clone()),
            None => self.text(text, str::to_owned).map(Value::String),
        }
    }
}

/// A value as it stands in a text.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Percent-encodes all but unreserved letters.
pub(crate) fn url(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn a_text_is_cut_at_its_placeholders_only() {
    let stand = |kind: &str, number| {
        Piece::Stand(Placeholder {
            kind: kind.to_owned(),
            number,
        })
    };
    assert_eq!(
        pieces("a <b> <uid:2>-<any>"),
        [
            Piece::Text("a <b> "),
            stand("uid", Some(2)),
            Piece::Text("-"),
            stand("any", None),
        ]
    );
    assert_eq!(
        lone("<time>"),
        Some(Placeholder {
            kind: "time".to_owned(),
            number: None
        })
    );
    assert_eq!(lone("<time> "), None);
}
