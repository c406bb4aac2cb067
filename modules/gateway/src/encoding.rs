//! How may bytes be compressed on the wire?

/// A compression that both sides of a connection know by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// gzip, also in several members.
    Gzip,
    /// What HTTP calls deflate: the format of zlib. Nobody sends it over gRPC.
    Zlib,
    /// zstd, also in several frames.
    Zstd,
    /// Snappy in its framed form.
    Snappy,
    /// Snappy as one block, as HTTP knows it by that name.
    SnappyBlock,
    /// lz4 in its frame format. Nobody sends it over gRPC.
    Lz4,
}

impl Encoding {
    /// What gRPC calls it.
    pub fn grpc_name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "deflate",
            Self::Zstd => "zstd",
            Self::Snappy | Self::SnappyBlock => "snappy",
            Self::Lz4 => "lz4",
        }
    }

    /// What HTTP calls it.
    pub fn http_name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "deflate",
            Self::Zstd => "zstd",
            Self::Snappy => "x-snappy-framed",
            Self::SnappyBlock => "snappy",
            Self::Lz4 => "lz4",
        }
    }

    /// The one that has this name in gRPC.
    pub fn grpc_named(name: &str) -> Option<Self> {
        match name {
            "gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            "snappy" => Some(Self::Snappy),
            _ => None,
        }
    }

    /// The one that has this name in HTTP.
    pub fn http_named(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" | "zlib" => Some(Self::Zlib),
            "zstd" => Some(Self::Zstd),
            "snappy" => Some(Self::SnappyBlock),
            "x-snappy-framed" => Some(Self::Snappy),
            "lz4" => Some(Self::Lz4),
            _ => None,
        }
    }
}
