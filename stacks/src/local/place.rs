//! Where is a program's folder, what is in it, and does the program live?
//!
//! ```text
//! .stacks/local/lock                       who starts or ends programs holds it
//! .stacks/local/<stack>/<name>/
//!     config.yaml    the configuration, as the ConfigMap has it
//!     local.yaml     what differs here, set over it
//!     choice.json    what was chosen for it: ports, variables, the program
//!     running        what the child tells; the child holds a lock on it as long as it lives
//!     log            what the child says
//!     data/          its volumes
//! ```

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::{Facts, LocalError};

/// The folder of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    folder: PathBuf,
}

/// What a child tells in `running`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Its number, as long as it holds the lock.
    pub(super) pid: u32,
    /// The digest of what it runs.
    pub(super) runs: Option<String>,
    /// The digest of what it was asked to run the last time.
    pub(super) asked: Option<String>,
    /// Why it does not run that.
    pub(super) refused: Option<String>,
}

/// What was chosen for a program when it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Choice {
    /// The file that was executed.
    pub(super) executable: Executable,
    /// Its variables.
    pub(super) variables: BTreeMap<String, String>,
    /// Its ports here, by those of the configuration.
    pub(super) ports: BTreeMap<u16, u16>,
    /// What it does.
    pub(super) facts: Facts,
}

/// A file that can be executed, as it was when somebody looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Executable {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Whether a program lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was not started here, or was ended by `down`.
    Absent,
    /// It was started and lives no more, though nobody ended it by `down`.
    Dead {
        /// What its number was.
        pid: u32,
    },
    /// It lives.
    Alive {
        /// Its number.
        pid: u32,
    },
}

/// All folders of programs below the folder of a sandbox, by stack.
pub(crate) fn all(sandbox: &Path) -> Vec<(String, Place)> {
    let stacks = folders(&sandbox.join("local"));
    let places = stacks.into_iter().flat_map(|(stack, folder)| {
        let places = folders(&folder).into_iter();
        places.map(move |(_, folder)| (stack.clone(), Place { folder }))
    });
    places.collect()
}

/// The folders in a folder, by name; none if there is none.
pub(super) fn folders(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| entry.path().is_dir());
    let named = entries.map(|entry| {
        (
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        )
    });
    named.collect()
}

impl Executable {
    /// The one that this process runs, which need not be the one that stands in its place by now.
    pub(super) fn current() -> Result<Self, LocalError> {
        let path = std::env::current_exe().map_err(LocalError::Spawn)?;
        let running = if Path::new(RUNNING).exists() {
            Path::new(RUNNING)
        } else {
            &path
        };
        let metadata = fs::metadata(running).map_err(failed("look at", running))?;
        Ok(Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            path: undeleted(path),
        })
    }

    /// Where it is, or was.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What has to be executed to run it once more: its path, unless another file stands there.
    pub(super) fn file(&self) -> &Path {
        let same = |metadata: fs::Metadata| {
            metadata.len() == self.bytes && metadata.modified().ok() == self.modified
        };
        if fs::metadata(&self.path).is_ok_and(same) || !Path::new(RUNNING).exists() {
            &self.path
        } else {
            Path::new(RUNNING)
        }
    }
}

/// What a process runs, on Linux: the file itself, also after it was deleted or replaced.
const RUNNING: &str = "/proc/self/exe";

/// A path without what Linux writes behind that of a file which is gone.
fn undeleted(path: PathBuf) -> PathBuf {
    let text = path
        .to_str()
        .and_then(|text| text.strip_suffix(" (deleted)"));
    match text {
        Some(text) if !path.exists() => PathBuf::from(text),
        _ => path,
    }
}

