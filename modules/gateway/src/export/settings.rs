//! What does an exporter have to know, whatever it speaks?

use std::time::Duration;

/// The queue before an exporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// What its size counts.
    pub sizer: Sizer,
    /// How much it holds, what is being sent included.
    pub size: u64,
    /// How many payloads are sent at a time.
    pub consumers: usize,
    /// What happens when it is full.
    pub when_full: WhenFull,
    /// When a sender hears that its payload was taken.
    pub acknowledge: Acknowledge,
}

/// What a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizer {
    /// Requests, of whatever size.
    Requests,
    /// Spans, data points, log records.
    Items,
    /// Bytes.
    Bytes,
}

/// What happens when a queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Senders are refused, and may come again.
    Refuse,
    /// Senders wait.
    Wait,
}

/// When a sender hears that its payload was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledge {
    /// When it is in the queue.
    Queued,
    /// When it has arrived.
    Delivered,
}

/// How a failed payload is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The first pause.
    pub initial: Duration,
    /// The longest pause.
    pub max: Duration,
    /// When to give up; none for never.
    pub give_up: Option<Duration>,
    /// How much longer each pause is than the one before.
    pub multiplier: f64,
    /// By how much of itself a pause may be longer or shorter.
    pub jitter: f64,
}

impl Default for Queue {
    /// What the collector assumes.
    fn default() -> Self {
        Self {
            sizer: Sizer::Requests,
            size: 1000,
            consumers: 10,
            when_full: WhenFull::Refuse,
            acknowledge: Acknowledge::Queued,
        }
    }
}

impl Default for Retry {
    /// What the collector assumes.
    fn default() -> Self {
        Self {
            initial: Duration::from_secs(5),
            max: Duration::from_secs(30),
            give_up: Some(Duration::from_secs(300)),
            multiplier: 1.5,
            jitter: 0.5,
        }
    }
}
