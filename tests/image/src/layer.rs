//! What lies in an image?

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};
use thiserror::Error;

/// A file of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is taken from.
    pub from: PathBuf,
    /// Where it lies, without the first slash.
    pub path: PathBuf,
    /// Who may do what with it.
    pub mode: u32,
}

/// Why there is no layer.
#[derive(Debug, Error)]
pub enum LayerError {
    /// A file cannot be read.
    #[error("could not read `{0}`")]
    Read(PathBuf, #[source] io::Error),
    /// The layer cannot be written.
    #[error("could not write the layer")]
    Write(#[from] io::Error),
    /// A text is no file of an image.
    #[error("`{0}` is not `FROM:/TO` or `FROM:/TO:MODE`")]
    Entry(String),
}

impl FromStr for Entry {
    type Err = LayerError;

    fn from_str(text: &str) -> Result<Self, LayerError> {
        let wrong = || LayerError::Entry(text.to_owned());
        let mut parts = text.splitn(3, ':');
        let from = parts
            .next()
            .filter(|from| !from.is_empty())
            .ok_or_else(wrong)?;
        let to = parts
            .next()
            .and_then(|to| to.strip_prefix('/'))
            .ok_or_else(wrong)?;
        let mode = parts.next().unwrap_or("0644");
        let plain = !to.is_empty() && to.split('/').all(|part| !matches!(part, "" | "." | ".."));
        Ok(Self {
            from: from.into(),
            path: if plain {
                to.into()
            } else {
                return Err(wrong());
            },
            mode: u32::from_str_radix(mode, 8).map_err(|_| wrong())?,
        })
    }
}

/// The files as an archive, with the folders that they lie in, in the order of their paths and without times.
pub(crate) fn archive(entries: &[Entry]) -> Result<Vec<u8>, LayerError> {
    let mut builder = Builder::new(Vec::new());
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by(|left, right| left.path.cmp(&right.path));
    let folders: BTreeSet<&Path> = entries
        .iter()
        .flat_map(|entry| entry.path.ancestors().skip(1))
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    for folder in folders {
        let mut header = header(EntryType::Directory, 0o755, 0);
        builder.append_data(&mut header, folder, io::empty())?;
    }
    for entry in entries {
        let bytes =
            fs::read(&entry.from).map_err(|error| LayerError::Read(entry.from.clone(), error))?;
        let mut header = header(EntryType::Regular, entry.mode, bytes.len() as u64);
        builder.append_data(&mut header, &entry.path, bytes.as_slice())?;
    }
    Ok(builder.into_inner()?)
}

pub(crate) fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// The same bytes compressed, without a time or a name in them.
pub(crate) fn compressed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
