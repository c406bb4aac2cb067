//! Runs of the program one after the other, on one disk.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use serde_json::json;

use super::{
    super::{Core, LogJournal, Sampler},
    world::{Made, payload, request, span, spans_of},
};
use crate::{
    Budget, Payload, Refusal,
    log::{self, Level, Log, tests::disk::SimDisk},
    pipeline::Take,
    wire::Value,
};

/// What was handed on, each time that it was.
#[derive(Default)]
pub(super) struct Arrived(Mutex<Vec<(u8, u8)>>);

impl Arrived {
    pub(super) fn all(&self) -> Vec<(u8, u8)> {
        let mut all = self.0.lock().unwrap().clone();
        all.sort_unstable();
        all
    }
}

impl Take for Arrived {
    fn take(&self, payload: Payload) -> BoxFuture<'_, Result<(), Refusal>> {
        let spans = spans_of(&payload);
        assert_eq!(spans.len() as u64, payload.items, "one of them twice");
        self.0.lock().unwrap().extend(spans);
        Box::pin(async { Ok(()) })
    }
}

/// What outlives the program, and what the program has.
pub(super) struct World {
    pub(super) disk: SimDisk,
    pub(super) arrived: Arc<Arrived>,
    pub(super) level: Level,
    pub(super) segment: u64,
    pub(super) budget: u64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            disk: SimDisk::default(),
            arrived: Arc::default(),
            level: Level::Process,
            segment: 2 << 20,
            budget: 256 << 20,
        }
    }
}

/// One run of the program.
pub(super) struct Run {
    pub(super) sampler: Sampler,
    pub(super) budget: Arc<Budget>,
}

impl World {
    /// Keeps traces with errors, decided after five seconds.
    pub(super) fn start(&self) -> Run {
        self.start_before(self.arrived.clone())
    }

    /// The same, with another who comes next.
    pub(super) fn start_before(&self, next: Arc<dyn Take>) -> Run {
        let settings = json!({
            "decision_wait": "5s",
            "policies": [{ "name": "errors", "type": "status_code", "status_code": { "status_codes": ["ERROR"] } }],
        });
        let settings = serde_json::from_value(settings).unwrap();
        let budget = Budget::new(self.budget);
        let files = log::Settings {
            level: self.level,
            memory: 0,
            segment: self.segment,
            ..log::Settings::new([LogJournal::DESTINATION])
        };
        let disk = Arc::new(self.disk.clone());
        let (log, found) = Log::open(Path::new("/journal"), &files, disk).unwrap();
        let journal = LogJournal::new(log, found.notes, Arc::clone(&budget));
        let core = Core::new(&settings, None, &budget).unwrap();
        let sampler = Sampler::new(core, Some(Arc::new(journal)), next);
        sampler.recall();
        Run { sampler, budget }
    }
}

impl Run {
    pub(super) async fn send(&self, spans: &[Made]) {
        let payload = payload(request(&[], spans), &self.budget);
        self.sampler.take(payload).await.unwrap();
    }

    /// Sends what came so many milliseconds ago.
    pub(super) async fn sent(&self, ago: u64, spans: &[Made]) {
        let came = payload(request(&[], spans), &self.budget);
        let arrived = Instant::now().checked_sub(Duration::from_millis(ago));
        let arrived = arrived.expect("clocks begin long ago");
        self.sampler
            .take(Payload { arrived, ..came })
            .await
            .unwrap();
    }

    /// Seconds pass, and what is kept is handed on.
    pub(super) async fn pass(&self, seconds: u8) {
        for _ in 0..seconds {
            self.sampler.second().await;
            self.sampler.send_all(&true.into()).await;
        }
    }

    /// Reads for a few turns, not to the end.
    pub(super) fn read_some(&self, turns: usize) {
        let mut reading = Box::pin(self.sampler.catch_up());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..turns {
            assert!(reading.as_mut().poll(&mut context).is_pending());
        }
    }

    pub(super) fn unread(&self) -> u64 {
        self.sampler.counts().unread.get()
    }
}

pub(super) fn bad(trace: u8, id: u8) -> Made {
    Made {
        status: 2,
        ..span(trace, id)
    }
}

/// About as large as a request of five hundred spans.
pub(super) fn large(made: Made) -> Made {
    Made {
        attributes: vec![("text", Value::Bytes(&[7; 200 << 10]))],
        ..made
    }
}
