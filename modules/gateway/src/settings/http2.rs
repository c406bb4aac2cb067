//! Who speaks HTTP/2 for the gateway?

use serde::Serialize;

/// What carries calls over connections of HTTP/2, both those that come and those that are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Http2 {
    /// The gateway itself, with few calls into the kernel
    #[default]
    Own,
    /// The packages `hyper` and `h2`
    Hyper,
}
