//! How does a child end? It is asked to, sends what it has, and is killed when that takes too long.

use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};
use tokio::time::sleep;

use super::{
    LocalError,
    place::{Place, Standing},
};

/// How long a gateway may drain: it takes at most 28 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the system may take to end what was killed.
const REAPING: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was not there.
    WasNot,
    /// It was asked, and sent what it had.
    Drained(u32),
    /// It was killed, because it took too long or somebody pressed Ctrl-C.
    Killed(u32),
}

/// Ends the child of a place.
pub(crate) async fn end(
    place: &Place,
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) -> Result<Ending, LocalError> {
    let Standing::Alive { pid } = place.standing() else {
        return Ok(Ending::WasNot);
    };
    if !signal(place, pid, Signal::TERM) && is_alive(place) {
        return Err(LocalError::Unknown(place.folder().to_owned()));
    }
    let patient = tokio::select! {
        ended = gone(place, PATIENCE) => ended,
        () = interrupted => false,
    };
    if patient {
        return Ok(Ending::Drained(pid));
    }
    signal(place, pid, Signal::KILL);
    if gone(place, REAPING).await {
        return Ok(Ending::Killed(pid));
    }
    Err(LocalError::Immortal(pid))
}

fn is_alive(place: &Place) -> bool {
    matches!(place.standing(), Standing::Alive { .. })
}

async fn gone(place: &Place, patience: Duration) -> bool {
    let begun = Instant::now();
    while is_alive(place) {
        if begun.elapsed() > patience {
            return false;
        }
        sleep(LOOK).await;
    }
    true
}

/// Sends a signal to the child of a place, and to nobody else; says whether it was there.
pub(super) fn signal(place: &Place, pid: u32, signal: Signal) -> bool {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(number) = number.filter(|_| is_of(place, pid)) else {
        return false;
    };
    send(place, number, signal)
}

/// Holds on to the process before it looks again whether it is the child: numbers are given out anew.
#[cfg(target_os = "linux")]
fn send(place: &Place, number: Pid, signal: Signal) -> bool {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

    let Ok(process) = pidfd_open(number, PidfdFlags::empty()) else {
        return false;
    };
    lives(place, number) && pidfd_send_signal(process, signal).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn send(place: &Place, number: Pid, signal: Signal) -> bool {
    lives(place, number) && rustix::process::kill_process(number, signal).is_ok()
}

fn lives(place: &Place, number: Pid) -> bool {
    let pid = number.as_raw_nonzero().get();
    let same = |alive: u32| i32::try_from(alive).is_ok_and(|alive| alive == pid);
    matches!(place.standing(), Standing::Alive { pid } if same(pid))
}

/// Whether a process was started for that place, as far as the system tells. The lock says so already; but a file is
/// easily changed by hand, and what is signalled by mistake is somebody's work.
fn is_of(place: &Place, pid: u32) -> bool {
    let Ok(arguments) = fs::read(format!("/proc/{pid}/cmdline")) else {
        return !fs::exists("/proc/self").unwrap_or(false);
    };
    let folder = place.folder().as_os_str().as_encoded_bytes();
    arguments
        .split(|byte| *byte == 0)
        .any(|argument| argument == folder)
}
