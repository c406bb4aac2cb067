//! WATCH: what changes, as it changes.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::Instant;

use super::call::Call;
use super::list::{self, Selection};
use super::read::in_version;
use crate::answer::Answer;
use crate::registry::{Collection, Resource};
use crate::sandbox::Shared;
use crate::status::Refusal;
use crate::store::{Change, Expired};
use crate::world::World;

/// How long a watch lives that does not say.
const DEFAULT_LIFE: Duration = Duration::from_mins(30);
/// How often an idle watch that allows it is told how far the server is.
const BOOKMARK_PACE: Duration = Duration::from_mins(1);
/// How often the file is looked at for what other processes wrote.
const SHARED_PACE: Duration = Duration::from_millis(100);

type Present = Box<dyn Fn(&Resource, Value) -> Value + Send>;

/// One open watch.
struct Watch {
    shared: Weak<Shared>,
    changed: Receiver<u64>,
    resource: Arc<Resource>,
    collection: Collection,
    selection: Selection,
    present: Present,
    /// Everything up to this version was sent.
    sent: u64,
    ready: VecDeque<Bytes>,
    deadline: Instant,
    bookmarks: Bookmarks,
    is_shared: bool,
    is_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bookmarks {
    Allowed(Instant),
    Unwanted,
}

pub(super) fn watch(
    shared: &Arc<Shared>,
    world: &World,
    call: &Call<'_>,
) -> Result<Answer, Refusal> {
    list::check_options(call)?;
    let selection = Selection::of(call)?;
    let asked = asked_version(call)?;
    let life = call
        .query
        .number("timeoutSeconds")
        .and_then(|seconds| u64::try_from(seconds).ok());
    let life = life
        .filter(|seconds| *seconds > 0)
        .map_or(DEFAULT_LIFE, Duration::from_secs);
    let now = Instant::now();
    let mut watch = Watch {
        shared: Arc::downgrade(shared),
        changed: world.store.subscribe(),
        resource: call.resource.clone(),
        collection: call.resource.collection(),
        selection,
        present: Box::new(call.presenter()),
        sent: world.store.revision(),
        ready: VecDeque::new(),
        deadline: now + life,
        bookmarks: if call.query.flag("allowWatchBookmarks") {
            Bookmarks::Allowed(now + BOOKMARK_PACE)
        } else {
            Bookmarks::Unwanted
        },
        is_shared: world.store.is_shared(),
        is_over: false,
    };
    if call.query.flag("sendInitialEvents") || (asked == 0 && !call.query.has("sendInitialEvents"))
    {
        watch.send_all(world);
        if call.query.flag("sendInitialEvents") && call.query.flag("allowWatchBookmarks") {
            watch.bookmark(Some("k8s.io/initial-events-end"));
        }
    } else if asked > 0 {
        watch.sent = asked;
        watch.catch_up(world);
    }
    let lines = futures::stream::unfold(watch, |mut watch| async move {
        watch.next().await.map(|line| (line, watch))
    });
    Ok(Answer::stream(lines.boxed()))
}

fn asked_version(call: &Call<'_>) -> Result<u64, Refusal> {
    let Some(text) = call.query.get("resourceVersion") else {
        return Ok(0);
    };
    text.parse().map_err(|_| {
        Refusal::internal(format!(
            "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax"
        ))
    })
}

impl Watch {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            if self.is_over {
                return None;
            }
            self.wait().await;
        }
    }

    /// Waits until there may be something to send, or the watch is over.
    async fn wait(&mut self) {
        let mut until = self.deadline;
        if let Bookmarks::Allowed(next) = self.bookmarks {
            until = until.min(next);
        }
        if self.is_shared {
            until = until.min(Instant::now() + SHARED_PACE);
        }
        let changed = tokio::time::timeout_at(until, self.changed.changed()).await;
        let Some(shared) = self
            .shared
            .upgrade()
            .filter(|_| !matches!(changed, Ok(Err(_))))
        else {
            self.is_over = true;
            return;
        };
        let mut world = shared.world();
        // What cannot be read now is read the next time; the watch itself goes on.
        let _ = world.read(|world| {
            self.catch_up(world);
            Ok(())
        });
        let now = Instant::now();
        if let Bookmarks::Allowed(next) = self.bookmarks
            && now >= next
        {
            self.bookmark(None);
            self.bookmarks = Bookmarks::Allowed(now + BOOKMARK_PACE);
        }
        if now >= self.deadline {
            self.is_over = true;
        }
    }

    fn send_all(&mut self, world: &World) {
        for (name, object) in world.store.list(&self.collection, None) {
            if self.selection.matches(name, object) {
                self.event("ADDED", in_version(&self.resource, object));
            }
        }
    }

    fn catch_up(&mut self, world: &World) {
        self.changed.mark_unchanged();
        let changes: Vec<Change> = match world.store.since(self.sent) {
            Ok(changes) => changes
                .filter(|change| change.collection == self.collection)
                .cloned()
                .collect(),
            Err(Expired { oldest }) => {
                let message = format!("too old resource version: {} ({oldest})", self.sent);
                self.line("ERROR", &Refusal::expired(message).body());
                self.is_over = true;
                return;
            }
        };
        for change in &changes {
            self.change(change);
        }
        self.sent = self.sent.max(world.store.revision());
    }

    /// What a change is to somebody who sees only the selection.
    fn change(&mut self, change: &Change) {
        let seen = |object: &&Arc<Value>| self.selection.matches(&change.name, object);
        let before = change.before.as_ref().filter(seen);
        let after = change.after.as_ref().filter(seen);
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) => self.event("ADDED", in_version(&self.resource, after)),
            (Some(_), Some(after)) => self.event("MODIFIED", in_version(&self.resource, after)),
            (Some(before), None) => {
                let mut last = in_version(&self.resource, before);
                last["metadata"]["resourceVersion"] = json!(change.revision.to_string());
                self.event("DELETED", last);
            }
        }
    }

    fn bookmark(&mut self, annotation: Option<&str>) {
        let mut mark = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": { "resourceVersion": self.sent.to_string() },
        });
        if let Some(annotation) = annotation {
            mark["metadata"]["annotations"] = json!({ annotation: "true" });
        }
        // The rest of the version's mandatory fields stays away, as in a real bookmark.
        self.line("BOOKMARK", &mark);
    }

    fn event(&mut self, kind: &str, object: Value) {
        let object = (self.present)(&self.resource, object);
        self.line(kind, &object);
    }

    fn line(&mut self, kind: &str, object: &Value) {
        let mut line = json!({ "type": kind, "object": object }).to_string();
        line.push('\n');
        self.ready.push_back(line.into());
    }
}
