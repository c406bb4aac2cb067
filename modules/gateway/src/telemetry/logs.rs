//! How does the gateway write its log? One line an event on stderr, as JSON or for people, repeats thinned out.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher as _, Hasher as _},
    io::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

use crate::settings::{LogEncoding, LogLevel, LogSampling, Logs};

/// Whether people see the log in colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// They do: it goes to a terminal.
    Shown,
    /// They do not.
    Plain,
}

/// The log of this process.
struct Log {
    settings: Mutex<Writing>,
    spans: AtomicU64,
}

struct Writing {
    logs: Logs,
    color: Color,
    repeats: BTreeMap<u64, Repeats>,
    tick: Instant,
}

/// How often one message came in this tick.
#[derive(Clone, Copy, Default)]
struct Repeats {
    seen: u64,
}

/// How many different messages are told apart in a tick.
const MESSAGES: usize = 1024;

/// Makes this the log of the process. False if it has one already: then that one stays.
pub fn install(logs: Logs, color: Color) -> bool {
    let log = Log {
        settings: Mutex::new(Writing {
            logs,
            color,
            repeats: BTreeMap::new(),
            tick: Instant::now(),
        }),
        spans: AtomicU64::new(1),
    };
    tracing::subscriber::set_global_default(log).is_ok()
}

/// Writes the log of the process in another way from now on, where [`install`] made it.
pub fn change(logs: &Logs) {
    let changed = tracing::dispatcher::get_default(|of_process| {
        let log = of_process.downcast_ref::<Log>();
        log.map(|log| log.with(|writing| writing.logs = logs.clone()))
    });
    if changed.is_some() {
        // Whether anybody wants to hear of an event is asked once and remembered.
        tracing::callsite::rebuild_interest_cache();
    }
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    }
}

impl Log {
    fn with<T>(&self, act: impl FnOnce(&mut Writing) -> T) -> T {
        // A thread that panicked while it wrote left nothing half done.
        let mut writing = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut writing)
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let own = metadata.target().starts_with("gateway");
        let limit = self.with(|writing| level(writing.logs.level));
        // What libraries say below a warning is about themselves.
        *metadata.level()
            <= if own {
                limit
            } else {
                limit.min(LevelFilter::WARN)
            }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(self.spans.fetch_add(1, Relaxed).max(1))
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let line = self.with(|writing| {
            let key = key(metadata, &fields.message);
            writing.passes(key, Instant::now()).then(|| {
                let now = Timestamp::now();
                line(&writing.logs, writing.color, now, *metadata.level(), fields)
            })
        });
        if let Some(line) = line {
            // There is nobody to tell that stderr is gone.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
    }
}

fn key(metadata: &Metadata<'_>, message: &str) -> u64 {
    let mut hasher = foldhash::fast::FixedState::default().build_hasher();
    hasher.write(metadata.target().as_bytes());
    hasher.write(message.as_bytes());
    hasher.finish()
}

impl Writing {
    /// Whether a message is written, or is one of too many.
    fn passes(&mut self, key: u64, now: Instant) -> bool {
        let Some(LogSampling {
            tick,
            initial,
            thereafter,
        }) = self.logs.sampling
        else {
            return true;
        };
        if now.duration_since(self.tick) >= tick.max(Duration::from_millis(1)) {
            self.repeats.clear();
            self.tick = now;
        }
        if self.repeats.len() >= MESSAGES && !self.repeats.contains_key(&key) {
            return true;
        }
        let repeats = self.repeats.entry(key).or_default();
        repeats.seen += 1;
        let over = repeats.seen.saturating_sub(initial);
        over == 0 || (thereafter > 0 && over % thereafter == 0)
    }
}

/// The fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.others.insert(field.name().to_owned(), value.into());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.others.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.others.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.others.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.others.insert(field.name().to_owned(), value.into());
    }
}

/// One line with its end.
fn line(logs: &Logs, color: Color, now: Timestamp, level: Level, fields: Fields) -> String {
    let time = format!("{now:.3}");
    let Fields { message, others } = fields;
    let mut more: Map<String, Value> = logs.initial_fields.clone().into_iter().collect();
    more.extend(others);
    let level = level.as_str().to_lowercase();
    match logs.encoding {
        LogEncoding::Json => {
            let mut object = Map::new();
            object.insert("level".to_owned(), level.into());
            object.insert("ts".to_owned(), time.into());
            object.insert("msg".to_owned(), message.into());
            object.extend(more);
            format!("{}\n", Value::Object(object))
        }
        LogEncoding::Console => {
            let level = match color {
                Color::Plain => level,
                Color::Shown => painted(&level),
            };
            let message = message.replace('\n', "\\n");
            if more.is_empty() {
                return format!("{time}\t{level}\t{message}\n");
            }
            format!("{time}\t{level}\t{message}\t{}\n", Value::Object(more))
        }
    }
}

fn painted(level: &str) -> String {
    let code = match level {
        "error" => 31,
        "warn" => 33,
        "info" => 32,
        _ => 36,
    };
    format!("\u{1b}[{code}m{level}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(encoding: LogEncoding) -> Logs {
        Logs {
            level: LogLevel::Info,
            encoding,
            sampling: Some(LogSampling {
                tick: Duration::from_secs(10),
                initial: 2,
                thereafter: 3,
            }),
            initial_fields: [("zone".to_owned(), "a".into())].into(),
        }
    }

    fn written(encoding: LogEncoding) -> String {
        let fields = Fields {
            message: "it\nstarts".to_owned(),
            others: [("port".to_owned(), 5.into())].into_iter().collect(),
        };
        let now = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
        line(&logs(encoding), Color::Plain, now, Level::INFO, fields)
    }

    #[test]
    fn a_line_is_one_line_for_people_and_for_programs() {
        assert_eq!(
            written(LogEncoding::Console),
            "2023-11-14T22:13:20.123Z\tinfo\tit\\nstarts\t{\"port\":5,\"zone\":\"a\"}\n"
        );
        let line: Value = serde_json::from_str(&written(LogEncoding::Json)).unwrap();
        assert_eq!(line["msg"], "it\nstarts");
        assert_eq!(
            (line["level"].as_str(), line["zone"].as_str()),
            (Some("info"), Some("a"))
        );
    }

    #[test]
    fn repeats_are_thinned_out_and_come_again_after_a_while() {
        let start = Instant::now();
        let mut writing = Writing {
            logs: logs(LogEncoding::Json),
            color: Color::Plain,
            repeats: BTreeMap::new(),
            tick: start,
        };
        let passed: Vec<u64> = (1..=9).filter(|_| writing.passes(1, start)).collect();
        assert_eq!(passed, [1, 2, 5, 8]);
        assert!(writing.passes(2, start), "another message is not a repeat");
        assert!(writing.passes(1, start + Duration::from_secs(10)));
    }
}
