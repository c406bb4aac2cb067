//! How does a payload arrive that a destination does not take at once?

use std::{borrow::Cow, time::Duration};

use super::{Delivered, Exporter, Failure, Left, batch::cut, retry::Backoff, source::End};
use crate::{
    Payload, Refusal,
    haste::Hurry,
    time::{Instant, sleep},
};

/// How many single items may be too large in a row: then it is not their size that is refused, and nothing more is cut.
const SINGLES: u32 = 3;

/// Sends a payload as often as it takes, in parts if it must be, until it has arrived or is given up.
pub(super) async fn deliver(exporter: &Exporter, payload: Payload, hurry: &mut Hurry) -> End {
    let mut way = Way {
        exporter,
        waiting: vec![payload],
        singles: 0,
        end: End::Arrived,
    };
    while let Some(payload) = way.waiting.pop() {
        if way.one(payload, hurry).await == Interrupted::Yes {
            return End::Interrupted;
        }
    }
    way.end
}

/// What is under way of one payload.
struct Way<'a> {
    exporter: &'a Exporter,
    /// Parts of it that were not tried yet.
    waiting: Vec<Payload>,
    /// How many single items were too large since something arrived.
    singles: u32,
    /// How it ended, as far as is known.
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Interrupted {
    No,
    Yes,
}

/// What may arrive if it is sent again, and why it has not.
struct Again {
    payload: Payload,
    why: Cow<'static, str>,
    after: Option<Duration>,
}

