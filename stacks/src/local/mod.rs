//! What of a stack runs on this machine for real, where its target is the sandbox?
//!
//! The sandbox simulates workloads. Those that the gateway of this repository runs need not be simulated: this command
//! contains it, and runs it as a child of its own that stays when the command ends.
//!
//! ```text
//! Graph ──► Program ──► Draft: what differs here ──► files below .stacks/local/<stack>/<name> ──► child
//!                                                       ▲ `running`, which the child holds a lock on
//!                              up, plan, status, down ──┘
//! ```
//!
//! Whether a child lives is what its lock says, and never a number in a file: the number may be somebody else's by now.

mod child;
mod diff;
mod draft;
mod end;
mod here;
mod place;
mod ports;
mod program;
mod reach;
mod start;

use std::{collections::BTreeMap, io, path::PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use self::{
    child::run as run_child,
    end::Ending,
    here::{Done, Here, Need, Seen},
    place::{Standing, all},
};

/// What a program listens on, or writes, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listens {
    /// What is spoken there: `OTLP/gRPC`.
    pub(crate) what: String,
    /// Where: `127.0.0.1:4317`, or a URL.
    pub(crate) address: String,
    /// The port that the configuration has, where it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instead_of: Option<u16>,
}

/// What a program does on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Where it listens.
    pub(crate) listens: Vec<Listens>,
    /// The files that it writes telemetry to, by what they are written for: the exporter.
    pub(crate) files: BTreeMap<String, PathBuf>,
    /// The places outside of the cluster that it does send to.
    pub(crate) sends: Vec<String>,
    /// The places in the cluster that are only simulated, so that nothing is sent there.
    pub(crate) not_sent: Vec<String>,
    /// What else one should know.
    pub(crate) remarks: Vec<String>,
}

/// Why a program does not run on this machine.
#[derive(Debug, Error)]
pub(crate) enum LocalError {
    /// Something that only a cluster has.
    #[error("it cannot run on this machine: {0}")]
    Impossible(String),
    /// The configuration is refused.
    #[error("its configuration cannot be run on this machine: {0}")]
    Configuration(String),
    /// A file or a folder.
    #[error("could not {what} `{}`", path.display())]
    File {
        /// What was attempted.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No port is free.
    #[error("could not find a free port")]
    Port(#[source] io::Error),
    /// The child cannot be started.
    #[error("could not start the child")]
    Spawn(#[source] io::Error),
    /// It came to its end at once.
    #[error("it ended at once ({how})")]
    Ended {
        /// How.
        how: String,
        /// What it said.
        log: Vec<String>,
    },
    /// It runs, and says that it does not work.
    #[error("it was not ready after {seconds} s")]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// What it said.
        log: Vec<String>,
    },
    /// It goes on with the configuration that it had.
    #[error("it refused the new configuration, and goes on with the old one: {0}")]
    Refused(String),
    /// It does not end.
    #[error("pid {0} does not end, although it was killed")]
    Immortal(u32),
    /// It lives, and its file names somebody else.
    #[error("it runs, and its file does not say as which pid: it ends by itself when `{}` is deleted", .0.display())]
    Unknown(PathBuf),
    /// Another run starts or ends programs.
    #[error("another run of this command starts or ends programs here since {0} s")]
    Busy(u64),
    /// Somebody pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl LocalError {
    /// What the program said before.
    pub(crate) fn log(&self) -> &[String] {
        match self {
            Self::Ended { log, .. } | Self::NotReady { log, .. } => log,
            _ => &[],
        }
    }
}
