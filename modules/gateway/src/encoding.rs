//! How may bytes be compressed on the wire?

/// A compression that both sides of a connection know by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// gzip, also in several members.
    Gzip,
    /// zstd, also in several frames.
    Zstd,
    /// Snappy in its framed form.
    Snappy,
}

impl Encoding {
    /// What gRPC calls it.
    pub fn grpc_name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
        }
    }

    /// What HTTP calls it.
    pub fn http_name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Snappy => "x-snappy-framed",
        }
    }

    /// The one that has this name in gRPC or in HTTP.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            "snappy" | "x-snappy-framed" => Some(Self::Snappy),
            _ => None,
        }
    }
}
