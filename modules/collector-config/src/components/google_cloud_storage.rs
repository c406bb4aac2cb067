//! The exporter that keeps logs and traces as objects in Google Cloud Storage.

use super::{
    awss3::ObjectCompression,
    otlp_exporters::{queue_mistakes, storage},
    queue::{Retry, SendingQueue},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Need, Signal, Stability, Traffic};

settings! {
    /// Keeps logs and traces as objects in Google Cloud Storage. Each request becomes an object, so that a queue with
    /// batches belongs before it. It does not carry metrics.
    pub struct GoogleCloudStorage {
        /// Where and how objects are written.
        pub bucket: Bucket,
        /// The extension that knows what an object consists of: OTLP as JSON, where nothing is said.
        pub encoding: Option<ComponentId>,
        /// Resource attributes that say where an object is written.
        pub resource_attrs_to_gcs: GcsAttributes,
        /// How long one request may take.
        pub timeout: Option<Duration>,
        /// The queue; none where nothing is said.
        pub sending_queue: Option<SendingQueue>,
        /// Trying again.
        pub retry_on_failure: Option<Retry>,
    }

    /// Where and how objects are written.
    #[derive(Eq)]
    pub struct Bucket {
        /// Its name.
        pub name: String,
        /// The project that it belongs to; as the machine says, where nothing is said.
        pub project_id: String,
        /// Where it is; as the machine says, where nothing is said.
        pub region: String,
        /// The part of the cloud that is apart from the others for legal reasons.
        pub universe_domain: String,
        /// What the last part of a name begins with: `logs` where nothing is said.
        pub file_prefix: Option<String>,
        /// The first parts of a name.
        pub partition: Partition,
        /// How objects are compressed: not, where nothing is said.
        pub compression: Option<ObjectCompression>,
        /// Whether the bucket is there already. Otherwise the exporter makes it, and ends when it is there.
        pub reuse_if_exists: bool,
    }

    /// The first parts of a name.
    #[derive(Eq)]
    pub struct Partition {
        /// What follows from the time, as for `strftime`: `year=%Y/month=%m/day=%d`.
        pub format: String,
        /// What stands before it.
        pub prefix: String,
    }

    /// Resource attributes that say where an object is written.
    #[derive(Eq)]
    pub struct GcsAttributes {
        /// The attribute with a part of the name.
        pub prefix: String,
    }
}

impl GoogleCloudStorage {
    /// Keeps OTLP in a bucket that is there, compressed, in a folder for each hour.
    pub fn archive(bucket: &str, prefix: &str, queue: SendingQueue) -> Self {
        let partition = Partition {
            format: "year=%Y/month=%m/day=%d/hour=%H".to_owned(),
            prefix: prefix.to_owned(),
        };
        let bucket = Bucket {
            name: bucket.to_owned(),
            partition,
            compression: Some(ObjectCompression::Gzip),
            reuse_if_exists: true,
            ..Bucket::default()
        };
        Self {
            bucket,
            sending_queue: Some(queue),
            ..Self::default()
        }
    }
}

impl Component for GoogleCloudStorage {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Exporter, "google_cloud_storage")
            .renamed_from("googlecloudstorage", 148)
            .within(Distribution::CONTRIB)
            .since(140)
            .signals(&[Signal::Traces, Signal::Logs])
            .ripe(Stability::Alpha);

    fn extensions(&self) -> Vec<ComponentId> {
        let mut named = storage(self.sending_queue.as_ref());
        named.extend(self.encoding.clone());
        named
    }

    fn needs(&self) -> Vec<Need> {
        let domain = match self.bucket.universe_domain.as_str() {
            "" => "googleapis.com",
            domain => domain,
        };
        let storage = Traffic::Endpoint(format!("https://storage.{domain}"));
        [storage, Traffic::CloudMetadata]
            .map(Need::Traffic)
            .to_vec()
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = queue_mistakes(self.sending_queue.as_ref());
        if self.bucket.name.is_empty() {
            found.push("bucket: `name` is missing".to_owned());
        }
        found
    }
}
