//! The exporter that keeps telemetry as objects in S3, or in what speaks like it.

use serde::{Deserialize, Serialize};

use super::{
    otlp_exporters::{queue_mistakes, storage},
    queue::{Retry, SendingQueue},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability, Traffic};

settings! {
    /// Keeps telemetry as objects in S3, or in what speaks like it. Each request becomes an object, so that a queue
    /// with batches belongs before it.
    pub struct AwsS3 {
        /// Where and how objects are written.
        pub s3uploader: Uploader,
        /// What an object consists of: `otlp_json` where nothing is said.
        pub marshaler: Option<Marshaler>,
        /// The extension that knows what an object consists of, in place of a built-in way.
        pub encoding: Option<ComponentId>,
        /// What the names of such objects end with.
        pub encoding_file_extension: String,
        /// Resource attributes that say where an object is written.
        pub resource_attrs_to_s3: S3Attributes,
        /// How long one request may take: 5 s where nothing is said.
        pub timeout: Option<Duration>,
        /// The queue; none where nothing is said.
        pub sending_queue: Option<SendingQueue>,
        /// Trying again.
        pub retry_on_failure: Option<Retry>,
    }

    /// Where and how objects are written.
    #[derive(Eq)]
    pub struct Uploader {
        /// The region: `us-east-1` where nothing is said.
        pub region: Option<String>,
        /// The bucket.
        pub s3_bucket: String,
        /// What all names begin with, whatever attributes say.
        pub s3_base_prefix: String,
        /// What names begin with.
        pub s3_prefix: String,
        /// The part of a name that follows from the time, as for `strftime`:
        /// `year=%Y/month=%m/day=%d/hour=%H/minute=%M` where nothing is said.
        pub s3_partition_format: Option<String>,
        /// The time zone of that time.
        pub s3_partition_timezone: String,
        /// What the last part of a name begins with.
        pub file_prefix: String,
        /// How the last part of a name is made unique: by a random number where nothing is said, or `uuidv7`.
        pub unique_key_func_name: String,
        /// The URL of something else that speaks like S3.
        pub endpoint: String,
        /// Whether the bucket is part of the path and not of the host, as most others want it.
        pub s3_force_path_style: bool,
        /// Whether there is no TLS.
        pub disable_ssl: bool,
        /// The role that is assumed.
        pub role_arn: String,
        /// Who may read the objects.
        pub acl: String,
        /// What kind of storage: `STANDARD` where nothing is said.
        pub storage_class: Option<String>,
        /// How objects are compressed: not, where nothing is said.
        pub compression: Option<ObjectCompression>,
        /// How often the client tries again by itself.
        pub retry_mode: Option<RetryMode>,
        /// How many times: 3 where nothing is said; 0 for no limit.
        pub retry_max_attempts: Option<u32>,
        /// With which pause at most: 20 s where nothing is said.
        pub retry_max_backoff: Option<Duration>,
    }

    /// Resource attributes that say where an object is written.
    #[derive(Eq)]
    pub struct S3Attributes {
        /// The attribute with the bucket.
        pub s3_bucket: String,
        /// The attribute with what names begin with.
        pub s3_prefix: String,
    }
}

/// What an object consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marshaler {
    /// OTLP as JSON.
    OtlpJson,
    /// OTLP as protocol buffers.
    OtlpProto,
    /// What Sumo Logic reads; logs only.
    SumoIc,
    /// The bodies of log records.
    Body,
}

/// How objects are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectCompression {
    /// Not.
    None,
    /// gzip.
    Gzip,
    /// Zstandard, smaller and quicker.
    Zstd,
}

/// How often a client tries again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryMode {
    /// With growing pauses.
    Standard,
    /// More slowly while the other side is busy.
    Adaptive,
    /// Never.
    Nop,
}

const STORAGE_CLASSES: [&str; 12] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
    "FSX_OPENZFS",
];

const ACLS: [&str; 7] = [
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
];

impl AwsS3 {
    /// Keeps OTLP in a bucket, compressed.
    pub fn archive(region: &str, bucket: &str, prefix: &str, queue: SendingQueue) -> Self {
        let s3uploader = Uploader {
            region: Some(region.to_owned()),
            s3_bucket: bucket.to_owned(),
            s3_prefix: prefix.to_owned(),
            compression: Some(ObjectCompression::Gzip),
            ..Uploader::default()
        };
        Self {
            s3uploader,
            marshaler: Some(Marshaler::OtlpProto),
            sending_queue: Some(queue),
            ..Self::default()
        }
    }
}

impl Uploader {
    fn mistakes(&self) -> impl Iterator<Item = String> {
        let class = self.storage_class.as_deref().unwrap_or("STANDARD");
        let acl = self.acl.as_str();
        let unique = self.unique_key_func_name.as_str();
        let rules = [
            (self.region.as_deref() != Some(""), "`region` is missing"),
            (
                !self.s3_bucket.is_empty() || !self.endpoint.is_empty(),
                "`s3_bucket` or `endpoint` is needed",
            ),
            (
                STORAGE_CLASSES.contains(&class),
                "there is no such `storage_class`",
            ),
            (
                acl.is_empty() || ACLS.contains(&acl),
                "there is no such `acl`",
            ),
            (
                unique.is_empty() || unique == "uuidv7",
                "`unique_key_func_name` can only be `uuidv7`",
            ),
        ];
        let broken = rules.into_iter().filter(|(right, _)| !right);
        broken.map(|(_, rule)| format!("s3uploader: {rule}"))
    }

    /// Where objects are sent.
    fn host(&self) -> String {
        if self.endpoint.is_empty() {
            let region = self.region.as_deref().unwrap_or("us-east-1");
            format!("https://{}.s3.{region}.amazonaws.com", self.s3_bucket)
        } else {
            self.endpoint.clone()
        }
    }
}

impl Component for AwsS3 {
    const TYPE: &'static ComponentType = &ComponentType::of::<Self>(Class::Exporter, "awss3")
        .within(Distribution::CONTRIB)
        .since(77)
        .signals(&Signal::ALL)
        .ripe(Stability::Alpha);

    fn extensions(&self) -> Vec<ComponentId> {
        let mut named = storage(self.sending_queue.as_ref());
        named.extend(self.encoding.clone());
        named
    }

    fn needs(&self) -> Vec<Need> {
        vec![Need::Traffic(Traffic::Endpoint(self.s3uploader.host()))]
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        found.extend(self.s3uploader.mistakes());
        found
    }
}
