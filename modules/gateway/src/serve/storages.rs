//! Is the folder of a storage there, or to be made?

use std::{fs, io, path::Path, sync::Arc};

use crate::{
    log::{Disk, RealDisk, may_mend},
    settings::FileStorage,
};

/// The disk as a storage uses it.
pub(super) fn disk(files: &FileStorage) -> Arc<dyn Disk> {
    Arc::new(RealDisk { mode: files.create })
}

/// Makes the folder where it is missing and may be made. Who forgot to mount a volume is told so: what is acknowledged
/// would lie where nobody looks for it. A disk that is full or read-only is no mistake: the folder is made later.
pub(super) fn prepare(files: &FileStorage) -> io::Result<()> {
    let folder = &files.directory;
    match (fs::metadata(folder), files.create) {
        (Ok(found), _) if found.is_dir() => Ok(()),
        (Ok(_), _) => Err(io::ErrorKind::NotADirectory.into()),
        (Err(error), Some(mode)) if error.kind() == io::ErrorKind::NotFound => {
            let disk = RealDisk { mode: Some(mode) };
            disk.create_folder(folder)
                .or_else(|error| may_mend(&error).then_some(()).ok_or(error))
        }
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => {
            let why = "it is not there, and only made with `create_directory: true`";
            Err(io::Error::new(error.kind(), why))
        }
        (Err(error), _) => Err(error),
    }
}

/// Says that a folder could not be made, where it could not.
pub(super) fn told(folder: &Path, missing: Option<&str>) {
    if let Some(why) = missing {
        tracing::error!(
            folder = %folder.display(),
            error = why,
            "the folder of a storage cannot be made: what comes is refused, and may come again, until its disk is writable and has room"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, path::Path};

    use super::*;
    use crate::settings::Durability;

    fn files(directory: &Path, create: Option<u32>) -> FileStorage {
        FileStorage {
            directory: directory.to_owned(),
            create,
            durability: Durability::Process,
            max_size: None,
        }
    }

    #[test]
    fn a_folder_is_made_where_it_may_be_and_for_those_whom_it_is_for() {
        let root = std::env::temp_dir().join(format!("gateway-storages-{}", std::process::id()));
        let folder = root.join("a/b");
        let error = prepare(&files(&folder, None)).unwrap_err();
        assert!(error.to_string().contains("`create_directory: true`"));
        assert!(!root.exists());
        prepare(&files(&folder, Some(0o700))).unwrap();
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        prepare(&files(&folder, None)).unwrap();
        let file = root.join("file");
        fs::write(&file, "").unwrap();
        for create in [None, Some(0o700)] {
            let error = prepare(&files(&file, create)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
        }
        fs::remove_dir_all(root).unwrap();
    }
}
