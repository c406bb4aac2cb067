//! How do senders reach the driver of their connection?

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use tokio::{sync::oneshot, time::Instant};

use super::{Answer, Call, Lost};

/// Who waits for an answer.
pub(super) type Reply = oneshot::Sender<Result<Answer, Lost>>;

/// What senders want of a driver.
#[derive(Debug)]
pub(super) enum Command {
    /// A call is to be made.
    Begin(Waiting),
    /// Nobody waits for a call any more.
    GiveUp(u64),
}

/// A call that has no stream yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: u64,
    /// When it was made.
    pub(super) since: Instant,
    pub(super) call: Call,
    pub(super) reply: Reply,
}

/// What senders leave for a driver.
#[derive(Debug, Default)]
pub(super) struct Inbox(Mutex<Left>);

#[derive(Debug, Default)]
struct Left {
    commands: Vec<Command>,
    driver: Option<Waker>,
    next: u64,
    standing: Standing,
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Calls may be made.
    #[default]
    Open,
    /// No more calls can be made: those that there are go on.
    Full,
    /// No more calls will be made.
    Left,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_open(&self) -> bool {
        self.lock().standing == Standing::Open
    }

    /// Leaves a call, and says how it is known. None if the connection takes no more.
    pub(super) fn begin(&self, call: Call, reply: Reply) -> Option<u64> {
        let mut left = self.lock();
        if left.standing != Standing::Open {
            return None;
        }
        let id = left.next;
        left.next += 1;
        left.add(Command::Begin(Waiting {
            id,
            since: Instant::now(),
            call,
            reply,
        }));
        Some(id)
    }

    pub(super) fn tell(&self, command: Command) {
        self.lock().add(command);
    }

    /// Notes that nobody will make calls any more.
    pub(super) fn leave(&self) {
        let mut left = self.lock();
        left.standing = Standing::Left;
        if let Some(driver) = &left.driver {
            driver.wake_by_ref();
        }
    }

    /// Notes that no more calls can be made.
    pub(super) fn close(&self) {
        let mut left = self.lock();
        if left.standing == Standing::Open {
            left.standing = Standing::Full;
        }
    }

    /// Takes all commands in exchange for an empty list, and wakes this one when the next comes.
    pub(super) fn take(&self, commands: &mut Vec<Command>, driver: &Waker) -> Standing {
        debug_assert!(
            commands.is_empty(),
            "all commands before these are carried out"
        );
        let mut left = self.lock();
        mem::swap(&mut left.commands, commands);
        match &mut left.driver {
            Some(known) => known.clone_from(driver),
            none => *none = Some(driver.clone()),
        }
        left.standing
    }
}

impl Left {
    fn add(&mut self, command: Command) {
        // Who was woken and has not come takes this one, too.
        if self.commands.is_empty()
            && let Some(driver) = &self.driver
        {
            driver.wake_by_ref();
        }
        self.commands.push(command);
    }
}
