//! Is an archive an image, and what lies in it? Every blob is what its name says, and nothing leaves the folder.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
};

use flate2::read::GzDecoder;
use serde_json::Value;
use tar::Archive;
use thiserror::Error;

use crate::archive::digest;

/// Why an archive is no image.
#[derive(Debug, Error)]
pub enum CheckError {
    /// It cannot be read, or what lies in it cannot be written.
    #[error("could not unpack the image")]
    Io(#[from] io::Error),
    /// A part of it is no JSON.
    #[error("could not read `{0}`")]
    Json(String, #[source] serde_json::Error),
    /// It names something that is not in it.
    #[error("`{0}` is missing")]
    Missing(String),
    /// A blob is not what its name says.
    #[error("`{0}` has another digest or size")]
    Broken(String),
}

/// Checks an archive and puts the files of its image into a folder; gives the configuration of the image.
pub fn unpack(archive: impl Read, folder: &Path) -> Result<Value, CheckError> {
    let mut files = BTreeMap::new();
    for entry in Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        files.insert(path, bytes);
    }
    let layout = json(&files, "oci-layout")?;
    if layout["imageLayoutVersion"] != "1.0.0" {
        return Err(CheckError::Broken("oci-layout".to_owned()));
    }
    let index = json(&files, "index.json")?;
    let manifest = blob(&files, &index["manifests"][0])?;
    let manifest: Value = parse("the manifest", manifest)?;
    let config: Value = parse("the configuration", blob(&files, &manifest["config"])?)?;
    let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
    for (index, layer) in layers.iter().enumerate() {
        let mut plain = Vec::new();
        GzDecoder::new(blob(&files, layer)?).read_to_end(&mut plain)?;
        if config["rootfs"]["diff_ids"][index] != format!("sha256:{}", digest(&plain)).as_str() {
            return Err(CheckError::Broken(format!("layer {index}")));
        }
        Archive::new(plain.as_slice()).unpack(folder)?;
    }
    Ok(config)
}

fn json(files: &BTreeMap<String, Vec<u8>>, path: &str) -> Result<Value, CheckError> {
    let bytes = files
        .get(path)
        .ok_or_else(|| CheckError::Missing(path.to_owned()))?;
    parse(path, bytes)
}

fn parse(what: &str, bytes: &[u8]) -> Result<Value, CheckError> {
    serde_json::from_slice(bytes).map_err(|error| CheckError::Json(what.to_owned(), error))
}

/// What a descriptor names.
fn blob<'a>(
    files: &'a BTreeMap<String, Vec<u8>>,
    descriptor: &Value,
) -> Result<&'a [u8], CheckError> {
    let name = descriptor["digest"].as_str().unwrap_or_default();
    let missing = || CheckError::Missing(format!("blob `{name}`"));
    let hex = name.strip_prefix("sha256:").ok_or_else(missing)?;
    let bytes = files
        .get(&format!("blobs/sha256/{hex}"))
        .ok_or_else(missing)?;
    if digest(bytes) != hex || descriptor["size"].as_u64() != Some(bytes.len() as u64) {
        return Err(CheckError::Broken(name.to_owned()));
    }
    Ok(bytes)
}
