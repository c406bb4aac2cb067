//! The columns that a CRD defines.

use serde_json::{Value, json};

use super::time::since;
use super::{Column, age, name};

/// The name, then what the CRD says, or the age where it says nothing.
pub(super) fn columns(definitions: &[Value]) -> Vec<Column> {
    if definitions.is_empty() {
        return vec![name(), age()];
    }
    std::iter::once(name())
        .chain(definitions.iter().map(column))
        .collect()
}

fn column(definition: &Value) -> Column {
    let part = |key: &str| definition[key].as_str().unwrap_or_default().to_owned();
    let (path, kind) = (part("jsonPath"), part("type"));
    let is_date = kind == "date";
    let mut column = Column::new(&part("name"), &kind, move |object| {
        match find(object, &path) {
            Some(time) if is_date => since(time),
            Some(value) if value.is_object() || value.is_array() => json!(value.to_string()),
            Some(value) => value.clone(),
            None => Value::Null,
        }
    });
    column.format = part("format");
    column.description = part("description");
    column.priority = definition["priority"].as_i64().unwrap_or_default();
    column
}

/// The simple part of `JSONPath` that columns use: `.spec.list[0].field`, `.status.conditions[?(@.type=="Ready")].status`.
fn find<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let mut place = object;
    let mut rest = path.trim_start_matches('$');
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (index, tail) = inner.split_once(']')?;
            place = match index.strip_prefix("?(@.") {
                Some(test) => filtered(place, test)?,
                None => match index.parse::<usize>() {
                    Ok(index) => place.get(index)?,
                    Err(_) => place.get(index.trim_matches(['\'', '"']))?,
                },
            };
            rest = tail;
        } else {
            let named = rest.strip_prefix('.')?;
            let end = named.find(['.', '[']).unwrap_or(named.len());
            place = place.get(&named[..end])?;
            rest = &named[end..];
        }
    }
    Some(place)
}

/// The first element whose field is as a test like `type=="Ready")` wants it.
fn filtered<'a>(list: &'a Value, test: &str) -> Option<&'a Value> {
    let (field, wanted) = test.trim_end_matches(')').split_once("==")?;
    let wanted = wanted.trim().trim_matches(['\'', '"']);
    list.as_array()?
        .iter()
        .find(|element| element[field.trim()].as_str() == Some(wanted))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::find;

    #[test]
    fn paths_of_columns_find_their_values() {
        let object = json!({ "spec": { "list": [{ "a": 1 }] }, "status": { "conditions": [
            { "type": "Other", "status": "False" }, { "type": "Ready", "status": "True" },
        ] } });
        let ready = ".status.conditions[?(@.type==\"Ready\")].status";
        assert_eq!(find(&object, ready), Some(&json!("True")));
        assert_eq!(find(&object, ".spec.list[0].a"), Some(&json!(1)));
        assert_eq!(find(&object, ".spec.none"), None);
        assert_eq!(find(&object, "nonsense"), None);
    }
}
