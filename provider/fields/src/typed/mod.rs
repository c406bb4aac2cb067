//! What paths a value has, and what lies at a path of a value.

mod element;
mod select;

use serde_json::Value;

use crate::path::{FieldPath, PathElement};
use crate::schema::{ListShape, ListType, MapType, Schema, Typed};
use crate::set::FieldSet;

pub use element::{ElementError, element_key, element_keys};
pub use select::{extract, remove};

impl FieldSet {
    /// The paths that a manager owns who applies this value.
    ///
    /// Leaves, elements of associative lists, entries of maps, and what is empty or null on purpose. An
    /// element whose key occurs twice is one path without anything below it.
    pub fn of(value: &Value, schema: &Schema) -> Self {
        let mut set = Self::new();
        collect(value, schema, &mut Vec::new(), &mut set);
        set
    }
}

fn collect(value: &Value, schema: &Schema, path: &mut Vec<PathElement>, set: &mut FieldSet) {
    match (schema.typed(value), value) {
        (Typed::Scalar(_), _) => set.insert_at(path),
        (Typed::List(list), _) if list.list_type == ListType::Atomic => set.insert_at(path),
        (Typed::List(list), Value::Array(elements)) => {
            collect_list(elements, list, schema, path, set);
        }
        (Typed::Map(_), _) if schema.map_type() == MapType::Atomic => set.insert_at(path),
        (Typed::Map(map), Value::Object(entries)) => {
            for (name, entry) in entries {
                path.push(PathElement::field(name));
                collect(
                    entry,
                    &schema.field(name).unwrap_or_else(Schema::untyped),
                    path,
                    set,
                );
                let is_nothing =
                    entry.is_null() || entry.as_object().is_some_and(serde_json::Map::is_empty);
                if is_nothing || !map.fields.contains_key(name) {
                    set.insert_at(path);
                }
                path.pop();
            }
        }
        (Typed::List(_) | Typed::Map(_), _) => {}
    }
}

fn collect_list(
    elements: &[Value],
    list: &ListShape,
    schema: &Schema,
    path: &mut Vec<PathElement>,
    set: &mut FieldSet,
) {
    let keys = element_keys(elements, list);
    let schema = schema.element().unwrap_or_else(Schema::untyped);
    for (key, element) in keys.iter().zip(elements) {
        // What has no key can be owned by nobody.
        let Ok(key) = key else { continue };
        path.push(key.clone());
        if keys
            .iter()
            .filter(|other| other.as_ref() == Ok(key))
            .count()
            == 1
        {
            collect(element, &schema, path, set);
        }
        set.insert_at(path);
        path.pop();
    }
}

/// The value at a path; of several list elements with one key the first.
pub fn get<'a>(value: &'a Value, path: &FieldPath, schema: &Schema) -> Option<&'a Value> {
    let mut schema = schema.clone();
    path.elements().iter().try_fold(value, |value, element| {
        let next = match element {
            PathElement::Field(name) => value.get(name),
            _ => value.as_array()?.get(position(value, element, &schema)?),
        };
        schema = schema.step(element).unwrap_or_else(Schema::untyped);
        next
    })
}

/// The value at a path, to be changed.
pub fn get_mut<'a>(
    value: &'a mut Value,
    path: &FieldPath,
    schema: &Schema,
) -> Option<&'a mut Value> {
    let mut schema = schema.clone();
    path.elements().iter().try_fold(value, |value, element| {
        let next = if let PathElement::Field(name) = element {
            value.get_mut(name)
        } else {
            let position = position(value, element, &schema)?;
            value.get_mut(position)
        };
        schema = schema.step(element).unwrap_or_else(Schema::untyped);
        next
    })
}

