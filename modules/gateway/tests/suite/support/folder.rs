//! A folder for the files of a test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// A folder that is gone with the test; none at all by default.
#[derive(Default)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nth = NEXT.fetch_add(1, Relaxed);
        let folder = env::temp_dir().join(format!("gateway-folder-{}-{nth}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// As who changes certificates does it: a file is there as a whole.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let before = self.file("being-written");
        fs::write(&before, text).unwrap();
        fs::rename(before, self.file(name)).unwrap();
    }

    /// The messages in a file of protocol buffers, each after its length.
    pub(crate) fn messages(&self, file: &str) -> Vec<Vec<u8>> {
        let bytes = fs::read(self.file(file)).unwrap_or_default();
        let (mut rest, mut messages) = (&bytes[..], Vec::new());
        while let Some((length, after)) = rest.split_first_chunk() {
            let (message, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            messages.push(message.to_vec());
            rest = after;
        }
        messages
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It is in a folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
