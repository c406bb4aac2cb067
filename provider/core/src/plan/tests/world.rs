//! A server of a few lines: just enough of server-side apply to plan against.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::Location,
};

use fields::{FieldPath, FieldSet, Schema, get_mut, remove, same};
use serde_json::{Value, json};

use crate::{
    graph::Graph,
    id::ResourceId,
    kind::{Kind, KindScope, KindSource},
    lifecycle::Lifecycle,
    origin::Origin,
    plan::{
        Action, Choices, DryRun, Memory, Observation, Observed, Plan, Step, diff, merge, normal,
        ownership::{Entry, Owners},
        schema,
    },
    resource::Resource,
};

pub(super) const OURS: &str = "stacks/prod";

/// What a cluster holds, and what the stack remembers of it.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) objects: BTreeMap<ResourceId, Value>,
    pub(super) memory: Option<Memory>,
    writes: u64,
}

pub(super) fn kind_of(object: &Value) -> Kind {
    let api = object["apiVersion"].as_str().unwrap();
    let (group, version) = api.split_once('/').unwrap_or(("", api));
    let kind = object["kind"].as_str().unwrap();
    Kind {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        plural: format!("{}s", kind.to_lowercase()),
        scope: if object["metadata"]["namespace"].is_string() {
            KindScope::Namespaced
        } else {
            KindScope::Cluster
        },
    }
}

pub(super) fn id_of(object: &Value) -> ResourceId {
    let metadata = &object["metadata"];
    let namespace = metadata["namespace"].as_str().unwrap_or_default();
    ResourceId::new(
        &kind_of(object),
        namespace,
        metadata["name"].as_str().unwrap(),
    )
}

#[track_caller]
pub(super) fn resource(object: &Value) -> Resource {
    Resource {
        id: id_of(object),
        kind: kind_of(object),
        known_by: KindSource::default(),
        object: object.clone(),
        lifecycle: Lifecycle::Managed,
        recipes: BTreeMap::new(),
        certificate: None,
        borrowed: BTreeMap::new(),
        depends_on: BTreeSet::new(),
        origin: Origin::at(Location::caller()),
    }
}

/// A graph of exactly these objects, in this order.
pub(super) fn graph(objects: &[Value]) -> Graph {
    with_lifecycle(objects, Lifecycle::Managed)
}

pub(super) fn with_lifecycle(objects: &[Value], lifecycle: Lifecycle) -> Graph {
    let resources: Vec<_> = objects
        .iter()
        .map(resource)
        .map(|resource| Resource {
            lifecycle,
            ..resource
        })
        .collect();
    let mut graph = Graph::empty("prod", "shop");
    graph.order.ids = resources
        .iter()
        .map(|resource| resource.id.clone())
        .collect();
    graph.resources = resources
        .into_iter()
        .map(|resource| (resource.id.clone(), resource))
        .collect();
    graph
}

pub(super) fn config(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "namespace": "shop"}, "data": data})
}

pub(super) fn secret(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "shop"}, "data": data})
}

pub(super) fn deployment(spec: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "namespace": "shop"}, "spec": spec})
}

/// A Deployment with one container.
pub(super) fn app(container: &Value) -> Value {
    let mut container = container.clone();
    container["name"] = "app".into();
    deployment(&json!({
        "replicas": 3,
        "selector": {"matchLabels": {"app": "api"}},
        "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [container]}},
    }))
}

pub(super) fn path(text: &str) -> FieldPath {
    text.parse().unwrap()
}

impl World {
    /// A world in which a graph was applied.
    pub(super) fn applied(graph: &Graph) -> Self {
        let mut world = Self::default();
        world.up(graph);
        world
    }

    pub(super) fn plan(&self, graph: &Graph) -> Plan {
        self.plan_with(graph, &Choices::default())
    }

    pub(super) fn plan_with(&self, graph: &Graph, choices: &Choices) -> Plan {
        Plan::with(graph, &self.observe(graph), choices)
    }

