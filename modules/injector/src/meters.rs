//! What is counted, and how does Prometheus read it?

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::answer::Outcome;

/// The upper bounds of the buckets of answering times, in microseconds.
const BUCKETS: [u64; 8] = [100, 250, 500, 1_000, 2_500, 5_000, 25_000, 100_000];
/// The status codes other than 200 that are answered.
const CODES: [u16; 6] = [400, 404, 405, 408, 413, 503];

/// What the program counts.
#[derive(Debug, Default)]
pub struct Meters {
    outcomes: [AtomicU64; Outcome::WORDS.len()],
    errors: [AtomicU64; CODES.len()],
    buckets: [AtomicU64; BUCKETS.len()],
    answered: AtomicU64,
    microseconds: AtomicU64,
    connections: AtomicI64,
    handshakes_failed: AtomicU64,
    reloads: AtomicU64,
    reloads_failed: AtomicU64,
    /// 0 where nobody knows.
    certificate_until: AtomicI64,
}

impl Meters {
    /// A review was answered.
    pub(crate) fn answered(&self, outcome: &Outcome, took: Duration) {
        let word = outcome.word();
        for (count, _) in self
            .outcomes
            .iter()
            .zip(Outcome::WORDS)
            .filter(|(_, w)| *w == word)
        {
            count.fetch_add(1, Relaxed);
        }
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        for (count, _) in self
            .buckets
            .iter()
            .zip(BUCKETS)
            .filter(|(_, bound)| took <= *bound)
        {
            count.fetch_add(1, Relaxed);
        }
        self.answered.fetch_add(1, Relaxed);
        self.microseconds.fetch_add(took, Relaxed);
    }

    /// A request was answered with an error.
    pub(crate) fn failed(&self, code: u16) {
        for (count, _) in self.errors.iter().zip(CODES).filter(|(_, c)| *c == code) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// A connection was opened.
    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    /// A connection has ended.
    pub(crate) fn disconnected(&self) {
        self.connections.fetch_sub(1, Relaxed);
    }

    /// A client and the program did not agree on how to speak.
    pub(crate) fn handshake_failed(&self) {
        self.handshakes_failed.fetch_add(1, Relaxed);
    }

    /// The certificate was exchanged, or was to be and could not.
    pub(crate) fn reloaded(&self, succeeded: bool) {
        let count = if succeeded {
            &self.reloads
        } else {
            &self.reloads_failed
        };
        count.fetch_add(1, Relaxed);
    }

    /// The certificate that is shown holds until that second.
    pub(crate) fn holds_until(&self, second: Option<i64>) {
        self.certificate_until.store(second.unwrap_or(0), Relaxed);
    }

    /// All of it, as Prometheus reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, lines: Vec<(String, String)>| {
            let name = format!("otelier_injector_{name}");
            // Writing to a String does not fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (rest, value) in lines {
                let _ = writeln!(text, "{name}{rest} {value}");
            }
        };
        let get = |count: &AtomicU64| count.load(Relaxed).to_string();
        let one = |count: &AtomicU64| vec![(String::new(), get(count))];
        let outcomes = self.outcomes.iter().zip(Outcome::WORDS);
        family(
            "reviews_total",
            "counter",
            "Pods that were reviewed, by what became of them.",
            outcomes
                .map(|(count, word)| (format!("{{outcome=\"{word}\"}}"), get(count)))
                .collect(),
        );
        let errors = self.errors.iter().zip(CODES);
        family(
            "errors_total",
            "counter",
            "Requests that were not answered as they were asked, by status code.",
            errors
                .map(|(count, code)| (format!("{{code=\"{code}\"}}"), get(count)))
                .collect(),
        );
        family(
            "review_duration_seconds",
            "histogram",
            "How long an answer took.",
            self.histogram(),
        );
        let connections = self.connections.load(Relaxed).to_string();
        family(
            "connections",
            "gauge",
            "Open connections.",
            vec![(String::new(), connections)],
        );
        family(
            "handshakes_failed_total",
            "counter",
            "Connections that ended before anything was asked.",
            one(&self.handshakes_failed),
        );
        family(
            "certificate_reloads_total",
            "counter",
            "Changes of the certificate, by whether they were taken over.",
            vec![
                ("{result=\"ok\"}".to_owned(), get(&self.reloads)),
                ("{result=\"error\"}".to_owned(), get(&self.reloads_failed)),
            ],
        );
        let until = self.certificate_until.load(Relaxed);
        let until = (until != 0).then(|| (String::new(), until.to_string()));
        family(
            "certificate_expiry_timestamp_seconds",
            "gauge",
            "When the certificate that is shown stops to hold.",
            until.into_iter().collect(),
        );
        text
    }

    fn histogram(&self) -> Vec<(String, String)> {
        let answered = self.answered.load(Relaxed).to_string();
        let buckets = self.buckets.iter().zip(BUCKETS).map(|(count, bound)| {
            let bound = Duration::from_micros(bound).as_secs_f64();
            (
                format!("_bucket{{le=\"{bound}\"}}"),
                count.load(Relaxed).to_string(),
            )
        });
        let mut lines: Vec<_> = buckets.collect();
        lines.push(("_bucket{le=\"+Inf\"}".to_owned(), answered.clone()));
        let sum = Duration::from_micros(self.microseconds.load(Relaxed)).as_secs_f64();
        lines.push(("_sum".to_owned(), sum.to_string()));
        lines.push(("_count".to_owned(), answered));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_alerts_are_made_of() {
        let known = include_str!("../../../tests/seen/injector-0.1.0.txt");
        let known: Vec<&str> = known
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let text = Meters::default().text();
        let shown = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        assert_eq!(shown.collect::<Vec<_>>(), known);
    }
}
