//! What was asked of the API server, and by whom?

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::Deserialize;

/// The audit log of an API server that was started for these tests.
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: PathBuf,
}

/// Who holds the kubeconfig that the harness writes.
const USER: &str = "otelier-admin";

/// A place in the log: what comes after it has been asked since.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

/// One request that the API server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`.
    pub verb: String,
    /// Path and query.
    pub uri: String,
    /// The program that asked.
    pub agent: String,
    /// `deployments`, or `deployments/status`; nothing for discovery and health.
    pub resource: Option<String>,
    /// The namespace, where the resource has one.
    pub namespace: Option<String>,
    /// The object, where one was named.
    pub name: Option<String>,
    /// The status code of the answer.
    pub code: u16,
}

impl Request {
    /// Whether it asked for an answer without the effect.
    pub fn is_dry_run(&self) -> bool {
        self.uri.contains("dryRun=All")
    }

    /// Whether it changed something, or would have if it had been allowed.
    pub fn is_write(&self) -> bool {
        let reads = ["get", "list", "watch"];
        !self.is_dry_run() && !reads.contains(&self.verb.as_str())
    }
}

impl AuditLog {
    /// The log in this file.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Remembers how far the log has come.
    pub fn mark(&self) -> io::Result<Mark> {
        Ok(Mark(fs::read(&self.path)?.len()))
    }

    /// What whoever holds the kubeconfig has asked since then, oldest first; the control plane's own
    /// requests are left out. The log is written before an answer is complete, so whoever has the
    /// answer finds the request here. Tests that count run alone: they lie in `live::audit`.
    pub fn since(&self, mark: Mark) -> io::Result<Vec<Request>> {
        let log = fs::read(&self.path)?;
        let events = log
            .get(mark.0..)
            .unwrap_or_default()
            .split(|byte| *byte == b'\n');
        let mut requests = Vec::new();
        for event in events.filter(|line| !line.is_empty()) {
            let event: Event = serde_json::from_slice(event)?;
            // A watch is written twice: when it starts and when it ends.
            if event.stage != "ResponseStarted" && event.user.username == USER {
                requests.push(event.into());
            }
        }
        Ok(requests)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    stage: String,
    verb: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    object_ref: Option<ObjectRef>,
    response_status: Option<ResponseStatus>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize)]
struct ObjectRef {
    resource: Option<String>,
    subresource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct ResponseStatus {
    code: u16,
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        let object = event.object_ref;
        let resource = object.as_ref().and_then(|object| {
            let resource = object.resource.clone()?;
            Some(match &object.subresource {
                Some(subresource) => format!("{resource}/{subresource}"),
                None => resource,
            })
        });
        let (namespace, name) = object
            .map(|object| (object.namespace, object.name))
            .unwrap_or_default();
        Self {
            verb: event.verb,
            uri: event.request_uri,
            agent: event.user_agent,
            resource,
            namespace,
            name,
            code: event.response_status.map_or(0, |status| status.code),
        }
    }
}
