//! How do the objects survive the process, and several processes each other?
//!
//! One file of JSON lines: a header, then one line for each write, appended before the write is
//! acknowledged. So nothing acknowledged is lost when a process ends, however it ends, and a write
//! costs as much as its object, not as much as the cluster. A lock on a file beside it admits one
//! writer at a time; whoever holds it first reads what others appended. When the file has grown
//! far beyond the objects it holds, it is rewritten on opening and replaced atomically; the header's
//! random `id` tells the others to read it anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::ObjectName;
use crate::random;
use crate::registry::Collection;

const JOURNAL: &str = "sandbox.jsonl";
const LOCK: &str = "sandbox.lock";
const FORMAT: u32 = 1;

/// Why the objects cannot be kept or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file below the directory cannot be used.
    #[error("could not {attempt} {}", path.display())]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A line of the file is not what the sandbox writes.
    #[error("line {line} of {} is not a record of the sandbox", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Which line, counted from the last reading.
        line: usize,
        /// Why it cannot be read.
        source: serde_json::Error,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    id: String,
    revision: u64,
}

/// One write.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    revision: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    group: String,
    resource: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    namespace: String,
    name: String,
    object: Option<Value>,
}

impl Record {
    pub(super) fn new(
        revision: u64,
        collection: &Collection,
        name: &ObjectName,
        object: Option<&Value>,
    ) -> Self {
        Self {
            revision,
            group: collection.group.clone(),
            resource: collection.plural.clone(),
            namespace: name.namespace.clone(),
            name: name.name.clone(),
            object: object.cloned(),
        }
    }

    pub(super) fn into_parts(self) -> (u64, Collection, ObjectName, Option<Value>) {
        let collection = Collection {
            group: self.group,
            plural: self.resource,
        };
        let name = ObjectName {
            namespace: self.namespace,
            name: self.name,
        };
        (self.revision, collection, name, self.object)
    }
}

/// What others wrote since the last look.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The file was replaced: what is in memory no longer counts.
    pub(super) is_another_file: bool,
    /// The version at which a replaced file starts.
    pub(super) base: u64,
    pub(super) records: Vec<Record>,
}

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub(crate) struct Guard(File);

impl Drop for Guard {
    fn drop(&mut self) {
        // Closing the file releases the lock, too; there is nobody to tell about a failure.
        let _ = self.0.unlock();
    }
}

/// The file, and how far it was read.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    lock_path: PathBuf,
    id: String,
    read: u64,
    lines: usize,
    staged: Vec<u8>,
}

