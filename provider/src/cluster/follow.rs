//! How are all objects of a kind followed without asking again and again?
//!
//! One LIST, then one WATCH from its version, for as long as anybody looks. When the server has forgotten that
//! version the LIST is made anew; when a stream ends, it is taken up where it ended.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::Method;
use http_body_util::BodyExt as _;
use kube::client::Body;
use provider_core::{Kind, ResourceId};
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::cluster::{
    Cluster, Group, Patience,
    call::{Call, Verb},
    classify::failure,
    failure::Failure,
    retry::jittered,
};

/// Servers end a watch by themselves after this many seconds.
const SECONDS: &str = "290";
/// A stream that is silent for longer than that is dead.
const SILENCE: Duration = Duration::from_secs(320);
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of the objects of a kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Whether they were listed: before that, absence means nothing.
    pub(crate) listed: bool,
    /// The objects by name.
    pub(crate) objects: BTreeMap<String, Arc<Value>>,
    /// Why nothing new is known, if nothing is.
    pub(crate) trouble: Option<String>,
}

/// Follows the objects of a kind until it is dropped.
#[derive(Debug)]
pub(crate) struct Follow {
    seen: watch::Receiver<Seen>,
    task: JoinHandle<()>,
}

/// Why a stream ended.
enum End {
    /// Take it up where it ended.
    Again,
    /// Its version is too old: list anew.
    Expired,
}

impl Follow {
    pub(crate) fn seen(&self) -> watch::Receiver<Seen> {
        self.seen.clone()
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Cluster {
    /// Follows the objects of a kind in one namespace, or of a kind of the whole cluster.
    pub(crate) fn follow(&self, (kind, namespace): Group, selector: Option<String>) -> Follow {
        let (sender, seen) = watch::channel(Seen::default());
        let cluster = self.clone();
        let task = tokio::spawn(async move {
            let stream = Stream {
                cluster,
                kind,
                namespace,
                selector,
                sender,
            };
            loop {
                stream.list_and_watch().await;
                tokio::time::sleep(jittered(PAUSE)).await;
            }
        });
        Follow { seen, task }
    }
}

struct Stream {
    cluster: Cluster,
    kind: Kind,
    namespace: Option<String>,
    selector: Option<String>,
    sender: watch::Sender<Seen>,
}

impl Stream {
    async fn list_and_watch(&self) {
        let (namespace, selector) = (self.namespace.as_deref(), self.selector.as_deref());
        let listed = match self
            .cluster
            .list(&self.kind, namespace, selector, Patience::NONE)
            .await
        {
            Ok(listed) => listed,
            Err(error) => return self.troubled(&error.failure),
        };
        let named = listed
            .items
            .into_iter()
            .filter_map(|item| Some((name(&item)?, Arc::new(item))));
        self.sender.send_replace(Seen {
            listed: true,
            objects: named.collect(),
            trouble: None,
        });
        let mut version = listed.resource_version;
        loop {
            match self.watch(&mut version).await {
                Ok(End::Again) => {}
                Ok(End::Expired) | Err(Failure::Expired) => return,
                Err(failure) => {
                    self.troubled(&failure);
                    tokio::time::sleep(jittered(PAUSE)).await;
                }
            }
        }
    }

    fn troubled(&self, failure: &Failure) {
        tracing::debug!(kind = %self.kind.plural, %failure, "cannot follow");
        self.sender
            .send_modify(|seen| seen.trouble = Some(failure.to_string()));
    }

    async fn watch(&self, version: &mut String) -> Result<End, Failure> {
        let mut call = Call::collection(
            Verb::Watch,
            Method::GET,
            &self.kind,
            self.namespace.as_deref(),
        )
        .query("watch", "true")
        .query("allowWatchBookmarks", "true")
        .query("timeoutSeconds", SECONDS)
        .query("resourceVersion", version.as_str());
        if let Some(selector) = &self.selector {
            call = call.query("labelSelector", selector.as_str());
        }
        let limit = self.cluster.inner.options.request_timeout;
        let response = timeout(limit, self.cluster.exchange(&call))
            .await
            .map_err(|_| Failure::TimedOut(limit))??;
        let (parts, mut body) = response.into_parts();
        if parts.status.as_u16() >= 400 {
            let bytes = timeout(limit, body.collect_bytes())
                .await
                .map_err(|_| Failure::TimedOut(limit))?;
            let bytes = bytes.map_err(Failure::Unreachable)?;
            return Err(failure(parts.status.as_u16(), &bytes, None));
        }
        let mut lines = Vec::new();
        while let Some(bytes) = chunk(&mut body).await? {
            lines.extend_from_slice(&bytes);
            while let Some(end) = lines.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = lines.drain(..=end).collect();
                if let Some(end) = self.take(&line, version)? {
                    return Ok(end);
                }
            }
        }
        Ok(End::Again)
    }

    /// Takes one event into account.
    fn take(&self, line: &[u8], version: &mut String) -> Result<Option<End>, Failure> {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let mut event: Value =
            serde_json::from_slice(line).map_err(|error| Failure::Unreadable(error.to_string()))?;
        let object = event.get_mut("object").map(Value::take).unwrap_or_default();
        let type_ = event
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if type_ == "ERROR" {
            let code = object
                .get("code")
                .and_then(Value::as_u64)
                .and_then(|code| u16::try_from(code).ok());
            return match failure(code.unwrap_or(500), object.to_string().as_bytes(), None) {
                Failure::Expired => Ok(Some(End::Expired)),
                failure => Err(failure),
            };
        }
        if let Some(newer) = object
            .pointer("/metadata/resourceVersion")
            .and_then(Value::as_str)
        {
            newer.clone_into(version);
        }
        if let Some(name) = name(&object) {
            self.sender.send_modify(|seen| {
                seen.trouble = None;
                match type_ {
                    "DELETED" => drop(seen.objects.remove(&name)),
                    "ADDED" | "MODIFIED" => drop(seen.objects.insert(name, Arc::new(object))),
                    _ => {}
                }
            });
        }
        Ok(None)
    }
}

async fn chunk(body: &mut Body) -> Result<Option<bytes::Bytes>, Failure> {
    match timeout(SILENCE, body.frame()).await {
        Err(_) | Ok(None) => Ok(None),
        Ok(Some(Err(error))) => Err(Failure::Unreachable(error)),
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
    }
}

fn name(object: &Value) -> Option<String> {
    object
        .pointer("/metadata/name")?
        .as_str()
        .map(str::to_owned)
}

/// The group in which an object is followed.
pub(crate) fn group_of(kind: &Kind, id: &ResourceId) -> Group {
    (kind.clone(), id.namespace.clone())
}
