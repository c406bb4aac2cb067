//! What happens on a connection because time has passed?

use std::time::Duration;

use tokio::time::Instant;

use super::{
    session::{LEAVING, Life, Session, THERE},
    stream::Phase,
};
use crate::{
    Refusal,
    http2::{Code, Flags, MAX_WINDOW},
    receive::{
        Protocol,
        body::{SILENCE, silent, slow},
        http1::late,
        lifetime::Lifetime,
    },
};

/// How long a client may take to say that it speaks HTTP/2.
const PREFACE: Duration = Duration::from_secs(10);
/// How long a client that is asked to go has to say that it knows.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a client may leave an answer unread.
const UNREAD: Duration = Duration::from_secs(30);
/// How long nothing may come of a request that was answered before its end.
const QUIET: Duration = Duration::from_secs(1);
/// When to look again if nothing is to be waited for.
const RARELY: Duration = Duration::from_hours(1);

/// Since when everything is as it is.
#[derive(Debug)]
pub(super) struct Times {
    lifetime: Lifetime,
    /// After how much silence a ping is sent, and how long the answer may take.
    keepalive: Option<(Duration, Duration)>,
    /// How long a request may take to come.
    request: Option<Duration>,
    began: Instant,
    read: Instant,
    idle: Instant,
    /// Since when something waits to be written.
    unread: Option<Instant>,
    pinged: Option<Instant>,
    asked: Option<Instant>,
    /// Since when calls under way are on their way out because of the age of the connection.
    aged: Option<Instant>,
    greeted: bool,
    /// Whether there may be streams that were answered and still come.
    pub(super) hears_out: bool,
    /// Since when everything was said.
    said: Option<Instant>,
    /// When it has to be looked what is due, if that is earlier than was said before.
    pub(super) sooner: Option<Instant>,
}

/// Nothing more is to be done for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Over;

impl Times {
    pub(super) fn new(protocol: &Protocol, now: Instant) -> Self {
        let (keepalive, request) = match protocol {
            Protocol::Grpc(grpc) => {
                let keepalive = &grpc.keepalive;
                (Some((keepalive.ping_after, keepalive.ping_timeout)), None)
            }
            Protocol::Http(http) => (None, http.read_timeout),
        };
        Self {
            lifetime: Lifetime::of(protocol),
            keepalive,
            request,
            began: now,
            read: now,
            idle: now,
            unread: None,
            pinged: None,
            asked: None,
            aged: None,
            greeted: false,
            hears_out: false,
            said: None,
            sooner: None,
        }
    }

    /// Notes that something came.
    pub(super) fn read(&mut self, now: Instant) {
        self.read = now;
    }

    /// Notes that the client has said that it speaks HTTP/2.
    pub(super) fn greeted(&mut self) {
        self.greeted = true;
    }

    /// Notes that no stream is open any more.
    pub(super) fn idle(&mut self, now: Instant) {
        self.idle = now;
    }

    /// Notes whether something waits to be written.
    pub(super) fn waits(&mut self, now: Instant, waits: bool) {
        self.unread = waits.then(|| self.unread.unwrap_or(now));
    }

    /// Notes the answer to a ping.
    pub(super) fn pong(&mut self) {
        self.pinged = None;
    }

    /// Notes that a client lets nothing of an answer come.
    pub(super) fn unheard(&mut self, now: Instant) {
        self.look_by(now + UNREAD);
    }

    fn look_by(&mut self, moment: Instant) {
        let sooner = self.sooner.unwrap_or(moment);
        self.sooner = Some(sooner.min(moment));
    }
}

/// What is due now, and what will be next.
struct Due {
    now: Instant,
    next: Instant,
}

impl Due {
    /// Whether a moment has come. If not, it may be the next that comes.
    fn has_come(&mut self, moment: Option<Instant>) -> bool {
        match moment {
            Some(moment) if moment <= self.now => true,
            Some(moment) => {
                self.next = self.next.min(moment);
                false
            }
            None => false,
        }
    }
}

impl Session {
    /// There is a stream whose message comes, or something to be written: it has to be looked whether that ends.
    pub(super) fn look_soon(&mut self) {
        let times = &mut self.times;
        let most = if times.hears_out { QUIET } else { SILENCE };
        times.look_by(self.now + times.request.unwrap_or(most).min(most));
    }

    /// Waits a while until the peer says that it has heard everything.
    pub(super) fn linger(&mut self) {
        self.times.said = Some(self.now);
        self.times.look_by(self.now + FAREWELL);
    }

    /// Asks the peer to go: what it sends until it knows is still taken.
    pub(super) fn leave(&mut self) {
        if self.phase != Life::Open {
            return;
        }
        self.phase = Life::Asked;
        self.times.asked = Some(self.now);
        self.times.look_by(self.now + FAREWELL);
        self.outbox.go_away(MAX_WINDOW, Code::No, "");
        self.outbox.ping(Flags::NONE, LEAVING);
    }

