//! How does a controller read and write?

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::registry::Collection;
use crate::status::Refusal;
use crate::store::ObjectName;
use crate::verbs;
use crate::world::{World, now};

pub(super) const CONTROLLER_MANAGER: &str = "kube-controller-manager";
pub(super) const KUBELET: &str = "kubelet";

/// Somebody in the control plane, at work in one pass.
pub(super) struct Actor<'a> {
    pub(super) world: &'a mut World,
    agent: &'static str,
    pub(super) now: String,
}

/// A kind as its path spells it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) plural: &'static str,
}

const fn kind(group: &'static str, version: &'static str, plural: &'static str) -> Kind {
    Kind {
        group,
        version,
        plural,
    }
}

pub(super) const PODS: Kind = kind("", "v1", "pods");
pub(super) const NODES: Kind = kind("", "v1", "nodes");
pub(super) const EVENTS: Kind = kind("", "v1", "events");
pub(super) const NAMESPACES: Kind = kind("", "v1", "namespaces");
pub(super) const CONFIG_MAPS: Kind = kind("", "v1", "configmaps");
pub(super) const SECRETS: Kind = kind("", "v1", "secrets");
pub(super) const SERVICES: Kind = kind("", "v1", "services");
pub(super) const ACCOUNTS: Kind = kind("", "v1", "serviceaccounts");
pub(super) const CLAIMS: Kind = kind("", "v1", "persistentvolumeclaims");
pub(super) const VOLUMES: Kind = kind("", "v1", "persistentvolumes");
pub(super) const CLASSES: Kind = kind("storage.k8s.io", "v1", "storageclasses");
pub(super) const DEPLOYMENTS: Kind = kind("apps", "v1", "deployments");
pub(super) const REPLICA_SETS: Kind = kind("apps", "v1", "replicasets");
pub(super) const STATEFUL_SETS: Kind = kind("apps", "v1", "statefulsets");
pub(super) const DAEMON_SETS: Kind = kind("apps", "v1", "daemonsets");
pub(super) const REVISIONS: Kind = kind("apps", "v1", "controllerrevisions");
pub(super) const JOBS: Kind = kind("batch", "v1", "jobs");
pub(super) const SLICES: Kind = kind("discovery.k8s.io", "v1", "endpointslices");
pub(super) const BUDGETS: Kind = kind("policy", "v1", "poddisruptionbudgets");
pub(super) const SCALERS: Kind = kind("autoscaling", "v2", "horizontalpodautoscalers");

impl Kind {
    fn collection(self) -> Collection {
        Collection::new(self.group, self.plural)
    }

    fn path(self, namespace: &str, rest: &str) -> String {
        let root = match self.group {
            "" => format!("/api/{}", self.version),
            group => format!("/apis/{group}/{}", self.version),
        };
        let namespace = match namespace {
            "" => String::new(),
            namespace => format!("/namespaces/{namespace}"),
        };
        format!("{root}{namespace}/{}{rest}", self.plural)
    }
}

impl<'a> Actor<'a> {
    pub(super) fn new(world: &'a mut World, agent: &'static str) -> Self {
        Self {
            world,
            agent,
            now: now(),
        }
    }

