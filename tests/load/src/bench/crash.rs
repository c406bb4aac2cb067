//! Is anything lost that was acknowledged, when the gateway is killed again and again under load?

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    BenchError,
    peer::{Peer, Run},
    process::{Process, Used, free_address},
    run::{Setting, ledger, load, settle},
    scenario::Scenario,
};
use crate::{
    generator::{Sent, send},
    ids::Ids,
    ledger::Ledger,
    sink::Sink,
    template::Template,
    twice::{Ages, Twice},
    verdict::{Expected, Verdict},
};

/// How often it is killed, and after how much.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often.
    pub kills: u32,
    /// After how many acknowledged spans at least; up to half as many more, never in step with anything.
    pub spans: u64,
    /// The most percent of what was acknowledged that may come twice.
    pub twice: f64,
}

/// One kill, and the start that followed it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Kill {
    /// Spans acknowledged since the kill before.
    pub acknowledged: u64,
    /// Of these, those that came so shortly before that no trace of them can have been decided.
    pub undecided: u64,
    /// Seconds until the next one listened.
    pub listened: f64,
    /// Seconds until it acknowledged something.
    pub answered: f64,
    /// Processor seconds that it used until it listened.
    pub cpu: f64,
    /// Bytes that it read until then.
    pub read: u64,
}

/// What a gateway that was killed left of what it had acknowledged.
#[derive(Debug, Serialize)]
pub struct Crashed {
    /// Every kill.
    pub kills: Vec<Kill>,
    /// What came twice.
    pub twice: Ages,
    /// What was sent.
    pub sent: Sent,
    /// What became of it.
    pub verdict: Verdict,
}

/// For how many spans there are books at least.
const SPARE: u64 = 20_000_000;
/// How much longer than traces wait it lives at least: a second that decides, and what is late in it.
const DECIDES: Duration = Duration::from_millis(2500);

impl Crashed {
    /// The least of all kills.
    pub fn least(&self, of: fn(&Kill) -> u64) -> u64 {
        self.kills.iter().map(of).min().unwrap_or_default()
    }

    /// The most of all kills.
    pub fn most(&self, of: fn(&Kill) -> f64) -> f64 {
        self.kills.iter().map(of).fold(0.0, f64::max)
    }

    /// The most bytes that a start read until it listened.
    pub fn most_read(&self) -> u64 {
        self.kills
            .iter()
            .map(|kill| kill.read)
            .max()
            .unwrap_or_default()
    }

    /// How many percent of what was acknowledged came twice.
    pub fn doubled(&self) -> f64 {
        let all = self.verdict.acknowledged.max(1);
        self.verdict.duplicates as f64 * 100.0 / all as f64
    }

    /// What is not as it should be: nothing, if it was killed as planned, under load and with undecided traces where
    /// traces wait, and then nothing was lost and no more came twice than may.
    pub fn wrong(&self, scenario: &Scenario, plan: Plan) -> Vec<&'static str> {
        let verdict = &self.verdict;
        let waits = scenario.expected != Expected::All;
        let twice = self.doubled() > plan.twice;
        let all = [
            (
                self.kills.len() as u64 != u64::from(plan.kills),
                "it was not killed as often as planned",
            ),
            (
                self.least(|kill| kill.acknowledged) < plan.spans,
                "before one kill less was acknowledged than planned",
            ),
            (
                waits && self.least(|kill| kill.undecided) == 0,
                "at one kill no trace was undecided",
            ),
            (
                !verdict.is_clean(),
                "spans are lost, made up or wrongly kept",
            ),
            (verdict.delivered == 0, "nothing was delivered"),
            (twice, "more came twice than may"),
        ];
        let wrong = all.into_iter().filter(|(is_wrong, _)| *is_wrong);
        wrong.map(|(_, what)| what).collect()
    }
}

