//! How is a sandbox made and asked?

use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;

use crate::answer::{Answer, AnswerBody};
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
}

/// What all clones, watches and controllers of a sandbox have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
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
            }),
            controllers: Controllers::default(),
        }
    }

    /// Switches the controllers on or off.
    #[must_use]
    pub fn controllers(mut self, controllers: Controllers) -> Self {
        self.controllers = controllers;
        self
    }

    /// A client of this sandbox, without a socket, whose default namespace is `default`.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.clone(), "default")
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Response<AnswerBody> {
        verbs::answer(&self.shared, &request)
            .unwrap_or_else(Answer::from)
            .into_response()
    }
}

impl tower::Service<Request<Body>> for Sandbox {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
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
            Ok(sandbox.answer(request).await)
        }
        .boxed()
    }
}
