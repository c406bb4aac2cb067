//! How do payloads get into a file?
//!
//! One JSON object a line, as OTLP's file format has it, or protocol buffers, each after its length in four bytes
//! (largest first). What is reported as delivered was handed to the operating system, so that it survives the end of
//! the process; the file is not kept back in memory until some interval is over.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use futures::future::{BoxFuture, FutureExt as _};
use jiff::Timestamp;

use super::{Delivered, Failure, MakeError, Sender};
use crate::{
    Payload, json,
    settings::{self, FileFormat, Rotation},
};

/// How hard messages are compressed: zstd's own default.
const LEVEL: i32 = 3;

/// An exporter into a file.
#[derive(Debug)]
pub struct ToFile {
    settings: settings::File,
    current: Mutex<Option<Open>>,
}

/// The file that is written to.
#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
}

impl ToFile {
    /// An exporter into a file, which is there as soon as it is.
    ///
    /// # Errors
    /// Where the file cannot be opened: whoever wrote a wrong path is told before there is something to lose.
    pub fn new(settings: settings::File) -> Result<Self, MakeError> {
        let open = open(&settings)
            .map_err(|source| MakeError::File(format!("`{}`", settings.path.display()), source))?;
        Ok(Self {
            settings,
            current: Mutex::new(Some(open)),
        })
    }

    fn write(&self, payload: &Payload) -> Result<Delivered, Failure> {
        let record = self.record(payload)?;
        // Who panicked while writing left a file that can be opened again.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.append(&mut current, &record);
        if written.is_err() {
            *current = None;
        }
        let path = self.settings.path.display();
        written.map_err(|error| Failure::passing(format!("could not write to {path}: {error}")))?;
        Ok(Delivered::default())
    }

    fn record(&self, payload: &Payload) -> Result<Vec<u8>, Failure> {
        let body = payload.body.joined();
        let mut message = match self.settings.format {
            FileFormat::Proto => body.to_vec(),
            FileFormat::Json => {
                let mut text = Vec::with_capacity(2 * body.len());
                json::from_protobuf(payload.signal, &body, &mut text)
                    .map_err(|error| Failure::Lasting(error.to_string().into()))?;
                text
            }
        };
        if self.settings.zstd {
            let packed = zstd::encode_all(message.as_slice(), LEVEL);
            message = packed.map_err(|error| Failure::Lasting(error.to_string().into()))?;
        }
        // What is compressed may have line ends in it, so its length stands before it too.
        if self.settings.format == FileFormat::Json && !self.settings.zstd {
            message.push(b'\n');
            return Ok(message);
        }
        let length = u32::try_from(message.len());
        let length = length.map_err(|_| Failure::Lasting("a record has at most 4 GiB".into()))?;
        Ok([length.to_be_bytes().to_vec(), message].concat())
    }

    fn append(&self, current: &mut Option<Open>, record: &[u8]) -> io::Result<()> {
        let size = record.len() as u64;
        if let (Some(open), Some(rotation)) = (current.as_ref(), &self.settings.rotation)
            && open.bytes > 0
            && open.bytes + size > rotation.max_bytes
        {
            *current = None;
            rotate(&self.settings.path, rotation, SystemTime::now())?;
        }
        let open = match current {
            Some(open) => open,
            None => current.insert(open(&self.settings)?),
        };
        // After a reload there are two who write for a while.
        let before = open.file.metadata()?.len();
        if let Err(error) = open.file.write_all(record) {
            // Half a record would spoil the next one.
            open.file.set_len(before)?;
            return Err(error);
        }
        open.bytes = before + size;
        Ok(())
    }
}

impl Sender for ToFile {
    fn send<'a>(&'a self, payload: &'a Payload) -> BoxFuture<'a, Result<Delivered, Failure>> {
        futures::future::lazy(move |_| self.write(payload)).boxed()
    }
}

/// Opens the file, and begins it anew where it is to be and is the first time.
fn open(settings: &settings::File) -> io::Result<Open> {
    if let (Some(mode), Some(folder)) = (settings.create_directory, settings.path.parent()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(folder)?;
    }
    let keep =
        settings.append || settings.rotation.is_some() || !begun().insert(settings.path.clone());
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o644);
    let file = options.open(&settings.path)?;
    if !keep {
        file.set_len(0)?;
    }
    let bytes = file.metadata()?.len();
    Ok(Open { file, bytes })
}

