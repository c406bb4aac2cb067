//! How do programs become a container image, without a container engine?
//!
//! An image is an archive with a folder of blobs, each named by its digest: a layer with the files, a configuration that
//! says how they are started, and a manifest that names both. The same files give the same archive, byte by byte.

mod archive;
mod check;
mod layer;

pub use archive::{Image, Start, write};
pub use check::{CheckError, unpack};
pub use layer::{Entry, LayerError};
