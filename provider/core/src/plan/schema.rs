//! By which schema is an object of this kind merged?

use std::collections::BTreeMap;

use fields::{Facts, Schema};
use serde_json::Value;

use super::observation::Observation;
use crate::{graph::Graph, kind::Kind};

/// The schemas of kinds that are not built in: group, version and kind lead to one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas(BTreeMap<(String, String, String), Schema>);

/// The schema of an object of a kind that is built in; of others nothing is known.
pub(crate) fn builtin(object: &Value) -> Schema {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    Facts::builtin()
        .schema_of(text("apiVersion"), text("kind"))
        .unwrap_or_else(Schema::untyped)
}

impl Schemas {
    /// Those that the definitions in a graph bring along.
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut schemas = Self::default();
        for resource in graph.resources() {
            schemas.learn(&resource.object);
        }
        schemas
    }

    /// Adds those of the definitions that a cluster holds; what a graph says wins.
    pub(crate) fn with(mut self, observation: &Observation) -> Self {
        let known = self.0.clone();
        for observed in observation.objects.values() {
            if let Some(live) = &observed.live {
                self.learn(live);
            }
        }
        for definition in &observation.definitions {
            self.learn(definition);
        }
        self.0.extend(known);
        self
    }

    /// The schema of a kind. Of what nobody knows, maps are merged and lists are not, as the API server does it.
    pub(crate) fn get(&self, kind: &Kind) -> Schema {
        let Kind {
            group,
            version,
            kind: name,
            plural: _,
            scope: _,
        } = kind;
        Facts::builtin()
            .schema(group, version, name)
            .or_else(|| self.custom(kind))
            .unwrap_or_else(Schema::untyped)
    }

    /// The schema of a kind that a definition known here brings along.
    pub(crate) fn custom(&self, kind: &Kind) -> Option<Schema> {
        let key = (kind.group.clone(), kind.version.clone(), kind.kind.clone());
        self.0.get(&key).cloned()
    }

    /// Reads the schemas of a definition of custom resources; other objects teach nothing.
    /// What it is shows by its fields, because a LIST leaves the kind of its items out.
    pub(crate) fn learn(&mut self, object: &Value) {
        let spec = &object["spec"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (Some(group), Some(kind)) = (text(&spec["group"]), text(&spec["names"]["kind"])) else {
            return;
        };
        for version in spec["versions"].as_array().into_iter().flatten() {
            let schema = Schema::from_definition(&version["schema"]["openAPIV3Schema"]);
            if let (Some(name), Ok(schema)) = (text(&version["name"]), schema) {
                self.0.insert((group.clone(), name, kind.clone()), schema);
            }
        }
    }
}
