//! What does an image consist of, and how is it written down?

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType};

use crate::layer::{Entry, LayerError, archive, compressed, header};

/// An image.
#[derive(Clone, Debug)]
pub struct Image {
    /// What it is called where it is loaded: `gateway:0.1.0`.
    pub name: String,
    /// The architecture of its programs, as Go calls it: `amd64`, `arm64`.
    pub architecture: String,
    /// Its files.
    pub entries: Vec<Entry>,
    /// How it is started.
    pub start: Start,
}

/// How an image is started.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// Further arguments, which others may be put in the place of.
    pub arguments: Vec<String>,
    /// Who runs it: `65532:65532`.
    pub user: String,
    /// Where it listens: `4317/tcp`.
    pub ports: Vec<String>,
}

/// Bytes by their name.
struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// There are no times in it, so that the same files are the same image.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// Writes an image as an archive in the layout of the Open Container Initiative.
pub fn write(image: &Image, out: impl Write) -> Result<(), LayerError> {
    let plain = archive(&image.entries)?;
    let layer = Blob::of(compressed(&plain)?);
    let config = Blob::json(&configuration(image, &digest(&plain)));
    let manifest = Blob::json(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(CONFIG),
        "layers": [layer.descriptor(LAYER)],
    }));
    let mut named = manifest.descriptor(MANIFEST);
    let annotations = json!({
        "org.opencontainers.image.ref.name": image.name.rsplit_once(':').map_or("latest", |(_, tag)| tag),
        "io.containerd.image.name": image.name,
    });
    named["annotations"] = annotations;
    named["platform"] = json!({"architecture": image.architecture, "os": "linux"});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]});
    let mut files = BTreeMap::from([
        ("index.json".to_owned(), index.to_string().into_bytes()),
        (
            "oci-layout".to_owned(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        ),
    ]);
    for blob in [layer, config, manifest] {
        files.insert(format!("blobs/sha256/{}", blob.digest), blob.bytes);
    }
    layout(&files, out).map_err(LayerError::Write)
}

fn layout(files: &BTreeMap<String, Vec<u8>>, out: impl Write) -> io::Result<()> {
    let mut builder = Builder::new(out);
    for folder in ["blobs", "blobs/sha256"] {
        let mut header = header(EntryType::Directory, 0o755, 0);
        builder.append_data(&mut header, folder, io::empty())?;
    }
    for (path, bytes) in files {
        let mut header = header(EntryType::Regular, 0o644, bytes.len() as u64);
        builder.append_data(&mut header, path, bytes.as_slice())?;
    }
    builder.into_inner()?.flush()
}

fn configuration(image: &Image, layer: &str) -> Value {
    let Start {
        entrypoint,
        arguments,
        user,
        ports,
    } = &image.start;
    let ports: BTreeMap<_, _> = ports.iter().map(|port| (port, json!({}))).collect();
    json!({
        "created": CREATED,
        "architecture": image.architecture,
        "os": "linux",
        "config": {
            "User": user,
            "Entrypoint": entrypoint,
            "Cmd": arguments,
            "ExposedPorts": ports,
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer}")]},
        "history": [{"created": CREATED, "created_by": "image", "comment": image.name}],
    })
}

/// The digest of bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let digits = |byte: &u8| {
        let digit =
            |value: u8| char::from_digit(u32::from(value), 16).expect("four bits are one digit");
        [digit(byte >> 4), digit(byte & 15)]
    };
    Sha256::digest(bytes).iter().flat_map(digits).collect()
}

impl Blob {
    fn of(bytes: Vec<u8>) -> Self {
        let digest = digest(&bytes);
        Self { digest, bytes }
    }

    fn json(value: &Value) -> Self {
        Self::of(value.to_string().into_bytes())
    }

    fn descriptor(&self, media: &str) -> Value {
        let digest = format!("sha256:{}", self.digest);
        json!({"mediaType": media, "digest": digest, "size": self.bytes.len()})
    }
}
