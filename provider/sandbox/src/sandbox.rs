//! How is a sandbox made and asked?

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::task::JoinHandle;

use crate::answer::{Answer, AnswerBody};
use crate::fault::{Faults, Gone};
use crate::reconcile;
use crate::status::Refusal;
use crate::store::{self, Store, StoreError};
use crate::verbs;
use crate::world::World;

/// Whether something makes workloads ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Controllers {
    /// Workloads become ready, or fail where they ask for it.
    #[default]
    On,
    /// Nothing happens that no request asked for, as on an API server alone.
    Off,
}

/// An in-process Kubernetes API. Clones share one world.
#[derive(Debug, Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    controllers: Controllers,
    pace: Duration,
}

/// How long the controllers rest between two steps, unless told otherwise.
const PACE: Duration = Duration::from_millis(1);

/// What all clones, watches and controllers of a sandbox have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// The controllers at work. They end with the runtime they were started in, and are then started anew.
    at_work: Mutex<Option<JoinHandle<()>>>,
    /// What goes wrong on purpose, and what was asked.
    pub(crate) faults: Faults,
}

impl Shared {
    /// The world, for as long as one request takes.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A request that panicked has written nothing or all: `put` is the last thing it does.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// An empty cluster that is forgotten when the last clone is dropped.
    pub fn new() -> Self {
        Self::with(World::new(Store::in_memory()))
    }

    /// The cluster that is kept in a file below `directory`, or a new one there.
    ///
    /// Several processes may have the same directory open: each write is appended to the file before it
    /// is acknowledged, and each request first takes over what others wrote.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, StoreError> {
        Store::open(directory.as_ref()).map(|store| Self::with(World::new(store)))
    }

    /// Empties the world that a directory holds, also for a sandbox that has it open.
    ///
    /// # Errors
    /// When its file cannot be locked or deleted.
    pub fn reset(directory: impl AsRef<Path>) -> Result<(), StoreError> {
        store::erase(directory.as_ref())
    }

    fn with(world: World) -> Self {
        Self {
            shared: Arc::new(Shared {
                world: Mutex::new(world),
                at_work: Mutex::default(),
                faults: Faults::default(),
            }),
            controllers: Controllers::default(),
            pace: PACE,
        }
    }

    /// Switches the controllers on or off.
    #[must_use]
    pub fn controllers(mut self, controllers: Controllers) -> Self {
        self.controllers = controllers;
        self
    }

    /// Sets how long the controllers rest between two steps: a Deployment takes some five of them.
    #[must_use]
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// What shall go wrong, and how often what was asked.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Forgets all changes up to now: a watch or a page that starts earlier is answered 410.
    pub fn compact(&self) {
        self.shared.world().store.compact();
    }

    fn wake_controllers(&self) {
        if self.controllers == Controllers::Off {
            return;
        }
        let mut at_work = self
            .shared
            .at_work
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if at_work.as_ref().is_none_or(JoinHandle::is_finished) {
            // A new cluster has its accounts and its node before it answers for the first time.
            reconcile::pass(&self.shared);
            let run = reconcile::run(Arc::downgrade(&self.shared), self.pace);
            *at_work = Some(tokio::spawn(run));
        }
    }

    /// A client of this sandbox, without a socket, whose default namespace is `default`.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.clone(), "default")
    }

    /// A request that meets a mistake of ours is answered 500, as by any server, and the next one is served.
    fn answer_safely(&self, request: &Request<Bytes>) -> Result<Answer, Refusal> {
        let attempt = AssertUnwindSafe(|| verbs::answer(&self.shared, request));
        std::panic::catch_unwind(attempt).unwrap_or_else(|_| {
            let message = "this request caused apiserver to panic. Look in logs for details.";
            Err(Refusal::new(500, "InternalError", message))
        })
    }

    /// Answers one request.
    pub(crate) async fn answer(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<AnswerBody>, Gone> {
        self.wake_controllers();
        let verdict = self.shared.faults.judge(&request).await?;
        let answer = match verdict {
            Some(refusal) => Err(refusal),
            None => self.answer_safely(&request),
        };
        Ok(answer.unwrap_or_else(Answer::from).into_response())
    }
}

impl tower::Service<Request<Body>> for Sandbox {
    type Response = Response<AnswerBody>;
    type Error = Gone;
    type Future = BoxFuture<'static, Result<Self::Response, Gone>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let sandbox = self.clone();
        async move {
            let (parts, body) = request.into_parts();
            let bytes = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            let request = Request::from_parts(parts, bytes.unwrap_or_default());
            sandbox.answer(request).await
        }
        .boxed()
    }
}
