//! What does the command tell the shell?

use std::process::ExitCode;

/// How a command ended. The numbers are a promise; `stacks --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// Done, or nothing to do.
    Done,
    /// Failed.
    Failed,
    /// There is something to do, or something drifted.
    Changes,
    /// Another field manager owns a field that the stack wants.
    Conflict,
    /// A protected object, or a replacement that nobody allowed.
    Refused,
    /// The cluster changed in a way that the approved plan does not cover.
    Stale,
    /// Another run holds the stack.
    Locked,
    /// Applied, but something did not become ready.
    RolloutFailed,
    /// Out of time.
    TimedOut,
    /// Ended by Ctrl-C.
    Interrupted,
}

impl ExitStatus {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            ExitStatus::Done => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Changes => 2,
            ExitStatus::Conflict => 3,
            ExitStatus::Refused => 4,
            ExitStatus::Stale => 5,
            ExitStatus::Locked => 6,
            ExitStatus::RolloutFailed => 7,
            ExitStatus::TimedOut => 8,
            ExitStatus::Interrupted => 130,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        ExitCode::from(status.code())
    }
}
