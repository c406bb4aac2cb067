//! How do payloads leave, and what happens until they have?

mod consume;
pub mod debug;
pub mod fanout;
pub mod file;
pub mod otlp;
pub mod queue;
pub mod remote_write;
pub mod retry;
mod settings;

use std::{borrow::Cow, time::Duration};

pub use consume::consume;
use futures::future::BoxFuture;
pub use settings::{Acknowledge, Queue, Retry, Sizer, WhenFull};
use thiserror::Error;

use crate::Payload;

/// What a destination said to a payload that it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many items it did not want. They must not be sent again.
    pub rejected: u64,
    /// What it had to say about them.
    pub message: String,
}

/// Why a payload has not arrived.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// It may be sent again.
    #[error("{why}")]
    Passing {
        /// What happened.
        why: Cow<'static, str>,
        /// How long the destination wants to be left alone.
        after: Option<Duration>,
    },
    /// It is too large for the destination: parts of it may arrive.
    #[error("{0}")]
    TooLarge(Cow<'static, str>),
    /// It will never be taken.
    #[error("{0}")]
    Lasting(Cow<'static, str>),
}

impl Failure {
    /// One that may pass, of which nothing else is known.
    pub fn passing(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Passing {
            why: why.into(),
            after: None,
        }
    }
}

/// Something that brings payloads to one destination.
pub trait Sender: Send + Sync {
    /// Tries once.
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>>;
}