fn position(list: &Value, element: &PathElement, schema: &Schema) -> Option<usize> {
    if let PathElement::Index(index) = element {
        return Some(*index);
    }
    let elements = list.as_array()?;
    match schema.typed(list) {
        Typed::List(shape) => elements
            .iter()
            .position(|candidate| element_key(candidate, shape).as_ref() == Ok(element)),
        Typed::Scalar(_) | Typed::Map(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::Facts;

    fn deployment() -> Schema {
        Facts::builtin()
            .schema("apps", "v1", "Deployment")
            .expect("known")
    }

    fn with_container(container: &Value) -> Value {
        json!({"spec": {"template": {"spec": {"containers": [container]}}}})
    }

    #[test]
    fn a_value_owns_its_leaves_its_list_elements_and_what_is_empty() {
        let value = json!({
            "metadata": {"labels": {"a": "b"}, "annotations": {}},
            "spec": {
                "replicas": null,
                "selector": {"matchLabels": {"a": "b"}},
                "strategy": {"rollingUpdate": {"maxSurge": 1}},
                "template": {"spec": {
                    "nodeSelector": {},
                    "tolerations": [],
                    "volumes": [],
                    "containers": [
                        {"name": "app", "args": ["a"], "ports": [{"containerPort": 80}]},
                    ],
                }},
            },
        });
        let paths: Vec<_> = FieldSet::of(&value, &deployment())
            .iter()
            .map(|path| path.short().to_string())
            .collect();
        assert_eq!(
            paths,
            [
                "metadata.annotations",
                "metadata.labels.a",
                "spec.replicas",
                "spec.selector",
                "spec.strategy.rollingUpdate.maxSurge",
                "spec.template.spec.containers[app]",
                "spec.template.spec.containers[app].args",
                "spec.template.spec.containers[app].name",
                "spec.template.spec.containers[app].ports[containerPort=80,protocol=TCP]",
                "spec.template.spec.containers[app].ports[containerPort=80,protocol=TCP].containerPort",
                "spec.template.spec.nodeSelector",
                "spec.template.spec.tolerations",
            ]
        );
    }

    #[test]
    fn an_element_whose_key_occurs_twice_is_one_path() {
        let value = with_container(
            &json!({"name": "app", "env": [{"name": "A", "value": "1"}, {"name": "A"}]}),
        );
        let paths = FieldSet::of(&value, &deployment()).paths();
        assert!(
            paths
                .iter()
                .any(|path| path.to_string().ends_with(r#".env[name="A"]"#))
        );
        assert!(
            !paths
                .iter()
                .any(|path| path.to_string().contains(r#".env[name="A"]."#))
        );
    }

    #[test]
    fn a_key_that_is_left_out_has_its_published_default() {
        let value = with_container(&json!({"image": "a:1", "ports": [{}]}));
        let paths: Vec<_> = FieldSet::of(&value, &deployment())
            .iter()
            .map(|path| path.short().to_string())
            .collect();
        assert_eq!(
            paths,
            [
                r#"spec.template.spec.containers[name=""]"#,
                r#"spec.template.spec.containers[name=""].image"#,
                r#"spec.template.spec.containers[name=""].ports[containerPort=0,protocol=TCP]"#,
            ]
        );
    }

    #[test]
    fn every_path_of_a_value_leads_to_something() {
        let schema = deployment();
        let mut value = with_container(&json!({
            "name": "app",
            "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}],
            "resources": {"limits": {"cpu": "1"}},
        }));
        for path in &FieldSet::of(&value, &schema) {
            assert!(get(&value, &path, &schema).is_some(), "{path}");
        }
        let path: FieldPath =
            "spec.template.spec.containers[app].ports[containerPort=80,protocol=UDP].protocol"
                .parse()
                .unwrap();
        *get_mut(&mut value, &path, &schema).unwrap() = json!("SCTP");
        assert_eq!(
            value["spec"]["template"]["spec"]["containers"][0]["ports"][1]["protocol"],
            "SCTP"
        );
    }

    #[test]
    fn what_is_removed_is_gone_and_what_is_extracted_keeps_its_keys() {
        let schema = deployment();
        let value = with_container(
            &json!({"name": "app", "image": "a:1", "env": [{"name": "A", "value": "1"}]}),
        );
        let set: FieldSet = [
            "spec.template.spec.containers[app].env[A]",
            "spec.template.spec.containers[app].image",
        ]
        .map(|path| path.parse::<FieldPath>().unwrap())
        .into_iter()
        .collect();
        assert_eq!(
            remove(&value, &set, &schema),
            with_container(&json!({"name": "app"}))
        );
        assert_eq!(
            extract(&value, &set, &schema),
            with_container(&json!({"name": "app", "image": "a:1", "env": [{"name": "A"}]}))
        );
        assert_eq!(
            extract(&value, &FieldSet::of(&value, &schema), &schema),
            value
        );
    }
}