    /// Tells the peer which stream was the last one.
    pub(super) fn last(&mut self) {
        if matches!(self.phase, Life::Open | Life::Asked) {
            self.phase = Life::Last;
            self.outbox.go_away(self.streams.highest, Code::No, "");
        }
    }

    /// Does what is due, and says when to look again.
    pub(super) fn tick(&mut self) -> Result<Instant, Over> {
        let mut due = Due {
            now: self.now,
            next: self.now + RARELY,
        };
        self.age(&mut due)?;
        self.keep_alive(&mut due)?;
        self.hurry(&mut due);
        if self.streams.len() == 0 {
            self.thrift(0);
        }
        Ok(due.next)
    }

    fn age(&mut self, due: &mut Due) -> Result<(), Over> {
        let Times {
            lifetime,
            began,
            idle,
            aged,
            asked,
            unread,
            greeted,
            said,
            ..
        } = self.times;
        let said = said.map(|said| said + FAREWELL);
        let greeting = (!greeted).then(|| began + PREFACE);
        let cut_off = aged.and_then(|aged| Some(aged + lifetime.grace?));
        let unread = unread.map(|since| since + UNREAD);
        let ends = [greeting, cut_off, unread, said];
        if ends.map(|end| due.has_come(end)).contains(&true) {
            return Err(Over);
        }
        match self.phase {
            Life::Open => {
                let old = lifetime.age.map(|age| began + age);
                let is_idle = self.streams.len() == 0;
                let from = if is_idle { idle } else { self.now };
                let idle = lifetime.idle.map(|limit| from + limit);
                if due.has_come(old) || due.has_come(idle) {
                    self.leave();
                    self.times.aged = Some(self.now);
                    due.has_come(lifetime.grace.map(|grace| self.now + grace));
                }
            }
            Life::Asked => {
                if due.has_come(asked.map(|asked| asked + FAREWELL)) {
                    self.last();
                }
            }
            Life::Last | Life::Over => {}
        }
        Ok(())
    }

    fn keep_alive(&mut self, due: &mut Due) -> Result<(), Over> {
        let Some((after, limit)) = self.times.keepalive else {
            return Ok(());
        };
        if self.stall.is_some() {
            // It is us who do not listen: an answer may lie unread.
            (self.times.pinged, self.times.read) = (None, self.now);
        }
        match self.times.pinged {
            Some(pinged) if self.times.read < pinged => {
                if due.has_come(Some(pinged + limit)) {
                    return Err(Over);
                }
            }
            _ => {
                if due.has_come(Some(self.times.read + after)) {
                    self.times.pinged = Some(self.now);
                    self.outbox.ping(Flags::NONE, THERE);
                    // Whoever answers is asked again before the time for an answer is over.
                    due.has_come(Some(self.now + limit.min(after)));
                }
            }
        }
        Ok(())
    }

    /// Refuses requests that do not come, and ends those whose answers nobody wants to hear.
    fn hurry(&mut self, due: &mut Due) {
        if self.stall.is_some() {
            // It is us who do not listen.
            due.has_come(Some(self.now + FAREWELL));
            return;
        }
        let request = self.times.request;
        let limits = self.serving.intake.limits(self.serving.max_message);
        let mut refused: Vec<(u32, Refusal)> = Vec::new();
        let mut unheard = Vec::new();
        for (id, stream) in self.streams.iter() {
            match &stream.phase {
                Phase::Receiving(receiving) => {
                    if due.has_come(Some(receiving.heard + SILENCE)) {
                        refused.push((id, silent()));
                    } else if due.has_come(request.map(|limit| receiving.began + limit)) {
                        refused.push((id, late()));
                    } else if limits.is_too_slow(self.now - receiving.listened, receiving.here()) {
                        // It is heard, so it is looked at from time to time.
                        refused.push((id, slow()));
                    }
                }
                Phase::Answering(_, since) if due.has_come(Some(*since + UNREAD)) => {
                    unheard.push(id);
                }
                _ => {}
            }
        }
        for id in unheard {
            self.reset(id, Code::Cancel);
        }
        for (id, refusal) in refused {
            // Whoever is out of patience hears it with the next frame.
            let _ = self.refuse(id, refusal);
        }
        self.hear_out(due);
    }

    /// Ends what was answered long ago and still comes.
    fn hear_out(&mut self, due: &mut Due) {
        if !self.times.hears_out {
            return;
        }
        self.times.hears_out = false;
        let mut over = Vec::new();
        for (id, stream) in self.streams.iter() {
            let Phase::Answered(unheard) = &stream.phase else {
                continue;
            };
            if due.has_come(Some(unheard.until.min(unheard.heard + QUIET))) {
                over.push(id);
            } else {
                self.times.hears_out = true;
            }
        }
        for id in over {
            self.reset(id, Code::No);
        }
    }
}
