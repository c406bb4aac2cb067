//! Who gets room in a queue, when there is not enough for all?

use std::collections::VecDeque;

use tokio::sync::oneshot;

/// The room of a queue: given in the order in which it was asked for, so that who wants much is not passed over by
/// all who want little, and nobody is woken in vain.
#[derive(Debug)]
pub(super) struct Rooms {
    size: u64,
    used: u64,
    /// How many have room and have not filled it yet.
    promised: u64,
    waiting: VecDeque<Asked>,
    ended: bool,
}

#[derive(Debug)]
struct Asked {
    size: u64,
    told: oneshot::Sender<Held>,
}

/// Room that somebody has.
#[derive(Debug)]
pub(super) struct Held {
    size: u64,
    promised: bool,
}

/// A place among those who wait for room.
#[derive(Debug)]
pub(super) struct Wait {
    told: oneshot::Receiver<Held>,
    over: bool,
}

/// Those who have room now and do not know it.
#[derive(Debug, Default)]
pub(super) struct Granted(VecDeque<(oneshot::Sender<Held>, Held)>);

impl Rooms {
    pub(super) fn new(size: u64) -> Self {
        Self {
            size,
            used: 0,
            promised: 0,
            waiting: VecDeque::new(),
            ended: false,
        }
    }

    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Whether there is none left, or not enough for the one who waits longest.
    pub(super) fn is_full(&self) -> bool {
        self.used >= self.size || !self.waiting.is_empty()
    }

    /// Whether nobody has room that is still to be filled.
    pub(super) fn nobody_fills(&self) -> bool {
        self.promised == 0
    }

    /// Room that is there now, for who comes when nobody waits.
    pub(super) fn take(&mut self, size: u64) -> Option<Held> {
        (self.waiting.is_empty() && self.fits(size)).then(|| self.hold(size))
    }

    fn fits(&self, size: u64) -> bool {
        self.used
            .checked_add(size)
            .is_some_and(|sum| sum <= self.size)
    }

    fn hold(&mut self, size: u64) -> Held {
        self.used += size;
        self.promised += 1;
        Held {
            size,
            promised: true,
        }
    }

    /// Takes a place among those who wait.
    pub(super) fn wait(&mut self, size: u64) -> Wait {
        let (told, hears) = oneshot::channel();
        if !self.ended {
            self.waiting.push_back(Asked { size, told });
        }
        Wait {
            told: hears,
            over: false,
        }
    }

    /// Somebody has filled the room that was promised.
    pub(super) fn filled(&mut self) {
        self.promised -= 1;
    }

    pub(super) fn give_back(&mut self, held: &Held) {
        self.used -= held.size;
        self.promised -= u64::from(held.promised);
    }

    /// Gives what is there to those who wait, in their order.
    pub(super) fn grant(&mut self) -> Granted {
        let mut granted = Granted::default();
        while let Some(asked) = self.waiting.front() {
            let gone = asked.told.is_closed();
            if !gone && !self.fits(asked.size) {
                break;
            }
            if let Some(Asked { size, told }) = self.waiting.pop_front()
                && !gone
            {
                granted.0.push_back((told, self.hold(size)));
            }
        }
        granted
    }

    /// Nobody waits any more.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.waiting.clear();
    }
}

impl Held {
    /// Room with something in it.
    pub(super) fn filled(size: u64) -> Self {
        Self {
            size,
            promised: false,
        }
    }

    /// It is filled: how much it is, which whoever empties it gives back.
    pub(super) fn fill(&mut self) -> u64 {
        self.promised = false;
        std::mem::take(&mut self.size)
    }

    /// What is to be given back of it, if it was not filled.
    pub(super) fn rest(&mut self) -> Option<Self> {
        let promised = std::mem::take(&mut self.promised);
        promised.then(|| Self {
            size: std::mem::take(&mut self.size),
            promised,
        })
    }
}

impl Wait {
    /// The room, once it is there; none if it never will be.
    pub(super) async fn granted(&mut self) -> Option<Held> {
        let held = (&mut self.told).await;
        self.over = true;
        held.ok()
    }

    /// Whether it had an end.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Goes away: with the room that was given meanwhile, if there was some.
    pub(super) fn leave(&mut self) -> Option<Held> {
        if self.over {
            return None;
        }
        self.told.close();
        let lost = self.told.try_recv().ok();
        self.over = lost.is_some();
        lost
    }
}

impl Granted {
    /// Tells the next ones, until one has gone away: the room of that one.
    pub(super) fn tell(&mut self) -> Option<Held> {
        while let Some((told, held)) = self.0.pop_front() {
            if let Err(lost) = told.send(held) {
                return Some(lost);
            }
        }
        None
    }

    pub(super) fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }
}