    pub(super) fn observe(&self, graph: &Graph) -> Observation {
        let wanted = graph.resources().map(|resource| {
            let live = self.objects.get(&resource.id).cloned();
            let dry_run = DryRun::Answered(apply(live.as_ref(), &resource.object, OURS));
            (
                resource.id.clone(),
                Observed {
                    live,
                    dry_run,
                    warnings: Vec::new(),
                },
            )
        });
        let mut objects: BTreeMap<_, _> = wanted.collect();
        for id in self.memory.iter().flat_map(|memory| memory.objects.keys()) {
            let live = self.objects.get(id).cloned();
            objects.entry(id.clone()).or_insert(Observed {
                live,
                ..Observed::default()
            });
        }
        Observation {
            objects,
            memory: self.memory.clone(),
            digest_key: b"a key".to_vec(),
            ..Observation::default()
        }
    }

    pub(super) fn up(&mut self, graph: &Graph) -> Plan {
        let plan = self.plan(graph);
        self.act(&plan);
        plan
    }

    /// Does what a plan says.
    pub(super) fn act(&mut self, plan: &Plan) {
        let mut applied = BTreeMap::new();
        let mut deleted = BTreeSet::new();
        for step in plan.steps.iter().filter(|step| step.blocker.is_none()) {
            match step.action {
                Action::Keep => {}
                Action::Delete => {
                    self.objects.remove(&step.id);
                    deleted.insert(step.id.clone());
                }
                Action::Replace => {
                    self.objects.remove(&step.id);
                    applied.insert(step.id.clone(), self.write(step));
                }
                Action::Create | Action::Update => {
                    applied.insert(step.id.clone(), self.write(step));
                }
            }
        }
        self.memory = Some(plan.after(&applied, &deleted));
    }

    fn write(&mut self, step: &Step) -> String {
        self.writes += 1;
        if let (Some(migration), Some(live)) = (&step.migration, self.objects.get_mut(&step.id)) {
            let patch = migration.patch(live, OURS).unwrap();
            live["metadata"]["managedFields"] = patch[2]["value"].clone();
        }
        let live = self.objects.get(&step.id);
        let mut object = apply(live, step.desired.as_ref().unwrap(), OURS);
        let uid = live.map_or_else(
            || json!(format!("uid-{}", self.writes)),
            |live| live["metadata"]["uid"].clone(),
        );
        object["metadata"]["uid"] = uid.clone();
        object["metadata"]["resourceVersion"] = json!(self.writes.to_string());
        self.objects.insert(step.id.clone(), object);
        uid.as_str().unwrap().to_owned()
    }

    /// Writes one field as another manager, as `kubectl edit` does. What is so already changes no owner.
    pub(super) fn edit(&mut self, manager: &str, id: &ResourceId, at: &str, value: &Value) {
        let live = self.objects.get_mut(id).unwrap();
        let schema = schema::builtin(live);
        if fields::get(live, &path(at), &schema).unwrap_or(&Value::Null) == value {
            return;
        }
        let mut owners = Owners::of(live, OURS, &schema);
        let at = path(at);
        let mut parent = at.clone();
        let last = parent.pop().unwrap();
        let place = get_mut(live, &parent, &schema).unwrap();
        match &last {
            fields::PathElement::Field(name) if value.is_null() => {
                place.as_object_mut().unwrap().remove(name);
            }
            fields::PathElement::Field(name) => place[name] = value.clone(),
            _ => {
                let whole = get_mut(live, &at, &schema).unwrap();
                *whole = value.clone();
            }
        }
        let gone: FieldSet = [at.clone()].into_iter().collect();
        owners.applied = owners.applied.recursive_difference(&gone);
        for other in &mut owners.others {
            other.fields = other.fields.recursive_difference(&gone);
        }
        if !value.is_null() {
            owners.others.push(Entry {
                manager: manager_of(manager),
                fields: gone,
            });
        }
        live["metadata"]["managedFields"] = written(&owners);
    }
}

fn manager_of(name: &str) -> crate::plan::FieldManager {
    let (name, subresource) = name.split_once('/').unwrap_or((name, ""));
    crate::plan::FieldManager {
        name: name.into(),
        operation: crate::plan::Operation::Update,
        subresource: subresource.into(),
        time: Some("2026-11-22T12:00:00Z".into()),
    }
}