/// The files that were begun since the program was started. One that is opened again, after an error or for another
/// configuration, holds what was delivered.
fn begun() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    static BEGUN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    BEGUN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts the file aside under a name with the time in it, and removes those that are too old or too many.
fn rotate(path: &Path, rotation: &Rotation, now: SystemTime) -> io::Result<()> {
    let time = Timestamp::try_from(now).unwrap_or_default();
    let stamp = time.strftime("%Y-%m-%dT%H-%M-%S%.3f").to_string();
    let mut aside = sibling(path, &stamp);
    let mut count = 1;
    while aside.exists() {
        count += 1;
        aside = sibling(path, &format!("{stamp}-{count}"));
    }
    fs::rename(path, aside)?;
    let mut old = rotated(path)?;
    old.sort();
    let too_many = rotation
        .max_backups
        .map_or(0, |most| old.len().saturating_sub(most as usize));
    let oldest = rotation
        .max_days
        .map(|days| now - Duration::from_hours(24 * u64::from(days)));
    for (at, file) in old.iter().enumerate() {
        let written = fs::metadata(file).and_then(|metadata| metadata.modified());
        let too_old = oldest.is_some_and(|oldest| written.is_ok_and(|written| written < oldest));
        if at < too_many || too_old {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// `traces.json` and a word make `traces-WORD.json`.
fn sibling(path: &Path, word: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path
        .extension()
        .map(|end| format!(".{}", end.to_string_lossy()))
        .unwrap_or_default();
    path.with_file_name(format!("{stem}-{word}{end}"))
}

/// The files that were put aside before: all whose name is that of the file with a time in it.
fn rotated(path: &Path) -> io::Result<Vec<PathBuf>> {
    let begin = format!(
        "{}-",
        path.file_stem().unwrap_or_default().to_string_lossy()
    );
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?.path();
        let stem = entry
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let stamped = stem.strip_prefix(&begin).is_some_and(|stamp| {
            stamp.starts_with(|c: char| c.is_ascii_digit()) && stamp.len() >= 23
        });
        if stamped && entry.extension() == path.extension() {
            found.push(entry);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::{Signal, process::samples::payload};

    const ONE: &str =
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}"#;

    fn settings(name: &str) -> settings::File {
        let folder =
            std::env::temp_dir().join(format!("gateway-file-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        settings::File {
            path: folder.join("logs.json"),
            append: true,
            rotation: None,
            format: FileFormat::Json,
            zstd: false,
            create_directory: Some(0o755),
        }
    }

    fn to(settings: &settings::File) -> ToFile {
        ToFile::new(settings.clone()).unwrap()
    }

    fn write(exporter: &ToFile) {
        block_on(exporter.send(&payload(Signal::Logs, ONE))).unwrap();
    }

    #[test]
    fn each_request_is_a_line_and_a_restart_appends() {
        let settings = settings("lines");
        write(&to(&settings));
        write(&to(&settings));
        assert_eq!(
            fs::read_to_string(&settings.path).unwrap(),
            format!("{ONE}\n{ONE}\n")
        );
        write(&to(&settings::File {
            append: false,
            ..settings.clone()
        }));
        assert_eq!(
            fs::read_to_string(&settings.path).unwrap(),
            format!("{ONE}\n")
        );
    }

    #[test]
    fn what_was_delivered_stays_where_a_file_is_opened_again() {
        let settings = settings::File {
            append: false,
            ..settings("again")
        };
        let exporter = to(&settings);
        write(&exporter);
        // As after a write that failed, and as after a reload.
        *exporter.current.lock().unwrap() = None;
        write(&exporter);
        write(&to(&settings));
        let lines = fs::read_to_string(&settings.path).unwrap();
        assert_eq!(lines, format!("{ONE}\n").repeat(3));
    }

    #[test]
    fn messages_that_are_no_lines_have_their_length_before_them() {
        let settings = settings::File {
            format: FileFormat::Proto,
            zstd: true,
            ..settings("proto")
        };
        write(&to(&settings));
        let bytes = fs::read(&settings.path).unwrap();
        let length = u32::from_be_bytes(bytes[..4].try_into().unwrap());
        assert_eq!(bytes.len(), 4 + length as usize);
        let message = zstd::decode_all(&bytes[4..]).unwrap();
        assert_eq!(message, payload(Signal::Logs, ONE).body.joined());
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_go() {
        let rotation = Rotation {
            max_bytes: ONE.len() as u64 + 10,
            max_days: None,
            max_backups: Some(2),
        };
        let settings = settings::File {
            rotation: Some(rotation),
            ..settings("rotate")
        };
        let exporter = to(&settings);
        for _ in 0..5 {
            write(&exporter);
        }
        assert_eq!(rotated(&settings.path).unwrap().len(), 2);
        assert_eq!(
            fs::read_to_string(&settings.path).unwrap(),
            format!("{ONE}\n")
        );
    }

    #[test]
    fn a_file_is_there_at_once_and_one_that_cannot_be_is_told_at_once() {
        let there = settings("there");
        to(&there);
        assert_eq!(fs::read(&there.path).unwrap(), b"");
        let missing = settings::File {
            create_directory: None,
            ..settings("missing")
        };
        let told = ToFile::new(missing.clone()).unwrap_err().to_string();
        assert!(told.contains("missing/logs.json"), "{told}");
    }

    #[test]
    fn a_folder_that_goes_is_told_and_may_come_back() {
        let settings = settings("gone");
        let exporter = to(&settings);
        let folder = settings.path.parent().unwrap();
        fs::remove_dir_all(folder).unwrap();
        fs::write(folder, "no folder").unwrap();
        *exporter.current.lock().unwrap() = None;
        let failure = block_on(exporter.send(&payload(Signal::Logs, ONE))).unwrap_err();
        assert!(matches!(failure, Failure::Passing { .. }), "{failure}");
        fs::remove_file(folder).unwrap();
        write(&exporter);
    }
}