/// Loads the gateway, and kills it as planned; then lets it deliver what it holds.
pub fn crash(
    scenario: &Scenario,
    setting: Setting,
    plan: Plan,
    folder: &Path,
    tell: impl Fn(&Kill) + Sync,
) -> Result<Crashed, BenchError> {
    let sink = Sink::start(free_address()?, setting.cores.map(|(_, ours)| ours))?;
    let run = Run {
        listens: free_address()?,
        sink: sink.address(),
        folder,
    };
    let start = || start(scenario, setting, &run);
    // Half of each kill's spans come on top by chance; some are refused, and some are never answered.
    let spans = u64::from(plan.kills) * plan.spans * 2 + SPARE;
    let ledger = Arc::new(ledger(scenario, spans, 4).ask_why_twice());
    sink.keep(&ledger);
    let first = start()?.0;
    let killer = Killer {
        scenario,
        plan,
        ledger: &ledger,
        tell: &tell,
    };
    let (sent, killed) = thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let killed = killer.kill_again_and_again(first, start);
            ledger.close();
            killed
        });
        let template = Template::new(scenario.spans, scenario.size);
        let load = load(scenario, run.listens, setting.duration);
        let sent = send(&load, &template, &ledger, 0);
        ledger.close();
        (sent, killer.join())
    });
    let (sent, _) = sent?;
    let (mut last, kills) = killed.map_err(|_| std::io::Error::other("whoever killed ended"))??;
    settle(&ledger, scenario);
    let verdict = Verdict::of(&ledger, scenario.expected);
    last.stop()?;
    Ok(Crashed {
        kills,
        twice: ledger
            .twice
            .as_ref()
            .map_or_else(Ages::default, Twice::ages),
        sent,
        verdict,
    })
}

/// Starts the gateway: it listens after so many seconds.
fn start(
    scenario: &Scenario,
    setting: Setting,
    run: &Run<'_>,
) -> Result<(Process, f64), BenchError> {
    let begin = Instant::now();
    let command = Peer::Gateway.command(scenario, run)?;
    let command = command.ok_or_else(|| std::io::Error::other("the gateway has a command"))?;
    let mut process = Process::start(command, setting.cores.map(|(theirs, _)| theirs))?;
    let listens = process.listens(run.listens);
    listens.map_err(|source| BenchError::Silent {
        peer: Peer::Gateway,
        source,
    })?;
    Ok((process, begin.elapsed().as_secs_f64()))
}

/// Who kills.
struct Killer<'a> {
    scenario: &'a Scenario,
    plan: Plan,
    ledger: &'a Ledger,
    tell: &'a (dyn Fn(&Kill) + Sync),
}

