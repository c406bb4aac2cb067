//! Why does the log not open, or not take a payload?

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use thiserror::Error;

use crate::Refusal;

/// Why a log could not be opened: only that its folder is not there for us. What lies in it never is a reason.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder cannot be made or looked into.
    #[error("could not open the folder `{}`", folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// What the disk said.
        source: io::Error,
    },
    /// Another process, or another log of this one, has it.
    #[error("the folder `{}` is in use by another gateway: end that one, or give this one a folder of its own", folder.display())]
    InUse {
        /// Which folder.
        folder: PathBuf,
    },
}

/// Why a payload was not taken.
#[derive(Clone, Debug, Error)]
pub enum AppendError {
    /// What is not delivered yet fills it.
    #[error("the log is full: {capacity} bytes")]
    Full {
        /// How many bytes it may have.
        capacity: u64,
    },
    /// The disk did not take it.
    #[error("could not write to the log")]
    Disk {
        /// What it said.
        source: Arc<io::Error>,
    },
    /// It would not fit even if the log were empty.
    #[error("a message of {bytes} bytes does not fit into a log of {capacity}")]
    TooLarge {
        /// How large it is.
        bytes: u64,
        /// How many bytes the log may have.
        capacity: u64,
    },
}

impl From<io::Error> for AppendError {
    fn from(error: io::Error) -> Self {
        Self::Disk {
            source: Arc::new(error),
        }
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::TooLarge { bytes, capacity } => Self::TooLarge {
                bytes,
                limit: capacity,
            },
            // Whoever sent it keeps it meanwhile; the disk may be mended, and what is delivered makes room.
            AppendError::Full { .. } | AppendError::Disk { .. } => Self::Busy {
                why: error_reporter::Report::new(&error).to_string().into(),
                after: Some(Duration::from_secs(1)),
            },
        }
    }
}