    /// The same world under another name.
    pub(super) fn speaking_as(&mut self, agent: &'static str) -> Actor<'_> {
        Actor {
            world: self.world,
            agent,
            now: self.now.clone(),
        }
    }

    /// All objects of a kind.
    pub(super) fn list(&self, kind: Kind) -> Vec<Arc<Value>> {
        self.world
            .store
            .list(&kind.collection(), None)
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// The objects of a kind in one namespace.
    pub(super) fn list_in(&self, kind: Kind, namespace: &str) -> Vec<Arc<Value>> {
        let objects = self.world.store.list(&kind.collection(), Some(namespace));
        objects.map(|(_, object)| object.clone()).collect()
    }

    pub(super) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.world
            .store
            .get(&kind.collection(), &ObjectName::new(namespace, name))
            .cloned()
    }

    /// The objects of a kind that `owner` controls.
    pub(super) fn owned(&self, kind: Kind, owner: &Value) -> Vec<Arc<Value>> {
        let mut objects = self.list_in(kind, namespace(owner));
        objects.retain(|object| {
            controller(object).is_some_and(|uid| uid == text(&owner["metadata"]["uid"]))
        });
        objects
    }

    pub(super) fn create(
        &mut self,
        kind: Kind,
        namespace: &str,
        object: &Value,
    ) -> Result<Value, Refusal> {
        self.send("POST", &kind.path(namespace, ""), Some(object))
    }

    /// Creates a Pod with a name of its own, or says why not. The name is made anew for each try, and left out of the
    /// refusal: or each try would be news in a status, which asks for the next one, for ever.
    pub(super) fn create_pod(&mut self, owner: &Value, pod: &Value) -> Option<String> {
        let refusal = self.create(PODS, namespace(owner), pod).err()?;
        let stable = format!("{}-", name(owner));
        Some(refusal.message.replace(name(pod), &stable))
    }

    /// Writes all of an object but its status.
    pub(super) fn update(&mut self, kind: Kind, object: &Value) {
        let path = kind.path(namespace(object), &format!("/{}", name(object)));
        self.try_send("PUT", &path, Some(object));
    }

    /// Writes the status of an object, unless it is as it should be.
    pub(super) fn update_status(&mut self, kind: Kind, object: &Value, status: Value) {
        if object["status"] == status {
            return;
        }
        let mut object = object.clone();
        object["status"] = status;
        let path = kind.path(namespace(&object), &format!("/{}/status", name(&object)));
        self.try_send("PUT", &path, Some(&object));
    }

    /// Deletes an object as the given body of options says.
    pub(super) fn delete(&mut self, kind: Kind, object: &Value, options: &Value) {
        let path = kind.path(namespace(object), &format!("/{}", name(object)));
        self.try_send("DELETE", &path, Some(options));
    }

    /// A write that the next pass repeats if it is refused now.
    pub(super) fn try_send(&mut self, method: &str, path: &str, body: Option<&Value>) {
        if let Err(refusal) = self.send(method, path, body) {
            tracing::debug!(%method, %path, message = %refusal.message, "a write was refused");
        }
    }

    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        let bytes = body
            .map(|body| Bytes::from(body.to_string()))
            .unwrap_or_default();
        let media = if method == "PATCH" {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::USER_AGENT, self.agent)
            .header(http::header::CONTENT_TYPE, media)
            .body(bytes)
            .map_err(|error| Refusal::internal(error.to_string()))?;
        verbs::within(self.world, &request)
    }

    /// Notes something that a reader of `kubectl describe` should know; again and again is counted.
    pub(super) fn warn(&mut self, about: &Value, reason: &str, message: &str) {
        let (namespace, subject) = (namespace(about), name(about));
        let known = self.list_in(EVENTS, namespace).into_iter().any(|event| {
            event["involvedObject"]["uid"] == about["metadata"]["uid"]
                && event["reason"] == reason
                && event["message"] == message
        });
        if known {
            return;
        }
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": { "name": format!("{subject}.{:016x}", crate::random::bits()) },
            "involvedObject": {
                "apiVersion": about["apiVersion"], "kind": about["kind"], "name": subject,
                "namespace": namespace, "uid": about["metadata"]["uid"],
                "resourceVersion": about["metadata"]["resourceVersion"],
            },
            "reason": reason, "message": message, "type": "Warning", "count": 1,
            "firstTimestamp": self.now, "lastTimestamp": self.now,
            "source": { "component": self.agent }, "reportingComponent": self.agent,
        });
        let path = EVENTS.path(namespace, "");
        self.try_send("POST", &path, Some(&event));
    }
}

/// The text of a value, empty where there is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

pub(super) fn namespace(object: &Value) -> &str {
    text(&object["metadata"]["namespace"])
}

/// Whether an object is being deleted.
pub(super) fn is_going(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// The uid of the controller among the owners of an object.
pub(super) fn controller(object: &Value) -> Option<&str> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners
        .iter()
        .find(|owner| owner["controller"] == json!(true))
        .map(|owner| text(&owner["uid"]))
}

/// A reference from a dependent to its controller.
pub(super) fn owner_reference(owner: &Value) -> Value {
    json!([{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    }])
}