impl Journal {
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        create_private(directory)?;
        Ok(Self {
            path: directory.join(JOURNAL),
            lock_path: directory.join(LOCK),
            id: String::new(),
            read: 0,
            lines: 0,
            staged: Vec::new(),
        })
    }

    /// Deletes the file; those who have read it find an empty cluster at their next look.
    pub(super) fn erase(&self) -> Result<(), StoreError> {
        let _guard = self.lock()?;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("delete", &self.path)(error))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn lock(&self) -> Result<Guard, StoreError> {
        // The directory may have been deleted to reset the world.
        if let Some(directory) = self.lock_path.parent() {
            create_private(directory)?;
        }
        let file = private()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock_path)
            .map_err(io_error("open", &self.lock_path))?;
        file.lock().map_err(io_error("lock", &self.lock_path))?;
        Ok(Guard(file))
    }

    /// Reads what was appended, or everything where the file is another than before.
    pub(super) fn news(&mut self) -> Result<News, StoreError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(self.forget_file());
            }
            Err(error) => return Err(io_error("open", &self.path)(error)),
        };
        let mut news = News::default();
        let header = read_header(&mut file, &self.path)?;
        let Some((header, length)) = header else {
            return Ok(news);
        };
        if header.id != self.id {
            news.is_another_file = true;
            news.base = header.revision;
            self.id = header.id;
            self.read = length;
            self.lines = 0;
        }
        let mut text = String::new();
        file.seek(SeekFrom::Start(self.read))
            .and_then(|_| file.read_to_string(&mut text))
            .map_err(io_error("read", &self.path))?;
        // A line without its end is still being written; it is read the next time.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        for (index, line) in whole.lines().enumerate() {
            let record = serde_json::from_str(line).map_err(|source| StoreError::Unreadable {
                path: self.path.clone(),
                line: index + 1,
                source,
            })?;
            news.records.push(record);
        }
        self.read += whole.len() as u64;
        self.lines += news.records.len();
        Ok(news)
    }

    fn forget_file(&mut self) -> News {
        // Whoever deleted the file wanted an empty cluster.
        let had_one = !self.id.is_empty();
        self.id = String::new();
        self.read = 0;
        self.lines = 0;
        News {
            is_another_file: had_one,
            ..News::default()
        }
    }

    /// Cuts off what a writer that was killed left behind. Only for the holder of the lock, after
    /// reading the news: then everything beyond is no whole line, and nobody is writing it.
    pub(super) fn cut_torn_line(&self) -> Result<(), StoreError> {
        let Ok(metadata) = fs::metadata(&self.path) else {
            return Ok(());
        };
        if metadata.len() <= self.read {
            return Ok(());
        }
        OpenOptions::new()
            .write(true)
            .open(&self.path)
            .and_then(|file| file.set_len(self.read))
            .map_err(io_error("repair", &self.path))
    }

    pub(super) fn stage(&mut self, record: &Record) {
        // Values and plain structs always serialize.
        if let Ok(mut line) = serde_json::to_vec(record) {
            line.push(b'\n');
            self.staged.append(&mut line);
            self.lines += 1;
        }
    }

    /// Appends what was staged, in one write.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        if self.staged.is_empty() {
            return Ok(());
        }
        if self.id.is_empty() {
            let header = self.new_header(0);
            self.staged.splice(0..0, header);
        }
        let staged = std::mem::take(&mut self.staged);
        let mut file = private()
            .create(true)
            .append(true)
            .open(&self.path)
            .map_err(io_error("open", &self.path))?;
        file.write_all(&staged)
            .map_err(io_error("append to", &self.path))?;
        self.read += staged.len() as u64;
        Ok(())
    }

    fn new_header(&mut self, revision: u64) -> Vec<u8> {
        self.id = random::uuid();
        let header = Header {
            format: FORMAT,
            id: self.id.clone(),
            revision,
        };
        let mut line = serde_json::to_vec(&header).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// Whether most of the file is history that nobody needs any more.
    pub(super) fn is_wasteful(&self, live: usize) -> bool {
        self.lines > 2_000 + 4 * live
    }

    /// Replaces the file by one that holds only `objects`.
    pub(super) fn rewrite<'a>(
        &mut self,
        revision: u64,
        objects: impl Iterator<Item = (&'a Collection, &'a ObjectName, &'a Value)>,
    ) -> Result<(), StoreError> {
        self.staged = self.new_header(revision);
        self.lines = 0;
        for (collection, name, object) in objects {
            self.stage(&Record::new(revision, collection, name, Some(object)));
        }
        let fresh = self.path.with_extension("jsonl.new");
        let staged = std::mem::take(&mut self.staged);
        private()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&fresh)
            .and_then(|mut file| file.write_all(&staged))
            .map_err(io_error("write", &fresh))?;
        fs::rename(&fresh, &self.path).map_err(io_error("replace", &self.path))?;
        self.read = staged.len() as u64;
        Ok(())
    }
}

/// Secrets are kept as they are, so that only their owner may read the files.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are Unix'"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_private(directory: &Path) -> Result<(), StoreError> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are Unix'"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .recursive(true)
        .create(directory)
        .map_err(io_error("create", directory))
}

fn read_header(file: &mut File, path: &Path) -> Result<Option<(Header, u64)>, StoreError> {
    let mut start = [0; 256];
    let mut length = 0;
    while length < start.len() {
        let read = file
            .read(&mut start[length..])
            .map_err(io_error("read", path))?;
        if read == 0 {
            break;
        }
        length += read;
    }
    let Some(end) = start[..length].iter().position(|byte| *byte == b'\n') else {
        return Ok(None);
    };
    let header =
        serde_json::from_slice(&start[..end]).map_err(|source| StoreError::Unreadable {
            path: path.to_owned(),
            line: 1,
            source,
        })?;
    Ok(Some((header, end as u64 + 1)))
}

fn io_error(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        attempt,
        path,
        source,
    }
}
