//! What the merge does to small objects, as a real API server does it.

use fields::FieldSet;
use serde_json::{Value, json};

use super::*;

const CONFIG_MAP: (&str, &str) = ("v1", "ConfigMap");
const DEPLOYMENT: (&str, &str) = ("apps/v1", "Deployment");
const NOW: &str = "2026-01-01T00:00:00Z";

/// An object of a kind and those who write it.
struct Object {
    api_version: &'static str,
    kind: &'static str,
    live: Option<Value>,
}

impl Object {
    fn new((api_version, kind): (&'static str, &'static str)) -> Self {
        Self {
            api_version,
            kind,
            live: None,
        }
    }

    fn with_target<T>(&self, write: impl FnOnce(&Target<'_>) -> T) -> T {
        let empty = json!({"apiVersion": self.api_version, "kind": self.kind, "metadata": {}});
        write(&Target {
            api_version: self.api_version,
            kind: self.kind,
            subresource: None,
            versions: &BuiltIn(self.kind),
            empty: &empty,
            reset: &reset_fields("", self.kind, None),
        })
    }

    fn complete(&self, body: &Value) -> Value {
        let mut object =
            json!({"apiVersion": self.api_version, "kind": self.kind, "metadata": {"name": "it"}});
        for (name, value) in body.as_object().into_iter().flatten() {
            object[name] = value.clone();
        }
        object
    }

    fn try_apply(&self, manager: &str, force: Force, body: &Value) -> Result<Value, ApplyError> {
        let configuration = self.complete(body);
        let live = self.live.as_ref();
        self.with_target(|target| {
            apply(
                target,
                Apply {
                    live,
                    configuration: &configuration,
                    manager,
                    force,
                    now: NOW,
                },
            )
        })
    }

    fn applied(mut self, manager: &str, body: &Value) -> Self {
        self.live = Some(self.try_apply(manager, Force::No, body).unwrap());
        self
    }

    fn forced(mut self, manager: &str, body: &Value) -> Self {
        self.live = Some(self.try_apply(manager, Force::Yes, body).unwrap());
        self
    }

    fn updated(mut self, manager: &str, edit: impl FnOnce(&mut Value)) -> Self {
        let mut new = self
            .live
            .clone()
            .unwrap_or_else(|| self.complete(&json!({})));
        edit(&mut new);
        let live = self.live.as_ref();
        let update = Update {
            live,
            new: &new,
            manager,
            now: NOW,
        };
        self.live = Some(self.with_target(|target| track_update(target, update)));
        self
    }

    fn get(&self, pointer: &str) -> Value {
        self.live
            .as_ref()
            .and_then(|live| live.pointer(pointer))
            .cloned()
            .unwrap_or(Value::Null)
    }

    /// `manager: path path`, a line per entry.
    fn owners(&self) -> Vec<String> {
        let entries = self.get("/metadata/managedFields");
        let line = |entry: &Value| {
            let fields = FieldSet::from_fields_v1(&entry["fieldsV1"]).unwrap();
            let paths: Vec<_> = fields.iter().map(|path| path.short().to_string()).collect();
            format!(
                "{}: {}",
                entry["manager"].as_str().unwrap(),
                paths.join(" ")
            )
        };
        entries.as_array().into_iter().flatten().map(line).collect()
    }

    fn conflicts(&self, manager: &str, body: &Value) -> Vec<String> {
        match self.try_apply(manager, Force::No, body) {
            Err(ApplyError::Conflict(conflicts)) => conflicts
                .iter()
                .map(|conflict| format!("{} {}", conflict.message(), conflict.field()))
                .collect(),
            other => panic!("expected a conflict, got {other:?}"),
        }
    }
}

fn containers(containers: &Value) -> Value {
    json!({"spec": {"template": {"spec": {"containers": containers}}}})
}

#[test]
fn an_applier_owns_what_it_applies_and_loses_what_it_drops() {
    let object = Object::new(CONFIG_MAP).applied("one", &json!({"data": {"a": "1", "b": "2"}}));
    assert_eq!(object.owners(), ["one: data.a data.b"]);
    let object = object.applied("one", &json!({"data": {"b": "2"}}));
    assert_eq!(object.owners(), ["one: data.b"]);
    assert_eq!(object.get("/data"), json!({"b": "2"}));
    let object = object.applied("one", &json!({}));
    assert_eq!(object.owners(), [""; 0]);
    assert_eq!(object.get("/data"), Value::Null);
}

#[test]
fn what_another_owns_stays_when_it_is_dropped() {
    let object = Object::new(CONFIG_MAP)
        .applied("one", &json!({"data": {"a": "1", "b": "2"}}))
        .applied("two", &json!({"data": {"a": "1"}}))
        .applied("one", &json!({}));
    assert_eq!(object.get("/data"), json!({"a": "1"}));
    assert_eq!(object.owners(), ["two: data.a"]);
}

#[test]
fn to_set_what_another_owns_is_a_conflict_and_force_takes_it() {
    let object = Object::new(CONFIG_MAP).applied("one", &json!({"data": {"a": "1"}}));
    assert_eq!(
        object.conflicts("two", &json!({"data": {"a": "2"}})),
        [r#"conflict with "one" .data.a"#]
    );
    let object = object.forced("two", &json!({"data": {"a": "2"}}));
    assert_eq!(object.owners(), ["two: data.a"]);
}

#[test]
fn who_only_shares_a_value_has_no_time() {
    let object = Object::new(CONFIG_MAP)
        .applied("one", &json!({"data": {"a": "1"}}))
        .applied("two", &json!({"data": {"a": "1"}}));
    let times = |position: usize| object.get(&format!("/metadata/managedFields/{position}/time"));
    assert_eq!((times(0), times(1)), (Value::Null, json!(NOW)));
}

#[test]
fn an_updater_owns_what_it_changes_and_takes_it_from_others() {
    let object = Object::new(CONFIG_MAP)
        .applied("one", &json!({"data": {"a": "1", "b": "1", "c": "1"}}))
        .updated("editor", |object| {
            object["data"] = json!({"a": "2", "c": "1", "d": "1"});
        });
    assert_eq!(object.owners(), ["one: data.c", "editor: data.a data.d"]);
    assert_eq!(
        object.conflicts("one", &json!({"data": {"a": "1"}})),
        [r#"conflict with "editor" using v1 .data.a"#]
    );
}

#[test]
fn containers_keep_the_order_of_the_last_applier_and_others_their_neighbours() {
    let names =
        |names: &[&str]| containers(&names.iter().map(|name| json!({"name": name})).collect());
    let cases: [(&[&str], &[&str], &[&str]); 6] = [
        (&["a", "b"], &["b", "a"], &["b", "a"]),
        (&["a", "x", "b"], &["b", "a"], &["x", "b", "a"]),
        (&["x", "a", "b"], &["a", "c", "b"], &["x", "a", "c", "b"]),
        (&["a", "b", "c"], &["d"], &["a", "b", "c", "d"]),
        (
            &["a", "x", "b", "y", "c"],
            &["c", "b", "a"],
            &["x", "y", "c", "b", "a"],
        ),
        (&["a"], &["z", "a"], &["z", "a"]),
    ];
    for (live, applied, expected) in cases {
        let object = Object::new(DEPLOYMENT)
            .applied("one", &names(live))
            .forced("two", &names(applied));
        let found: Vec<_> = object
            .get("/spec/template/spec/containers")
            .as_array()
            .unwrap()
            .clone();
        let found: Vec<_> = found
            .iter()
            .map(|container| container["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(found, expected, "{live:?} and {applied:?}");
    }
}

#[test]
fn an_owner_record_that_was_reset_starts_with_whoever_was_before() {
    let object = Object::new(CONFIG_MAP)
        .applied("one", &json!({"data": {"a": "1"}}))
        .updated("editor", |object| {
            object["metadata"]["managedFields"] = json!([]);
        });
    assert_eq!(object.owners(), [""; 0]);
    let object = object.applied("two", &json!({"data": {"a": "1"}}));
    assert_eq!(
        object.owners(),
        ["two: data.a", "before-first-apply: data data.a"]
    );
}

#[test]
fn broken_owner_records_in_a_request_are_ignored() {
    let broken = [
        json!([{"manager": "x", "operation": "Other", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {}}]),
        json!([{"manager": "x", "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {}}}]),
        json!([{"manager": "x", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV2", "fieldsV1": {}}]),
        json!([{"manager": "x", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"?": {}}}]),
    ];
    for managed_fields in broken {
        let object = Object::new(CONFIG_MAP)
            .applied("one", &json!({"data": {"a": "1"}}))
            .updated("editor", |object| {
                object["metadata"]["managedFields"] = managed_fields;
            });
        assert_eq!(object.owners(), ["one: data.a"]);
    }
}

#[test]
fn more_than_ten_updaters_share_an_entry() {
    let object = (0..13).fold(Object::new(CONFIG_MAP), |object, number| {
        object.updated(&format!("updater-{number:02}"), |object| {
            object["data"][format!("key-{number:02}")] = json!("1");
        })
    });
    let owners = object.owners();
    assert_eq!(owners.len(), 10);
    assert!(
        owners[0].starts_with("ancient-changes: data data.key-00 data.key-01"),
        "{owners:?}"
    );
}

#[test]
fn what_does_not_fit_the_schema_is_refused() {
    let cases = [
        (
            CONFIG_MAP,
            json!({"data": []}),
            ".data: expected map, got &{[]}",
        ),
        (
            CONFIG_MAP,
            json!({"data": {"a": 1}}),
            ".data.a: expected string, got &{1}",
        ),
        (
            CONFIG_MAP,
            json!({"dota": {}}),
            ".dota: field not declared in schema",
        ),
        (
            DEPLOYMENT,
            json!({"spec": {"replicas": "1"}}),
            ".spec.replicas: expected numeric (int or float), got &{1}",
        ),
        (
            DEPLOYMENT,
            containers(&json!([{"name": "a"}, {"name": "a"}])),
            r#".spec.template.spec.containers: duplicate entries for key [name="a"]"#,
        ),
    ];
    for (kind, body, expected) in cases {
        let error = Object::new(kind)
            .try_apply("one", Force::No, &body)
            .unwrap_err();
        assert!(matches!(error, ApplyError::Schema { .. }));
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[test]
fn client_side_apply_hands_over_to_kubectl_only() {
    let last =
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"it"},"data":{"a":"1"}}"#;
    let object = || {
        Object::new(CONFIG_MAP).updated("kubectl-client-side-apply", |object| {
            object["metadata"]["annotations"] =
                json!({"kubectl.kubernetes.io/last-applied-configuration": last});
            object["data"] = json!({"a": "1"});
        })
    };
    let body = json!({"data": {"a": "2"}});
    assert_eq!(object().conflicts("other", &body).len(), 1);
    let object = object().applied("kubectl", &body);
    assert_eq!(object.get("/data/a"), "2");
    let annotation =
        object.get("/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration");
    assert!(
        annotation.as_str().unwrap().contains(r#""data":{"a":"2"}"#),
        "{annotation}"
    );
}

#[test]
fn the_owner_of_the_replicas_is_seen_from_both_sides() {
    let paths = ReplicasPaths::from([(
        "apps/v1".to_owned(),
        Some(fields::FieldPath::of(["spec", "replicas"])),
    )]);
    let object =
        Object::new(DEPLOYMENT).applied("one", &json!({"spec": {"replicas": 1, "paused": true}}));
    let mut parent = object.live.unwrap();
    let mut scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "it"}, "spec": {"replicas": 1}});
    to_scale(&parent, &mut scale, &paths);
    assert_eq!(
        scale["metadata"]["managedFields"][0]["apiVersion"],
        "autoscaling/v1"
    );
    let mut new = scale.clone();
    new["spec"]["replicas"] = json!(2);
    let target = Target {
        api_version: "autoscaling/v1",
        kind: "Scale",
        subresource: Some("scale"),
        versions: &BuiltIn("Scale"),
        empty: &json!({}),
        reset: &FieldSet::new(),
    };
    let new = track_update(
        &target,
        Update {
            live: Some(&scale),
            new: &new,
            manager: "hpa",
            now: NOW,
        },
    );
    from_scale(&new, &mut parent, "apps/v1", &paths);
    let object = Object {
        live: Some(parent),
        ..Object::new(DEPLOYMENT)
    };
    assert_eq!(object.owners(), ["one: spec.paused", "hpa: spec.replicas"]);
}
