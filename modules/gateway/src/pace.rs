//! How long does a thread sleep that is woken again and again?
//!
//! A small request costs little, and the wake-up for it much: the system puts the thread to sleep and fetches it back.
//! A thread that is woken thousands of times a second for a little work each time therefore rests a moment before it
//! looks again, and finds several requests, as network cards wait a moment before they interrupt. It costs those
//! requests half of that moment, which is as long as it takes a few requests to come and never longer than senders notice.
//!
//! Senders that wait for one answer before they send more would be slowed down by that: if less comes while the thread
//! rests than came before, and more again once it does not, it does not rest any more for a while.

use std::{
    cell::{Cell, RefCell},
    thread,
    time::{Duration, Instant},
};

/// How many requests are to come while a thread rests: more would save little, since what wakes and what sleeps is
/// shared by them already, and each connection is read and written on its own.
const WORTH: f64 = 8.0;
/// How long it rests at least, and at most.
const RESTS: (Duration, Duration) = (Duration::from_micros(400), Duration::from_millis(2));
/// A thread that sleeps so long has little to do.
const IDLE: Duration = Duration::from_millis(10);
/// A request that takes longer is worth its wake-up.
const LITTLE: Duration = Duration::from_micros(70);
/// Requests that come so many at a time need no rest.
const TOGETHER: u32 = 4;
/// How long it is looked how much comes: long enough to see over the gaps that a busy machine makes.
const WATCHED: Duration = Duration::from_millis(20);
/// How many requests in a second are many, if they come one by one.
const MANY: f64 = 1500.0;
/// How many rests show whether as much comes as before, and how much less is less.
const TRIED: u32 = 32;
const LESS: f64 = 0.7;
/// How long it is believed that it does.
const BELIEVED: Duration = Duration::from_millis(500);
/// For how long a thread does not rest that should not have: the first time, and at most if it is so again and again.
const WARY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

thread_local! {
    static REQUESTS: Cell<u32> = const { Cell::new(0) };
    static PACE: RefCell<Option<Pace>> = const { RefCell::new(None) };
}

/// What a thread has found out.
#[derive(Debug)]
struct Pace {
    /// When it fell asleep or woke up.
    since: Instant,
    /// How long it worked while it looked how much comes.
    worked: Duration,
    /// How long it will be wary next.
    wary: Duration,
    /// When it began to count.
    began: Instant,
    /// How often it slept or rested since.
    times: u32,
    /// How many requests came since.
    requests: u32,
    habit: Habit,
}

/// What it does before it sleeps.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    /// It looks how much comes. So much came in a second while it rested, if it did before.
    Watch { rested: Option<f64> },
    /// It rests. So many requests came in a second before it did, and until then that is believed.
    Rest { rate: f64, until: Instant },
    /// Others wait for it: it does not rest until then.
    Wary(Instant),
}

/// What it is to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// Sleep until it is woken.
    Sleep,
    /// Rest so long first.
    Rest(Duration),
}

/// How long to rest where so many requests come in a second.
fn rest(rate: f64) -> Duration {
    let (least, most) = RESTS;
    Duration::try_from_secs_f64(WORTH / rate).map_or(most, |rest| rest.clamp(least, most))
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            worked: Duration::ZERO,
            wary: WARY.0,
            began: now,
            times: 0,
            requests: 0,
            habit: Habit::Watch { rested: None },
        }
    }

    /// Counts anew, with this habit.
    fn turn(&mut self, habit: Habit, now: Instant) {
        *self = Self {
            habit,
            wary: self.wary,
            ..Self::new(now)
        };
    }

    /// How many requests came in a second.
    fn rate(&self, now: Instant) -> f64 {
        f64::from(self.requests) / (now - self.began).as_secs_f64().max(1e-6)
    }

    /// What to do after so many requests were worked at since the last sleep.
    fn before(&mut self, now: Instant, requests: u32) -> Before {
        self.times += 1;
        self.requests += requests;
        match self.habit {
            Habit::Watch { rested } => self.watch(rested, now),
            Habit::Rest { rate, until } if self.times >= TRIED => {
                let rested = self.rate(now);
                let habit = if rested < LESS * rate || now >= until {
                    Habit::Watch {
                        rested: Some(rested),
                    }
                } else {
                    self.habit
                };
                self.turn(habit, now);
            }
            Habit::Wary(until) if now >= until => self.turn(Habit::Watch { rested: None }, now),
            Habit::Rest { .. } | Habit::Wary(_) => {}
        }
        self.since = now;
        match self.habit {
            Habit::Rest { rate, .. } => Before::Rest(rest(rate)),
            Habit::Watch { .. } | Habit::Wary(_) => Before::Sleep,
        }
    }

    /// Looks how much comes while it does not rest.
    fn watch(&mut self, rested: Option<f64>, now: Instant) {
        self.worked += now - self.since;
        if now - self.began < WATCHED {
            return;
        }
        let rate = self.rate(now);
        let little = self.worked < LITTLE * self.requests;
        let one_by_one = self.requests < TOGETHER * self.times;
        let habit = if rate < MANY || !little || !one_by_one {
            Habit::Watch { rested: None }
        } else if rested.is_some_and(|rested| rested < LESS * rate) {
            let until = now + self.wary;
            self.wary = (self.wary * 2).min(WARY.1);
            Habit::Wary(until)
        } else {
            if rested.is_some() {
                self.wary = WARY.0;
            }
            let until = now + BELIEVED;
            Habit::Rest { rate, until }
        };
        self.turn(habit, now);
    }

    /// Notes that it woke up.
    fn after(&mut self, now: Instant) {
        if now - self.since > IDLE && !matches!(self.habit, Habit::Wary(_)) {
            self.turn(Habit::Watch { rested: None }, now);
        }
        self.since = now;
    }
}

