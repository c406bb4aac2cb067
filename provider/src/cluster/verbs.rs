//! What can be asked of one object, or of all objects of a kind?

use http::Method;
use provider_core::{Kind, ResourceId};
use serde_json::{Value, json};

use crate::cluster::{
    Cluster,
    call::{Answer, Call, Content, Verb},
    failure::{CallError, Failure},
    retry::Patience,
};

const PAGE: &str = "500";
const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/// A server that hands out one continue token after the other is broken.
const MOST_PAGES: usize = 10_000;

/// Which object, in which version, a change is meant for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preconditions {
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
}

/// Whether fields of other managers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    No,
    Yes,
}

/// All objects of a kind at one moment.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) items: Vec<Value>,
    pub(crate) resource_version: String,
}

/// What happens to what an object owns when it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    Background,
    Foreground,
}

impl Preconditions {
    /// Those of an object that was read.
    pub(crate) fn of(object: &Value) -> Self {
        let text = |pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        Self {
            uid: text("/metadata/uid"),
            resource_version: text("/metadata/resourceVersion"),
        }
    }
}

impl Cluster {
    /// One object; none where there is none.
    pub(crate) async fn get(
        &self,
        kind: &Kind,
        id: &ResourceId,
        patience: Patience,
    ) -> Result<Option<Value>, CallError> {
        let call = Call::object(Verb::Get, Method::GET, kind, id);
        match self.send(&call, patience).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(CallError {
                failure: Failure::Absent | Failure::NoNamespace(_) | Failure::NotServed,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects of a kind, page by page, in one namespace or everywhere.
    pub(crate) async fn list(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selector: Option<&str>,
        patience: Patience,
    ) -> Result<Listed, CallError> {
        let mut call = Call::collection(Verb::List, Method::GET, kind, namespace);
        if let Some(selector) = selector {
            call = call.query("labelSelector", selector);
        }
        self.pages(kind, &call, patience).await
    }

    /// The metadata of one object, so that nothing else of it travels.
    pub(crate) async fn get_metadata(
        &self,
        kind: &Kind,
        id: &ResourceId,
        patience: Patience,
    ) -> Result<Value, CallError> {
        let call = Call::object(Verb::Get, Method::GET, kind, id).accept(METADATA);
        Ok(self.send(&call, patience).await?.body)
    }

    /// The metadata of all objects of a kind, in one namespace or everywhere.
    pub(crate) async fn list_metadata(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        patience: Patience,
    ) -> Result<Listed, CallError> {
        let call = Call::collection(Verb::List, Method::GET, kind, namespace);
        self.pages(kind, &call.accept(METADATA_LIST), patience)
            .await
    }

    async fn pages(
        &self,
        kind: &Kind,
        first: &Call,
        patience: Patience,
    ) -> Result<Listed, CallError> {
        let mut listed = Listed::default();
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let mut call = first.clone().query("limit", PAGE);
            if !token.is_empty() {
                call = call.query("continue", token.as_str());
            }
            let mut answer = match self.send(&call, patience).await {
                // The pages of an old snapshot are gone: begin anew rather than mix two moments.
                Err(CallError {
                    failure: Failure::Expired,
                    ..
                }) if !token.is_empty() => {
                    listed = Listed::default();
                    token.clear();
                    continue;
                }
                answer => answer?.body,
            };
            let text = |pointer: &str| {
                answer
                    .pointer(pointer)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            token = text("/metadata/continue");
            listed.resource_version = text("/metadata/resourceVersion");
            if let Some(Value::Array(items)) = answer.get_mut("items").map(Value::take) {
                listed
                    .items
                    .extend(items.into_iter().map(|item| typed(kind, item)));
            }
            if token.is_empty() {
                break;
            }
        }
        Ok(listed)
    }

    /// What an apply would do. Never makes an object: `dryRun=All` holds for the upsert as well.
    pub(crate) async fn dry_run(
        &self,
        kind: &Kind,
        id: &ResourceId,
        manager: &str,
        body: &Value,
    ) -> Result<Answer, CallError> {
        let call = Call::object(Verb::DryRun, Method::PATCH, kind, id)
            .query("dryRun", "All")
            .query("fieldManager", manager)
            .query("fieldValidation", "Strict")
            .query("force", "true")
            .body(Content::Apply, body);
        self.send(&call, Patience::READING).await
    }

    /// What a delete would meet.
    pub(crate) async fn dry_run_delete(
        &self,
        kind: &Kind,
        id: &ResourceId,
    ) -> Result<Answer, CallError> {
        let call = Call::object(Verb::DryRun, Method::DELETE, kind, id).query("dryRun", "All");
        self.send(&call, Patience::READING).await
    }

    /// Makes an object that must not exist yet.
    pub(crate) async fn create(
        &self,
        kind: &Kind,
        id: &ResourceId,
        manager: &str,
        body: &Value,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        let call = Call::create(Verb::Create, kind, id)
            .query("fieldManager", manager)
            .query("fieldValidation", "Strict")
            .body(Content::Json, body);
        self.send(&call, patience).await
    }

    /// Server-side apply of exactly that object in exactly that version: both must be given, or an apply would
    /// make anew what someone has deleted.
    pub(crate) async fn apply_object(
        &self,
        (kind, id): (&Kind, &ResourceId),
        manager: &str,
        body: &Value,
        at: &Preconditions,
        force: Force,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        let mut body = body.clone();
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("uid".into(), json!(at.uid));
            metadata.insert("resourceVersion".into(), json!(at.resource_version));
        }
        let mut call = Call::object(Verb::Apply, Method::PATCH, kind, id)
            .query("fieldManager", manager)
            .query("fieldValidation", "Strict");
        if force == Force::Yes {
            call = call.query("force", "true");
        }
        self.send(&call.body(Content::Apply, &body), patience).await
    }

    /// A JSON patch.
    pub(crate) async fn json_patch(
        &self,
        kind: &Kind,
        id: &ResourceId,
        manager: &str,
        patch: &Value,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        let call = Call::object(Verb::Update, Method::PATCH, kind, id)
            .query("fieldManager", manager)
            .body(Content::JsonPatch, patch);
        self.send(&call, patience).await
    }

    /// Replaces an object in the version that it carries.
    pub(crate) async fn replace(
        &self,
        kind: &Kind,
        id: &ResourceId,
        manager: &str,
        body: &Value,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        let call = Call::object(Verb::Update, Method::PUT, kind, id)
            .query("fieldManager", manager)
            .body(Content::Json, body);
        self.send(&call, patience).await
    }

    /// Deletes exactly that object in exactly that version.
    pub(crate) async fn delete(
        &self,
        kind: &Kind,
        id: &ResourceId,
        at: &Preconditions,
        propagation: Propagation,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        let mut preconditions = serde_json::Map::new();
        if let Some(uid) = &at.uid {
            preconditions.insert("uid".into(), json!(uid));
        }
        if let Some(version) = &at.resource_version {
            preconditions.insert("resourceVersion".into(), json!(version));
        }
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": preconditions,
            "propagationPolicy": match propagation {
                Propagation::Background => "Background",
                Propagation::Foreground => "Foreground",
            },
        });
        let call =
            Call::object(Verb::Delete, Method::DELETE, kind, id).body(Content::Json, &options);
        self.send(&call, patience).await
    }

    /// The last lines that a container wrote, or that its previous instance wrote.
    pub(crate) async fn log(
        &self,
        pods: &Kind,
        id: &ResourceId,
        container: &str,
        previous: bool,
    ) -> Result<String, CallError> {
        let call = Call::object(Verb::Log, Method::GET, pods, id)
            .subresource("log")
            .query("container", container)
            .query("tailLines", "20")
            .query("limitBytes", "8192")
            .query("previous", if previous { "true" } else { "false" });
        let answer = self.send(&call, Patience::NONE).await?;
        Ok(answer.body.as_str().unwrap_or_default().to_owned())
    }
}

/// Items of a list leave out what the list says once.
fn typed(kind: &Kind, mut item: Value) -> Value {
    if let Some(object) = item.as_object_mut() {
        object
            .entry("apiVersion")
            .or_insert_with(|| json!(kind.api_version()));
        object.entry("kind").or_insert_with(|| json!(kind.kind));
    }
    item
}
