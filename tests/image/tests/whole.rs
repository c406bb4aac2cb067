//! A program goes into an image, comes out of it, and runs.
#![expect(clippy::unwrap_used, reason = "a test may")]

use std::{fs, path::PathBuf, process::Command};

use image::{CheckError, Entry, Image, LayerError, Start};

fn image() -> Image {
    let program = env!("CARGO_BIN_EXE_image");
    let entries = [
        format!("{program}:/usr/bin/image:0755"),
        format!(
            "{}:/etc/image.toml",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")
        ),
    ];
    Image {
        name: "image:1".to_owned(),
        architecture: "amd64".to_owned(),
        entries: entries.iter().map(|entry| entry.parse().unwrap()).collect(),
        start: Start {
            entrypoint: vec!["/usr/bin/image".to_owned()],
            user: "65532:65532".to_owned(),
            ports: vec!["4317/tcp".to_owned()],
            ..Start::default()
        },
    }
}

fn archive(image: &Image) -> Vec<u8> {
    let mut archive = Vec::new();
    image::write(image, &mut archive).unwrap();
    archive
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("image-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_program_runs_as_it_came_out_of_its_image() {
    let folder = Folder::new("runs");
    let mut image = image();
    image.entries[0].from = env!("CARGO_BIN_EXE_image").into();
    let config = image::unpack(archive(&image).as_slice(), &folder.0).unwrap();
    assert_eq!(config["config"]["User"], "65532:65532");
    let start = config["config"]["Entrypoint"][0].as_str().unwrap();
    let program = folder.0.join(start.trim_start_matches('/'));
    let output = Command::new(program).arg("--version").output().unwrap();
    let version = format!("image {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);
}

#[test]
fn the_same_files_are_the_same_image_in_whatever_order() {
    let mut other = image();
    other.entries.reverse();
    assert!(archive(&image()) == archive(&other));
}

#[test]
fn a_flipped_bit_is_found() {
    let mut archive = archive(&image());
    // In the middle of the layer, which is by far the largest part.
    let middle = archive.len() / 2;
    archive[middle] ^= 1;
    let folder = Folder::new("bit");
    let error = image::unpack(archive.as_slice(), &folder.0).unwrap_err();
    assert!(matches!(error, CheckError::Broken(_)), "{error}");
}

#[test]
fn a_file_lies_below_the_root() {
    for text in ["a", "a:b", ":/b", "a:/", "a:/../b", "a:/b/./c", "a:/b:8"] {
        let error = text.parse::<Entry>().unwrap_err();
        assert!(matches!(error, LayerError::Entry(_)), "{text}");
    }
    let entry: Entry = "a:/b/c:0755".parse().unwrap();
    assert_eq!((entry.path, entry.mode), ("b/c".into(), 0o755));
}
