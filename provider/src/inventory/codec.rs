//! How is an inventory written into Secrets, and read again?

use std::io::{Read as _, Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use provider_core::{ResourceId, applyset, plan::Memory};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    error::InventoryError,
    inventory::{Place, hints},
};

pub(super) const MEMORY: &str = "memory";
pub(crate) const TYPE: &str = "stacks/inventory";
const FORMAT: u64 = 2;
/// A Secret holds one MiB; something is left for its metadata.
const PART: usize = 900 * 1024;
/// No inventory of any stack unpacks to more; what claims to is no inventory.
const MOST: u64 = 512 * 1024 * 1024;

/// The Secret that is read first.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) epoch: u64,
    pub(super) parts: usize,
    pub(super) digest: String,
    pub(super) key: Vec<u8>,
    pub(super) memory: Vec<u8>,
}

impl Head {
    pub(super) fn read(secret: &Value, place: &Place) -> Result<Self, InventoryError> {
        if secret.get("type").and_then(Value::as_str) != Some(TYPE) {
            return Err(InventoryError::NotOurs {
                secret: place.shown(),
            });
        }
        let damaged = |what: &str| place.damaged(format!("`{what}` cannot be read"));
        let text = |key: &str| {
            field(secret, key)
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| damaged(key))
        };
        let number = |key: &str| text(key)?.parse::<u64>().map_err(|_| damaged(key));
        let found = number("format")?;
        if found > FORMAT {
            return Err(InventoryError::Newer {
                secret: place.shown(),
                found,
                known: FORMAT,
            });
        }
        Ok(Self {
            epoch: number("epoch")?,
            parts: usize::try_from(number("parts")?).map_err(|_| damaged("parts"))?,
            digest: text("digest")?,
            key: field(secret, "key")
                .filter(|key| !key.is_empty())
                .ok_or_else(|| damaged("key"))?,
            memory: field(secret, MEMORY).unwrap_or_default(),
        })
    }

    pub(super) fn write(&self, place: &Place, memory: &Memory) -> Value {
        let encode = |bytes: &[u8]| json!(STANDARD.encode(bytes));
        let mut data = Map::from_iter([
            ("format".into(), encode(FORMAT.to_string().as_bytes())),
            ("epoch".into(), encode(self.epoch.to_string().as_bytes())),
            ("parts".into(), encode(self.parts.to_string().as_bytes())),
            ("digest".into(), encode(self.digest.as_bytes())),
            ("key".into(), encode(&self.key)),
        ]);
        if self.parts == 0 {
            data.insert(MEMORY.into(), encode(&self.memory));
        }
        let (kinds, namespaces) = hints(memory, &place.namespace);
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": applyset::parent_name(&place.stack),
                "namespace": place.namespace,
                "labels": { "applyset.kubernetes.io/id": applyset::id(&place.stack, &place.namespace) },
                "annotations": {
                    "applyset.kubernetes.io/tooling": concat!("stacks/v", env!("CARGO_PKG_VERSION")),
                    "applyset.kubernetes.io/contains-group-kinds": kinds,
                    "applyset.kubernetes.io/additional-namespaces": namespaces,
                },
            },
            "type": TYPE,
            "data": data,
        })
    }
}

/// A numbered part.
pub(super) fn part(id: &ResourceId, chunk: &[u8]) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": id.name, "namespace": id.namespace },
        "type": TYPE,
        "data": { MEMORY: STANDARD.encode(chunk) },
    })
}

/// One key of a Secret, decoded.
pub(super) fn field(secret: &Value, key: &str) -> Option<Vec<u8>> {
    STANDARD
        .decode(secret.get("data")?.get(key)?.as_str()?)
        .ok()
}

/// A memory, compressed, and the digest of that. Equal memories give equal bytes.
pub(super) fn pack(memory: &Memory) -> (Vec<u8>, String) {
    let json = serde_json::to_vec(memory).expect("a memory is maps of strings");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(&json)
        .expect("a vector takes all that is written");
    let packed = encoder
        .finish()
        .expect("a vector takes all that is written");
    let digest = digest(&packed);
    (packed, digest)
}

/// The memory that was packed, or what is wrong with it.
pub(super) fn unpack(packed: &[u8], expected: &str) -> Result<Memory, String> {
    if digest(packed) != expected {
        return Err("its content is not what was written".into());
    }
    let mut json = Vec::new();
    GzDecoder::new(packed)
        .take(MOST)
        .read_to_end(&mut json)
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

pub(super) fn split(packed: &[u8]) -> Vec<&[u8]> {
    packed.chunks(PART).collect()
}

fn digest(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}
