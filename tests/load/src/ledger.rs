//! What was sent, what was acknowledged, and what arrived?

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{bitmap::Bitmap, histogram::Histogram, ids::Ids, layout::Layout, scan, twice::Twice};

/// The books of one run, shared by whoever sends and whoever receives.
#[derive(Debug)]
pub struct Ledger {
    /// How ids are made.
    pub ids: Ids,
    /// How spans are dealt to requests.
    pub layout: Layout,
    /// Where time begins.
    pub epoch: Instant,
    /// When each request was due, in nanoseconds after the epoch; zero if it was never sent.
    due: Box<[AtomicU64]>,
    /// The requests that were acknowledged, and a copy that outlives us.
    acknowledged: Bitmap,
    file: Mutex<Option<File>>,
    /// The spans that arrived.
    delivered: Bitmap,
    /// Spans that arrived again.
    pub duplicates: AtomicU64,
    /// Spans that arrived and were never sent.
    pub unknown: AtomicU64,
    /// From when a request was due to when its spans arrived, one of them in sixteen.
    pub delivery: Histogram,
    /// Why spans arrived again, if somebody wants to know.
    pub twice: Option<Twice>,
    closed: AtomicBool,
}

impl Ledger {
    /// Books for so many requests.
    pub fn new(seed: u64, layout: Layout, requests: u64) -> Self {
        let requests = requests.next_multiple_of(layout.spread);
        Self {
            ids: Ids::new(seed),
            layout,
            epoch: Instant::now(),
            due: (0..requests).map(|_| AtomicU64::new(0)).collect(),
            acknowledged: Bitmap::new(requests),
            file: Mutex::default(),
            delivered: Bitmap::new(requests * layout.spans),
            duplicates: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
            delivery: Histogram::default(),
            twice: None,
            closed: AtomicBool::new(false),
        }
    }

    /// Keeps books of why spans arrive twice, too: four bytes for each span that arrives.
    #[must_use]
    pub fn ask_why_twice(mut self) -> Self {
        self.twice = Some(Twice::of(self.requests() * self.layout.spans));
        self
    }

    /// Nothing more is to be sent.
    pub fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    /// Whether that was said.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    /// Writes each acknowledged request to a file too, as eight bytes, before it counts: they outlive this process.
    pub fn keep_in(&self, file: &Path) -> io::Result<()> {
        let created = File::create(file).map_err(|error| {
            let what = format!("could not create `{}`: {error}", file.display());
            io::Error::new(error.kind(), what)
        });
        *self.file.lock().expect("nobody panics while writing") = Some(created?);
        Ok(())
    }

    /// How many requests fit.
    pub fn requests(&self) -> u64 {
        self.due.len() as u64
    }

    /// Nanoseconds since the epoch: never zero.
    pub fn now(&self) -> u64 {
        nanos(self.epoch.elapsed()).max(1)
    }

    /// Notes that a request is sent that was due then.
    pub fn send(&self, request: u64, due: u64) {
        if let Some(place) = self.place(request) {
            place.store(due.max(1), Relaxed);
        }
    }

    /// When a request was due: none if it was never sent.
    pub fn due(&self, request: u64) -> Option<u64> {
        let due = self.place(request)?.load(Relaxed);
        (due > 0).then_some(due)
    }

    /// Notes that a request was acknowledged.
    pub fn acknowledge(&self, request: u64) -> io::Result<()> {
        if let Some(file) = &mut *self.file.lock().expect("nobody panics while writing") {
            file.write_all(&request.to_le_bytes())?;
        }
        self.acknowledged.insert(request);
        Ok(())
    }

    /// Whether a request was acknowledged.
    pub fn is_acknowledged(&self, request: u64) -> bool {
        self.acknowledged.contains(request)
    }

    /// How many requests were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.count()
    }

    /// Whether a span arrived.
    pub fn is_delivered(&self, span: u64) -> bool {
        self.delivered.contains(span)
    }

    /// How many spans arrived, each counted once.
    pub fn delivered(&self) -> u64 {
        self.delivered.count()
    }

    /// Notes the spans of a message that arrived, but `forget`: how many it has, or none if it is no request.
    pub fn deliver(&self, message: &[u8], forget: Option<u64>) -> Option<u64> {
        let now = self.now();
        let mut arrived = Vec::new();
        let count = scan::spans(message, |trace, id| {
            let span = self.ids.counter(id);
            if Some(span) != forget {
                let is_new = self.deliver_one(span, trace, now);
                arrived.extend(
                    is_new
                        .filter(|_| self.twice.is_some())
                        .map(|new| (span, new)),
                );
            }
        });
        if let Some(twice) = &self.twice {
            twice.arrive(arrived.into_iter(), Duration::from_nanos(now));
        }
        count
    }

    /// Whether a span is new; none if it was never sent.
    fn deliver_one(&self, span: u64, trace: [u8; 16], now: u64) -> Option<bool> {
        let sent = self.due(self.layout.request(span));
        let Some(due) = sent.filter(|_| self.ids.trace(crate::ids::trace_of_span(span)) == trace)
        else {
            self.unknown.fetch_add(1, Relaxed);
            return None;
        };
        let is_new = self.delivered.insert(span);
        if !is_new {
            self.duplicates.fetch_add(1, Relaxed);
        } else if span.is_multiple_of(16) {
            self.delivery.record(now.saturating_sub(due));
        }
        Some(is_new)
    }

    fn place(&self, request: u64) -> Option<&AtomicU64> {
        self.due.get(usize::try_from(request).ok()?)
    }
}

/// A duration in nanoseconds.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