impl Place {
    /// The folder of that name.
    pub(super) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("config.yaml")
    }

    pub(super) fn overlay(&self) -> PathBuf {
        self.folder.join("local.yaml")
    }

    fn choice_file(&self) -> PathBuf {
        self.folder.join("choice.json")
    }

    pub(super) fn running(&self) -> PathBuf {
        self.folder.join("running")
    }

    /// What the child says.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Its volumes.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Whether it lives: whoever holds the lock does, and nobody else can.
    pub(crate) fn standing(&self) -> Standing {
        let Ok(file) = File::open(self.running()) else {
            return Standing::Absent;
        };
        // A lock that several may hold: who only looks must not seem to be the child to somebody else who looks.
        let locked = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        match (self.told(), locked) {
            (Some(Told { pid, .. }), true) => Standing::Alive { pid },
            (None, true) => Standing::Alive { pid: 0 },
            (Some(Told { pid, .. }), false) => Standing::Dead { pid },
            (None, false) => Standing::Absent,
        }
    }

    /// What the child told; nothing while it writes.
    pub(super) fn told(&self) -> Option<Told> {
        read(&self.running())
    }

    /// What was chosen for it.
    pub(super) fn choice(&self) -> Option<Choice> {
        read(&self.choice_file())
    }

    /// Writes all that the child reads.
    pub(super) fn write(
        &self,
        config: &str,
        overlay: &str,
        choice: &Choice,
    ) -> Result<(), LocalError> {
        write(&self.config(), config)?;
        write(&self.overlay(), overlay)?;
        let choice = serde_json::to_string_pretty(choice).unwrap_or_default();
        write(&self.choice_file(), &choice)
    }

    /// The digest of the configuration that is there.
    pub(super) fn digest(&self) -> Option<String> {
        let config = fs::read_to_string(self.config()).ok()?;
        let overlay = fs::read_to_string(self.overlay()).ok()?;
        Some(digest(&config, &overlay))
    }

    /// Opens the log for one more run, and says where that begins in it.
    pub(super) fn open_log(&self) -> Result<(File, u64), LocalError> {
        let path = self.log();
        let failed = || failed("write to", &path);
        let long = fs::metadata(&path).is_ok_and(|log| log.len() > LONGEST_LOG);
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(OWNER_FILE);
        let file = file.open(&path);
        let file = file.map_err(failed())?;
        if long {
            file.set_len(0).map_err(failed())?;
        }
        let begin = file.metadata().map_err(failed())?.len();
        Ok((file, begin))
    }

    /// The last lines of the log since somewhere.
    pub(super) fn said_since(&self, begin: u64) -> Vec<String> {
        let mut text = String::new();
        let _ = File::open(self.log()).and_then(|mut log| {
            log.seek(SeekFrom::Start(begin))?;
            log.take(1 << 20).read_to_string(&mut text)
        });
        let lines: Vec<&str> = text.lines().collect();
        let first = lines.len().saturating_sub(LINES);
        lines[first..]
            .iter()
            .map(|line| (*line).to_owned())
            .collect()
    }

    /// Removes what belongs to a run, and the volumes too if that is asked for; says whether something stays.
    pub(super) fn clear(&self, volumes: bool) -> Result<bool, LocalError> {
        let files = [
            self.config(),
            self.overlay(),
            self.choice_file(),
            self.log(),
            self.running(),
        ];
        for path in files {
            absent(fs::remove_file(&path)).map_err(failed("remove", &path))?;
        }
        let data = self.data();
        if volumes {
            absent(fs::remove_dir_all(&data)).map_err(failed("remove", &data))?;
        }
        // Folders go when they are empty.
        for volume in folders(&data).into_values() {
            let _ = fs::remove_dir(volume);
        }
        let stays = fs::remove_dir(&data).is_err() && data.exists();
        let folders = [Some(self.folder.as_path()), self.folder.parent()];
        for folder in folders.into_iter().flatten() {
            let _ = fs::remove_dir(folder);
        }
        Ok(stays)
    }
}

/// Telemetry and configurations are nobody's business but their owner's.
pub(super) const OWNER_FILE: u32 = 0o600;
const OWNER_FOLDER: u32 = 0o700;

/// Makes a folder, and those above it.
pub(super) fn make(folder: &Path) -> Result<(), LocalError> {
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(OWNER_FOLDER).create(folder);
    made.map_err(failed("make", folder))
}

/// A log that is longer begins anew with the next run.
const LONGEST_LOG: u64 = 10 << 20;
/// How much of a log is shown.
const LINES: usize = 12;

/// A digest of what a child runs.
pub(super) fn digest(config: &str, overlay: &str) -> String {
    let mut hash = Sha256::new();
    // A length keeps the end of one from passing for the beginning of the other.
    hash.update(config.len().to_le_bytes());
    hash.update(config);
    hash.update(overlay);
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// What turns an error into one that says what was attempted, on what.
pub(super) fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LocalError {
    let path = path.to_owned();
    move |source| LocalError::File { what, path, source }
}

fn absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Puts a file in the place of the old one, so that nobody ever reads half of it.
fn write(path: &Path, text: &str) -> Result<(), LocalError> {
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(true).write(true);
    file.mode(OWNER_FILE)
        .open(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&beside, path))
        .map_err(failed("write", path))
}