impl Killer<'_> {
    /// Kills and starts as often as planned, or until nothing more is sent: the process that lives then, and all kills.
    fn kill_again_and_again(
        &self,
        mut process: Process,
        start: impl Fn() -> Result<(Process, f64), BenchError>,
    ) -> Result<(Process, Vec<Kill>), BenchError> {
        let (mut kills, chance) = (Vec::new(), Ids::new(7));
        let mut before = 0;
        let mut lately = Lately::default();
        for nth in 0..self.plan.kills {
            let dice = u64::from_le_bytes(chance.span(nth.into())) % 1000;
            let enough = before + self.plan.spans + self.plan.spans * dice / 2000;
            if !self.wait_for(enough, self.least_life(dice), &mut lately) {
                break;
            }
            let mut kill = Kill {
                acknowledged: self.acknowledged() - before,
                undecided: self.undecided(&lately),
                ..Kill::default()
            };
            before += kill.acknowledged;
            let then = self.ledger.epoch.elapsed();
            drop(process);
            if let Some(twice) = &self.ledger.twice {
                twice.killed(then, self.ledger.epoch.elapsed());
            }
            let begin = Instant::now();
            (process, kill.listened) = start()?;
            let used = process.cpu()?.since(&Used::default());
            (kill.cpu, kill.read) = (used.as_secs_f64(), process.read()?);
            lately = Lately::default();
            self.wait_for(self.acknowledged() + 1, Duration::ZERO, &mut lately);
            kill.answered = begin.elapsed().as_secs_f64();
            (self.tell)(&kill);
            kills.push(kill);
        }
        Ok((process, kills))
    }

    fn acknowledged(&self) -> u64 {
        self.ledger.acknowledged() * self.scenario.spans
    }

    /// Long enough that some traces are decided, where traces wait, and up to a second more.
    fn least_life(&self, dice: u64) -> Duration {
        let waits = self.scenario.waits;
        if waits.is_zero() {
            waits
        } else {
            waits + DECIDES + Duration::from_millis(dice)
        }
    }

    /// What came so lately that it waits for a decision: what was acknowledged since, but for what was under way then.
    fn undecided(&self, lately: &Lately) -> u64 {
        let since = self
            .ledger
            .epoch
            .elapsed()
            .saturating_sub(self.scenario.waits);
        let under_way = self.scenario.connections * self.scenario.in_flight;
        let came = self.acknowledged() - lately.by(since);
        came.saturating_sub(under_way as u64 * self.scenario.spans)
    }

    /// Waits until that many spans are acknowledged and so much time has passed: whether that came.
    fn wait_for(&self, spans: u64, life: Duration, lately: &mut Lately) -> bool {
        let begin = Instant::now();
        loop {
            let acknowledged = self.acknowledged();
            lately.note(self.ledger.epoch.elapsed(), acknowledged);
            if acknowledged >= spans && begin.elapsed() >= life {
                return true;
            }
            if self.ledger.is_closed() {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// How much was acknowledged by when, of one life.
#[derive(Default)]
struct Lately(Vec<(Duration, u64)>);

impl Lately {
    fn note(&mut self, now: Duration, acknowledged: u64) {
        self.0.push((now, acknowledged));
    }

    /// What was acknowledged by then; of a life that began later, before it.
    fn by(&self, then: Duration) -> u64 {
        let after = self.0.partition_point(|(at, _)| *at <= then);
        let place = self.0.get(after.saturating_sub(1));
        place.map_or(0, |(_, acknowledged)| *acknowledged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_by_a_time_is_what_was_noted_before_it() {
        let mut lately = Lately::default();
        for (at, acknowledged) in [(10, 5), (20, 7), (30, 9)] {
            lately.note(Duration::from_secs(at), acknowledged);
        }
        let by = |at| lately.by(Duration::from_secs(at));
        assert_eq!([by(1), by(10), by(29), by(99)], [5, 5, 7, 9]);
    }

    #[test]
    fn kills_are_good_only_if_they_were_under_load_and_nothing_was_lost_or_doubled() {
        let plan = Plan {
            kills: 2,
            spans: 1000,
            twice: 0.1,
        };
        let scenario = crate::bench::scenario::CRASH
            .iter()
            .find(|scenario| scenario.name == "crash-tail")
            .unwrap();
        let good = |change: fn(&mut Crashed)| {
            let kill = Kill {
                acknowledged: 100_000,
                undecided: 1,
                ..Kill::default()
            };
            let mut crashed = Crashed {
                kills: vec![kill; 2],
                twice: Ages::default(),
                sent: Sent::default(),
                verdict: Verdict {
                    acknowledged: 200_000,
                    delivered: 20_000,
                    duplicates: 200,
                    ..Verdict::default()
                },
            };
            change(&mut crashed);
            crashed.wrong(scenario, plan).is_empty()
        };
        assert!(good(|_| {}));
        assert!(!good(|crashed| crashed.kills.truncate(1)));
        assert!(!good(|crashed| crashed.kills[1].acknowledged = 999));
        assert!(!good(|crashed| crashed.kills[1].undecided = 0));
        assert!(!good(|crashed| crashed.verdict.duplicates += 1));
        assert!(!good(|crashed| crashed.verdict.lost = 1));
        assert!(!good(|crashed| crashed.verdict.delivered = 0));
    }
}
