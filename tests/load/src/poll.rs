//! Which sockets can go on? A thin epoll with a timer of its own, because an open loop needs more than milliseconds.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use rustix::{
    event::{Timespec, epoll},
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags},
};

/// What a socket is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// That there is something to read.
    Read,
    /// That there is something to read, or room to write.
    ReadWrite,
    /// Nothing: only its end.
    Nothing,
}

/// Waits for many sockets at once.
pub(crate) struct Poll {
    epoll: OwnedFd,
    timer: OwnedFd,
    events: Vec<epoll::Event>,
}

/// The timer's token.
const TIMER: u64 = u64::MAX;

/// A socket that can go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    /// The number that it was added with.
    pub token: u64,
    /// Whether there may be something to read, or its end.
    pub readable: bool,
}

impl Poll {
    /// Waits for nothing yet.
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // Only the edge counts, so that nobody has to read it.
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), flags)?;
        Ok(Self {
            epoll,
            timer,
            events: Vec::with_capacity(256),
        })
    }

    /// Waits for a socket from now on; closing it ends that.
    pub(crate) fn add(&self, socket: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::add(&self.epoll, socket, data, interest.flags())?)
    }

    /// Waits for something else of a socket.
    pub(crate) fn change(
        &self,
        socket: impl AsFd,
        token: u64,
        interest: Interest,
    ) -> io::Result<()> {
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::modify(&self.epoll, socket, data, interest.flags())?)
    }

    /// The sockets that can go on, as soon as there is one or the time is over.
    pub(crate) fn wait(&mut self, patience: Duration) -> io::Result<Vec<Ready>> {
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let mut timeout = zero;
        if !patience.is_zero() {
            timeout = Timespec {
                tv_sec: 60,
                tv_nsec: 0,
            };
            let it_value = Timespec {
                tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: patience.subsec_nanos().into(),
            };
            let once = Itimerspec {
                it_interval: zero,
                it_value,
            };
            rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        }
        self.events.clear();
        let room = rustix::buffer::spare_capacity(&mut self.events);
        match epoll::wait(&self.epoll, room, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ended = epoll::EventFlags::HUP | epoll::EventFlags::ERR;
        Ok(self
            .events
            .iter()
            .filter(|event| event.data.u64() != TIMER)
            .map(|event| {
                let flags = event.flags;
                Ready {
                    token: event.data.u64(),
                    readable: flags.intersects(epoll::EventFlags::IN | ended),
                }
            })
            .collect())
    }
}

impl Interest {
    fn flags(self) -> epoll::EventFlags {
        match self {
            Self::Read => epoll::EventFlags::IN,
            Self::ReadWrite => epoll::EventFlags::IN | epoll::EventFlags::OUT,
            Self::Nothing => epoll::EventFlags::empty(),
        }
    }
}
