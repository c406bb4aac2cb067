//! Reading, editing and cutting JSON by pointers.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// The segments of a pointer, unescaped.
pub(crate) fn segments(pointer: &str) -> Vec<String> {
    pointer
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// A key as a pointer spells it.
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// JSON in ASCII, as the recordings were sent: bodies of applies are read as YAML, for which a literal
/// U+2028 is the end of a line.
pub(crate) fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").expect("a String takes what is written");
            }
        }
    }
    text
}

/// The small part of JSON patch that scenarios use; `add` and `replace` make the way there.
pub(crate) fn edit(document: &mut Value, operation: &Value) {
    let path = segments(operation["path"].as_str().unwrap_or_default());
    let Some((last, way)) = path.split_last() else {
        return;
    };
    let mut place = document;
    for segment in way {
        place = step_into(place, segment);
    }
    let value = operation["value"].clone();
    match (place, operation["op"].as_str()) {
        (Value::Object(map), Some("remove")) => {
            map.remove(last);
        }
        (Value::Object(map), _) => {
            map.insert(last.clone(), value);
        }
        (Value::Array(elements), Some(op)) => {
            let index = last.parse().unwrap_or(elements.len());
            match op {
                "remove" => drop(elements.remove(index)),
                _ if last == "-" => elements.push(value),
                "add" => elements.insert(index, value),
                _ => elements[index] = value,
            }
        }
        _ => {}
    }
}

fn step_into<'a>(place: &'a mut Value, segment: &str) -> &'a mut Value {
    match place {
        Value::Array(list) => &mut list[segment.parse::<usize>().unwrap()],
        other => {
            if !other.is_object() {
                *other = json!({});
            }
            other
                .as_object_mut()
                .unwrap()
                .entry(segment)
                .or_insert_with(|| json!({}))
        }
    }
}

/// Removes all that a pointer with `*` selects.
pub(crate) fn cut(document: &mut Value, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    match document {
        Value::Object(map) => {
            let keys: Vec<String> = match first.as_str() {
                "*" => map.keys().cloned().collect(),
                _ => vec![first.clone()],
            };
            for key in keys {
                if rest.is_empty() {
                    map.remove(&key);
                } else if let Some(inner) = map.get_mut(&key) {
                    cut(inner, rest);
                }
            }
        }
        Value::Array(list) => {
            let chosen: Vec<usize> = match first.as_str() {
                "*" => (0..list.len()).collect(),
                _ => first
                    .parse()
                    .into_iter()
                    .filter(|index| *index < list.len())
                    .collect(),
            };
            for index in chosen.into_iter().rev() {
                if rest.is_empty() {
                    list.remove(index);
                } else {
                    cut(&mut list[index], rest);
                }
            }
        }
        _ => {}
    }
}

/// Sorts `managedFields`: the server's order depends on the second in which each entry was written.
pub(crate) fn sort_managers(document: &mut Value) {
    match document {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value.as_array_mut().filter(|_| key == "managedFields") {
                    Some(entries) => entries.sort_by_cached_key(|entry| {
                        ["operation", "manager", "subresource", "apiVersion"]
                            .map(|field| entry[field].as_str().unwrap_or_default().to_owned())
                    }),
                    None => sort_managers(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(sort_managers),
        _ => {}
    }
}