impl Way<'_> {
    /// Sends a part until it is known what becomes of all of it.
    async fn one(&mut self, mut payload: Payload, hurry: &mut Hurry) -> Interrupted {
        let mut backoff = self.exporter.retry.map(Backoff::new);
        let began = Instant::now();
        loop {
            // An attempt that is cut off as it begins may have arrived, and would arrive twice.
            if hurry.is_too_late() {
                return Interrupted::Yes;
            }
            let result = tokio::select! {
                result = self.exporter.sender.send(&payload) => result,
                () = hurry.clone().over() => return Interrupted::Yes,
            };
            let Some(again) = self.heard(payload, result) else {
                return Interrupted::No;
            };
            let Some(pause) = Backoff::next(&mut backoff, began.elapsed(), again.after) else {
                self.given_up(&again.payload, Refusal::busy(again.why));
                return Interrupted::No;
            };
            self.exporter.trouble.postponed(&again.why, pause);
            payload = again.payload;
            self.exporter.tallies.retries.add(1);
            tokio::select! {
                () = sleep(pause) => {}
                _ = hurry.comes() => return Interrupted::Yes,
            }
        }
    }

    /// Takes what is said of a part: what of it is to be sent again is left.
    fn heard(&mut self, payload: Payload, said: Result<Delivered, Failure>) -> Option<Again> {
        let delivered = match said {
            Ok(delivered) => delivered,
            Err(failure) => return self.failed(payload, failure),
        };
        self.singles = 0;
        let left: u64 = delivered.left.iter().map(|left| left.payload.items).sum();
        let arrived = payload.items.saturating_sub(left);
        let rejected = delivered.rejected.min(arrived);
        self.exporter.tallies.rejected.add(rejected);
        self.exporter.tallies.sent.add(arrived - rejected);
        self.exporter.trouble.unwanted(rejected, &delivered.message);
        if delivered.left.is_empty() {
            self.exporter.trouble.passed();
        }
        let mut again: Option<Again> = None;
        for Left { payload, failure } in delivered.left {
            let Some(more) = self.failed(payload, failure) else {
                continue;
            };
            match &mut again {
                None => again = Some(more),
                Some(again) => {
                    again.payload.items += more.payload.items;
                    again.payload.body.append(more.payload.body);
                    again.after = again.after.max(more.after);
                }
            }
        }
        again
    }

    fn failed(&mut self, payload: Payload, failure: Failure) -> Option<Again> {
        match failure {
            Failure::Passing { why, after } => {
                return Some(Again {
                    payload,
                    why,
                    after,
                });
            }
            Failure::TooLarge(_) if payload.items > 1 && self.singles < SINGLES => {
                let mut halves = cut(&payload, payload.items.div_ceil(2), usize::MAX);
                halves.reverse();
                self.waiting.append(&mut halves);
            }
            Failure::TooLarge(why) | Failure::Lasting(why) => {
                self.singles += u32::from(payload.items == 1);
                self.given_up(&payload, Refusal::invalid(why));
            }
        }
        None
    }

    fn given_up(&mut self, payload: &Payload, why: Refusal) {
        self.exporter.given_up(payload.items, &why);
        self.end = End::GivenUp(why);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use collector_config::Signal;
    use futures::future::BoxFuture;

    use super::*;
    use crate::{
        export::{Queue, Sender, Tallies, Trouble},
        haste::Haste,
        process::samples,
        settings::{self, Sizer},
        time::simulated::Simulation,
    };

    /// Takes of each request what the next answer says, and notes how much was sent.
    struct Parting(Mutex<(Vec<Delivered>, Vec<u64>)>);

    impl Sender for Parting {
        fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
            let mut notes = self.0.lock().unwrap();
            notes.1.push(payload.items);
            let said = notes.0.pop().unwrap_or_default();
            Box::pin(async { Ok(said) })
        }
    }

    fn spans(count: usize) -> Payload {
        let spans = vec![r#"{"name":"x"}"#; count].join(",");
        let text = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
        samples::payload(Signal::Traces, &text)
    }

    fn exporter(answers: Vec<Delivered>) -> (Exporter, Arc<Parting>) {
        let sender = Arc::new(Parting(Mutex::new((answers, Vec::new()))));
        let queue = settings::Queue {
            sizer: Sizer::Requests,
            size: 10,
            consumers: 1,
            block_on_overflow: false,
            wait_for_result: false,
            storage: None,
            batch: None,
        };
        let exporter = Exporter {
            signal: Signal::Traces,
            queue: Queue::new(queue, None),
            retry: Some(settings::Backoff {
                initial: Duration::from_millis(1),
                max: Duration::from_millis(1),
                give_up: None,
                multiplier: 1.0,
                jitter: 0.0,
            }),
            sender: Arc::clone(&sender) as Arc<dyn Sender>,
            tallies: Tallies::default(),
            trouble: Trouble::of("nop".parse().unwrap(), Signal::Traces),
            peer: None,
        };
        (exporter, sender)
    }

    #[tokio::test]
    async fn what_is_left_of_a_payload_is_sent_again_and_nothing_else() {
        let left = |items, failure| Left {
            payload: spans(items),
            failure,
        };
        let parted = Delivered {
            rejected: 2,
            message: String::new(),
            left: vec![
                left(10, Failure::passing("down")),
                left(20, Failure::Lasting("no".into())),
                left(8, Failure::TooLarge("long".into())),
                left(5, Failure::passing("down, too")),
            ],
        };
        let (exporter, sender) = exporter(vec![parted]);
        let haste = Haste::new();
        let end = deliver(&exporter, spans(60), &mut haste.hurry()).await;
        assert!(matches!(end, End::GivenUp(_)), "{end:?}");
        assert_eq!(sender.0.lock().unwrap().1, [60, 15, 4, 4]);
        let tallies = &exporter.tallies;
        let counted =
            [&tallies.sent, &tallies.rejected, &tallies.failed].map(super::super::Amount::get);
        assert_eq!(counted, [38, 2, 20]);
    }

    /// Takes no more than so many at once; counts how often it is asked.
    struct Small(u64, Mutex<u32>);

    impl Sender for Small {
        fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
            *self.1.lock().unwrap() += 1;
            let result = if payload.items > self.0 {
                Err(Failure::TooLarge("no".into()))
            } else {
                Ok(Delivered::default())
            };
            Box::pin(std::future::ready(result))
        }
    }

    async fn asked(most: u64) -> (u32, u64) {
        let (exporter, _) = exporter(Vec::new());
        let sender = Arc::new(Small(most, Mutex::new(0)));
        let exporter = Exporter {
            sender: Arc::clone(&sender) as Arc<dyn Sender>,
            ..exporter
        };
        deliver(&exporter, spans(4096), &mut Haste::new().hurry()).await;
        (*sender.1.lock().unwrap(), exporter.tallies.sent.get())
    }

    #[tokio::test]
    async fn who_refuses_however_little_it_is_is_not_asked_for_ever() {
        assert_eq!(asked(4096).await, (1, 4096));
        assert_eq!(asked(1024).await, (7, 4096));
        assert_eq!(asked(8).await, (1023, 4096));
        assert_eq!(asked(0).await, (27, 0));
    }

    /// Never says anything.
    struct Mute;

    impl Sender for Mute {
        fn send<'a>(&'a self, _: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
            Box::pin(std::future::pending())
        }
    }

    #[test]
    fn in_a_hurry_all_attempts_together_have_but_a_moment() {
        let (exporter, _) = exporter(Vec::new());
        let exporter = Exporter {
            sender: Arc::new(Mute),
            ..exporter
        };
        let took = Simulation::new(0).run(async {
            let (began, haste) = (Instant::now(), Haste::new());
            haste.make();
            for _ in 0..10 {
                let end = deliver(&exporter, spans(1), &mut haste.hurry()).await;
                assert!(matches!(end, End::Interrupted), "{end:?}");
            }
            began.elapsed()
        });
        assert_eq!(took, Duration::from_secs(3));
    }
}
