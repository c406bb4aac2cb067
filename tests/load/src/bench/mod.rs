//! How do the gateway and its peers compare? Interleaved runs, each with a fresh process, and medians of them.

pub mod crash;
pub mod goal;
pub mod peer;
pub mod process;
pub mod report;
pub mod run;
pub mod scenario;
pub mod soak;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use thiserror::Error;

use peer::Peer;
use run::{Measured, Setting, measure};
use scenario::Scenario;

/// Why there are no figures.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A program is not there.
    #[error("there is no program `{}`; `{variable}` says where it is, and otherwise it is beside this one", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// The variable that can say where it is.
        variable: &'static str,
    },
    /// A program does not listen.
    #[error("`{}` does not listen", peer.name())]
    Silent {
        /// Who.
        peer: Peer,
        /// Why.
        source: io::Error,
    },
    /// A scenario's configuration is not there.
    #[error("could not read `{0}`, which the scenarios of this program need")]
    Configuration(PathBuf, #[source] io::Error),
    /// A file or folder cannot be used: one of ours, one that is asked for, or what the kernel tells of a process.
    #[error("could not use `{}`", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// A program does not start.
    #[error("could not start `{0}`")]
    Start(String, #[source] io::Error),
    /// A scenario is not there.
    #[error("there is no scenario `{name}`: there are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A socket or a signal.
    #[error("sockets or signals of a run failed")]
    Io(#[from] io::Error),
}

/// Runs every peer in every scenario, so often, one after the other, and tells of each run as it is done.
pub fn interleaved(
    peers: &[Peer],
    scenarios: &[Scenario],
    setting: Setting,
    times: usize,
    mut tell: impl FnMut(&Measured),
) -> Result<Vec<Measured>, BenchError> {
    let mut runs = Vec::new();
    for scenario in scenarios {
        for _ in 0..times {
            for peer in peers.iter().filter(|peer| peer.does(scenario)) {
                let measured = in_folder(|folder| measure(*peer, scenario, setting, folder))?;
                tell(&measured);
                runs.push(measured);
            }
        }
    }
    Ok(runs)
}

/// Runs something with a folder that is empty before and gone afterwards.
pub fn in_folder<T>(run: impl FnOnce(&Path) -> Result<T, BenchError>) -> Result<T, BenchError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Relaxed);
    let name = format!("otelier-load-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let result = run(&folder);
    let removed = fs::remove_dir_all(&folder).map_err(at(&folder));
    // What went wrong first is what went wrong.
    result.and_then(|result| removed.map(|()| result))
}

/// What went wrong with a file, with its name.
pub(crate) fn at(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> BenchError {
    move |error| BenchError::File(path.as_ref().to_owned(), error)
}