/// Notes a request that this thread works at.
pub(crate) fn request() {
    REQUESTS.set(REQUESTS.get().saturating_add(1));
}

/// Before this thread sleeps.
pub(crate) fn before_sleep() {
    let now = Instant::now();
    let requests = REQUESTS.take();
    let before = PACE.with_borrow_mut(|pace| {
        let pace = pace.get_or_insert_with(|| Pace::new(now));
        pace.before(now, requests)
    });
    if let Before::Rest(long) = before {
        thread::sleep(long);
    }
}

/// After it slept.
pub(crate) fn after_sleep() {
    let now = Instant::now();
    PACE.with_borrow_mut(|pace| {
        if let Some(pace) = pace {
            pace.after(now);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a wake-up costs, and each request.
    const COST: Duration = Duration::from_micros(10);

    /// How many of a thousand sleeps were rests, and how many requests came in all, where they come at `due` times:
    /// given when the last one was answered.
    fn rests(mut due: impl FnMut(Instant) -> Instant) -> (u32, u32) {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        let (mut now, mut next) = (begin, due(begin));
        let (mut rests, mut requests, mut all) = (0, 0, 0);
        for _ in 0..1000 {
            if let Before::Rest(long) = pace.before(now, requests) {
                rests += 1;
                now += long;
            }
            all += requests;
            requests = 0;
            now = now.max(next);
            pace.after(now);
            while next <= now {
                requests += 1;
                now += COST;
                next = due(next.max(now));
            }
            now += COST;
        }
        (rests, all)
    }

    /// The same times whatever happens.
    fn every(micros: u64) -> impl FnMut(Instant) -> Instant {
        let mut at = None;
        move |now| *at.insert(at.unwrap_or(now) + Duration::from_micros(micros))
    }

    #[test]
    fn many_small_requests_are_done_in_one_go() {
        for micros in [50, 100, 250] {
            let (rests, requests) = rests(every(micros));
            assert!(rests > 500, "{rests} rests with one every {micros} µs");
            assert!(requests > 4000, "{requests} with one every {micros} µs");
        }
    }

    #[test]
    fn a_rest_is_as_long_as_it_is_worth_and_never_long() {
        let micros = |rate| rest(rate).as_micros();
        assert_eq!(
            [1e3, 4e3, 1e4, 1e6, 0.0].map(micros),
            [2000, 2000, 800, 400, 2000]
        );
    }

    #[test]
    fn a_machine_that_is_busy_with_other_things_is_no_reason_not_to_rest() {
        let begin = Instant::now();
        let mut nth = 0;
        // One every 250 µs, but those of 5 ms in each 25 come together after that.
        let (rests, requests) = rests(|_| {
            nth += 1;
            let at = Duration::from_micros(250 * nth);
            let late = Duration::from_millis(5).saturating_sub(Duration::from_micros(
                u64::try_from(at.as_micros()).unwrap() % 25_000,
            ));
            begin + at + late
        });
        assert!(rests > 500, "{rests} rests");
        assert!(requests > 4000, "{requests} requests");
    }

    #[test]
    fn few_requests_wake_at_once() {
        for micros in [3_000, 10_000, 1_000_000] {
            assert_eq!(rests(every(micros)).0, 0, "one every {micros} µs");
        }
    }

    #[test]
    fn who_waits_for_an_answer_is_not_kept_waiting() {
        let (rests, _) = rests(|answered| answered + Duration::from_micros(60));
        assert_eq!(rests, TRIED, "it was tried once");
    }

    #[test]
    fn much_work_is_no_reason_to_rest() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        let mut now = begin;
        for _ in 0..1000 {
            assert_eq!(pace.before(now, 1), Before::Sleep);
            now += COST;
            pace.after(now);
            now += LITTLE * 2;
        }
    }
}
