//! What does one step send, and when is its answer worth comparing?

use serde_json::Value;

use crate::json::{ascii, edit};
use crate::scenario::{Step, Until};
use crate::server::{Answer, Sent};
use crate::template::{Known, url};

/// What names the manager of whoever says no other name.
pub(crate) const USER_AGENT: [&str; 2] = ["user-agent", "conformance"];

/// The request of a step, with everything filled in.
pub(crate) fn request(known: &Known, step: &Step) -> Result<Sent, String> {
    let path = known.text(step.path.as_deref().unwrap_or("/"), url)?;
    let body = body(known, step)?;
    let mut headers = vec![
        USER_AGENT.map(str::to_owned).into(),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    if body.is_some() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    for (name, value) in &step.headers {
        let name = name.to_lowercase();
        headers.retain(|(other, _)| *other != name);
        headers.extend(value.clone().map(|value| (name, value)));
    }
    Ok(Sent {
        method: step.method.clone(),
        path,
        headers,
        body,
    })
}

fn body(known: &Known, step: &Step) -> Result<Option<String>, String> {
    if let Some(from) = &step.body_from {
        let answer = known
            .answers
            .get(&from.step)
            .and_then(|answer| answer.pointer(&from.pointer));
        let mut body = answer
            .cloned()
            .ok_or_else(|| format!("step `{}` has no such answer", from.step))?;
        for operation in &from.ops {
            edit(&mut body, &known.value(operation)?);
        }
        return Ok(Some(ascii(&body)));
    }
    if let Some(text) = &step.body_text {
        return known.text(text, str::to_owned).map(Some);
    }
    step.body
        .as_ref()
        .map(|body| Ok(ascii(&known.value(body)?)))
        .transpose()
}

/// Whether what a step waits for holds.
pub(crate) fn holds(known: &Known, until: &Until, answer: &Answer) -> Result<bool, String> {
    if until.status.is_some_and(|status| status != answer.status) {
        return Ok(false);
    }
    for condition in &until.matches {
        let pointer = condition
            .get("pointer")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let found = answer.body.pointer(pointer);
        if let Some(equals) = condition.get("equals")
            && found != Some(&known.value(equals)?)
        {
            return Ok(false);
        }
        if let Some(contains) = condition.get("contains")
            && !contains_part(found, &known.value(contains)?)
        {
            return Ok(false);
        }
        if let Some(exists) = condition.get("exists")
            && Value::Bool(found.is_some()) != *exists
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a list has an element with all fields of `part`.
fn contains_part(list: Option<&Value>, part: &Value) -> bool {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|element| {
            part.as_object().is_some_and(|part| {
                part.iter()
                    .all(|(key, value)| element.get(key) == Some(value))
            })
        })
}
