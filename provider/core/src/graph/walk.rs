//! Which values stand at a path?

use serde_json::Value;

/// A value, and the path at which it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found<'a> {
    pub(crate) path: String,
    pub(crate) value: &'a Value,
}

/// All values at a pattern of field names, where `name[]` stands for every item of a list:
/// `spec.volumes[].configMap`. An empty pattern is the root itself.
pub(crate) fn find<'a>(root: &'a Value, pattern: &str) -> Vec<Found<'a>> {
    let start = Found {
        path: String::new(),
        value: root,
    };
    pattern
        .split('.')
        .filter(|step| !step.is_empty())
        .fold(vec![start], |found, step| {
            found.iter().flat_map(|at| at.step(step)).collect()
        })
}

/// `a.b`, where either may be empty.
pub(crate) fn join(path: &str, field: &str) -> String {
    match (path, field) {
        ("", _) => field.to_owned(),
        (_, "") => path.to_owned(),
        _ => format!("{path}.{field}"),
    }
}

/// The text of a field; empty text counts as none, as everywhere in the API.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The items of a list, or none where there is no list.
pub(crate) fn items<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// How a list's item is called in a path: by its name where it has one, else by its position.
pub(crate) fn item_name(item: &Value, index: usize) -> String {
    text(item, "name").map_or_else(|| index.to_string(), str::to_owned)
}

impl<'a> Found<'a> {
    fn step(&self, step: &str) -> Vec<Found<'a>> {
        let (field, every) = match step.strip_suffix("[]") {
            Some(field) => (field, true),
            None => (step, false),
        };
        let Some(value) = self.value.get(field) else {
            return Vec::new();
        };
        let path = join(&self.path, field);
        if !every {
            return vec![Found { path, value }];
        }
        let item = |(index, value)| Found {
            path: format!("{path}[{}]", item_name(value, index)),
            value,
        };
        value
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(item)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_name_items_where_they_have_names() {
        let root = json!({ "spec": { "volumes": [
            { "name": "config", "configMap": { "name": "a" } },
            { "configMap": { "name": "b" } },
            { "name": "data" },
        ] } });
        let paths: Vec<_> = find(&root, "spec.volumes[].configMap.name")
            .into_iter()
            .map(|found| (found.path, found.value.clone()))
            .collect();
        assert_eq!(
            paths,
            [
                ("spec.volumes[config].configMap.name".to_owned(), json!("a")),
                ("spec.volumes[1].configMap.name".to_owned(), json!("b")),
            ]
        );
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for (root, pattern) in [
            (json!(null), "a.b"),
            (json!("text"), "a[]"),
            (json!({ "a": "text" }), "a[]"),
            (json!({ "a": {} }), "a[].b"),
            (json!([1]), "a"),
        ] {
            assert_eq!(find(&root, pattern), [], "{pattern}");
        }
        assert_eq!(find(&json!(1), "")[0].value, &json!(1));
    }
}