/// A forced apply.
pub(super) fn apply(live: Option<&Value>, sent: &Value, manager: &str) -> Value {
    let schema = schema::builtin(sent);
    let desired = normal::comparable(sent, &schema);
    let wanted = FieldSet::of(&desired, &schema);
    let empty = json!({"apiVersion": sent["apiVersion"], "kind": sent["kind"], "metadata": {
        "managedFields": [{"manager": "none", "operation": "Update", "fieldsV1": {"f:x": {}}}],
    }});
    let live = live.unwrap_or(&empty);
    let mut owners = Owners::of(live, manager, &schema);
    let before = normal::comparable(live, &schema);
    let mut theirs = FieldSet::new();
    for entry in &mut owners.others {
        entry.fields = entry
            .fields
            .difference(&changed(&before, &desired, &schema));
        theirs = theirs.union(&entry.fields);
    }
    if let Some(written) = &owners.written {
        theirs = theirs.union(&written.fields);
    }
    let merged = merge::overlay(&before, &desired, &schema);
    let released = owners.applied.difference(&wanted).difference(&theirs);
    let mut object = defaulted(remove(&merged, &released, &schema));
    owners.applied = wanted;
    owners
        .others
        .retain(|entry| entry.manager.name != "none" && !entry.fields.is_empty());
    for name in ["apiVersion", "kind"] {
        object[name] = sent[name].clone();
    }
    for (name, value) in sent["metadata"].as_object().unwrap() {
        if ["name", "namespace"].contains(&name.as_str()) {
            object["metadata"][name] = value.clone();
        }
    }
    for name in ["uid", "resourceVersion"] {
        if !live["metadata"][name].is_null() {
            object["metadata"][name] = live["metadata"][name].clone();
        }
    }
    object["metadata"]["managedFields"] = written(&owners);
    object
}

fn changed(before: &Value, desired: &Value, schema: &Schema) -> FieldSet {
    let differs = |path: &FieldPath, value: &Value| {
        fields::get(before, path, schema)
            .is_none_or(|old| !same(old, value, &schema.at(path).unwrap()))
    };
    let leaves = diff::leaves(desired, schema).into_iter();
    leaves
        .filter(|(path, value)| differs(path, value))
        .map(|(path, _)| path)
        .collect()
}

/// The defaults that the tests look at; empty maps of text are not stored.
fn defaulted(mut object: Value) -> Value {
    let is_empty = |value: &Value| *value == json!({});
    if is_empty(&object["data"]) {
        object.as_object_mut().unwrap().remove("data");
    }
    if is_empty(&object["metadata"]["labels"]) {
        object["metadata"].as_object_mut().unwrap().remove("labels");
    }
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        for (name, value) in [
            ("replicas", json!(1)),
            ("progressDeadlineSeconds", json!(600)),
        ] {
            spec.entry(name).or_insert(value);
        }
    }
    object
}

pub(super) fn written(owners: &Owners) -> Value {
    let mut entries = Vec::new();
    if !owners.applied.is_empty() {
        entries.push(
            json!({"manager": OURS, "operation": "Apply", "fieldsType": "FieldsV1",
            "fieldsV1": owners.applied.to_fields_v1()}),
        );
    }
    for Entry { manager, fields } in owners.written.iter().chain(&owners.others) {
        let mut entry = json!({"manager": manager.name, "operation": "Update", "fieldsType": "FieldsV1",
            "fieldsV1": fields.to_fields_v1(), "time": manager.time});
        if !manager.subresource.is_empty() {
            entry["subresource"] = json!(manager.subresource);
        }
        entries.push(entry);
    }
    Value::Array(entries)
}

/// A plan's changes in a few words each.
pub(super) fn changes(plan: &Plan) -> Vec<String> {
    let told = plan
        .steps
        .iter()
        .flat_map(|step| &step.changes)
        .map(|change| {
            let side =
                |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
            let cause = match &change.cause {
                crate::plan::Cause::Definition => "definition".to_owned(),
                crate::plan::Cause::Rewritten => "rewritten".to_owned(),
                crate::plan::Cause::Drift { by: None } => "drift".to_owned(),
                crate::plan::Cause::Drift { by: Some(by) } => format!("drift by {by}"),
                other => other.to_string(),
            };
            format!(
                "{} {} > {} {cause}",
                change.path.short(),
                side(&change.before),
                side(&change.after)
            )
        });
    told.collect()
}
