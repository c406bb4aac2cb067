//! Where does a pipeline's data leave a collector? Exports, and archives in buckets.

use collector_config::{
    Component as _, ComponentId, Config, IdError, Signal as Kind,
    components::{
        awss3::AwsS3,
        file_exporter::{FileExporter, Rotation},
        google_cloud_storage::GoogleCloudStorage,
        remote_write::PrometheusRemoteWrite,
    },
};
use provider_core::{Destination, Endpoint, Finding, Scope};

use super::{AnyPipeline, Pipeline};
use crate::{
    collector::{names::Outlets, parts},
    loki::TenantOtlp,
    object_store::{Addressing, ObjectStore, S3},
    protocol::{Export, Queue},
    signal::{Carries, Logs, Metrics, Signal, Traces},
};

/// Which traces a bucket gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Archived {
    /// All of them, before any is left out: much more, and nothing is missing.
    Everything,
    /// Those that are kept elsewhere too.
    Kept,
}

/// A bucket that keeps what goes by.
#[derive(Clone, Debug)]
pub(in crate::collector) struct Archive {
    store: ObjectStore,
    what: Archived,
}

/// What leaves one layer.
#[derive(Clone, Debug)]
pub(in crate::collector) struct Out<'a> {
    signal: Kind,
    exports: &'a [Export],
    archives: Vec<&'a Archive>,
    written: bool,
}

/// Where each Pod writes files.
pub(in crate::collector) const FILES_DIRECTORY: &str = "/var/lib/telemetry";

impl<S: Signal> Pipeline<S> {
    /// Sends everything to an endpoint whose protocol carries the signal. Said several times, each gets everything.
    #[must_use]
    pub fn export<P: Carries<S>>(mut self, endpoint: &Endpoint<P>) -> Self {
        self.way.exports.extend(Export::all_to::<S, P>(endpoint));
        self
    }

    /// Writes everything to a file of each Pod too, as lines of JSON, one OTLP request on each: to look at, where one
    /// develops. The newest 300 MB are kept, and go with the Pod.
    ///
    /// ```
    /// # use modules::{Collector, traces};
    /// # fn dev(stack: &mut provider_core::Scope<'_>) {
    /// stack.add(Collector::gateway("otlp").pipeline(traces().write()));
    /// # }
    /// ```
    #[must_use]
    pub fn write(mut self) -> Self {
        self.way.written = true;
        self
    }

    fn archived(mut self, store: ObjectStore, what: Archived) -> Self {
        self.way.archives.push(Archive { store, what });
        self
    }
}

impl Pipeline<Traces> {
    /// Keeps traces in a bucket too, as OTLP, by the hour in which they came.
    ///
    /// How long is a rule of the bucket: `ObjectStore::s3("archive").expire(days(90))`.
    #[must_use]
    pub fn archive(self, store: impl Into<ObjectStore>, what: Archived) -> Self {
        self.archived(store.into(), what)
    }
}

impl Pipeline<Logs> {
    /// Sends everything to a Loki with tenants, as one of them.
    ///
    /// ```
    /// # use modules::{Loki, logs};
    /// # fn shop(stack: &mut provider_core::Scope<'_>) {
    /// let loki = stack.add(Loki::new("loki").tenants());
    /// let _way = logs().export_as(&loki.otlp, "shop");
    /// # }
    /// ```
    #[must_use]
    pub fn export_as(mut self, endpoint: &Endpoint<TenantOtlp>, tenant: &str) -> Self {
        self.way.exports.push(Export::for_tenant(endpoint, tenant));
        self
    }

    /// Keeps logs in a bucket too, as OTLP, by the hour in which they came.
    #[must_use]
    pub fn archive(self, store: impl Into<ObjectStore>) -> Self {
        self.archived(store.into(), Archived::Everything)
    }
}

impl Pipeline<Metrics> {
    /// Keeps metrics in a bucket too, as OTLP, by the hour in which they came.
    ///
    /// No collector writes metrics to Google Cloud Storage:
    ///
    /// ```compile_fail
    /// # use modules::{ObjectStore, metrics};
    /// metrics().archive(ObjectStore::gcs("archive").identity());
    /// ```
    #[must_use]
    pub fn archive(self, store: S3) -> Self {
        self.archived(store.into(), Archived::Everything)
    }
}

impl AnyPipeline {
    /// What leaves the collectors that take everything.
    pub(in crate::collector) fn first(&self) -> Out<'_> {
        let routed = self.together.is_needed();
        let here = |archive: &&Archive| !routed || archive.what == Archived::Everything;
        Out {
            signal: self.signal,
            exports: if routed { &[] } else { &self.exports },
            archives: self.archives.iter().filter(here).collect(),
            written: self.written && !routed,
        }
    }

    /// What leaves the collectors behind them.
    pub(in crate::collector) fn second(&self) -> Out<'_> {
        let here = |archive: &&Archive| archive.what == Archived::Kept;
        Out {
            signal: self.signal,
            exports: &self.exports,
            archives: self.archives.iter().filter(here).collect(),
            written: self.written,
        }
    }
}

impl AnyPipeline {
    /// Where the collectors behind send to, with what is measured there.
    pub(in crate::collector) fn second_sends(&self) -> Vec<Destination> {
        let mut sends = self.second().sends();
        if let Some(red) = &self.together.red {
            sends.extend(red.to.first().sends());
        }
        sends
    }

    /// Whether they write files.
    pub(in crate::collector) fn second_writes(&self) -> bool {
        let red = self.together.red.as_ref();
        self.second().writes() || red.is_some_and(|red| red.to.first().writes())
    }

    /// The buckets that they write to.
    pub(in crate::collector) fn second_stores(&self) -> Vec<ObjectStore> {
        let mut stores = self.second().stores();
        if let Some(red) = &self.together.red {
            stores.extend(red.to.first().stores());
        }
        stores
    }
}

impl<'a> Out<'a> {
    /// What is sent to, but for buckets.
    pub(in crate::collector) fn exports(&self) -> &'a [Export] {
        self.exports
    }

    /// How many queues that takes.
    pub(in crate::collector) fn queues(&self) -> u64 {
        (self.exports.len() + self.archives.len()) as u64
    }

    /// Whether a file is one of them.
    pub(in crate::collector) fn writes(&self) -> bool {
        self.written
    }

    /// Where it goes, but for buckets.
    pub(in crate::collector) fn sends(&self) -> Vec<Destination> {
        let exports = self.exports.iter();
        exports.map(|export| export.to.clone()).collect()
    }

    /// The buckets.
    pub(in crate::collector) fn stores(&self) -> Vec<ObjectStore> {
        let archives = self.archives.iter();
        archives.map(|archive| archive.store.clone()).collect()
    }

    /// Defines an exporter for each, and says which they are.
    pub(in crate::collector) fn define(
        &self,
        scope: &mut Scope<'_>,
        config: &mut Config,
        outlets: &Outlets,
    ) -> Vec<ComponentId> {
        let mut defined = parts::exporters(scope, config, self.exports, outlets);
        if outlets.queue.storage.is_some() {
            say_what_is_not_kept(scope, &defined);
        }
        let queue = &outlets.queue;
        let stack = scope.stack().to_owned();
        let archives = self.archives.iter();
        let archives = archives.map(|archive| archive.define(config, &stack, self.signal, queue));
        let archives = archives.collect();
        defined.extend(parts::legal(scope, archives));
        if self.written {
            let file = config.add_named(&self.signal.to_string(), &file(self.signal));
            let file = file.map(|id| vec![id]);
            defined.extend(parts::legal(scope, file));
        }
        defined
    }
}

/// A file of a signal, and two before it: three signals together have less than a volume of scratch.
fn file(signal: Kind) -> FileExporter {
    FileExporter {
        path: format!("{FILES_DIRECTORY}/{signal}.jsonl"),
        rotation: Some(Rotation {
            max_megabytes: Some(100),
            max_backups: Some(2),
            ..Rotation::default()
        }),
        ..FileExporter::default()
    }
}

/// Prometheus' own protocol has a queue of its own, which a volume does not keep.
fn say_what_is_not_kept(scope: &mut Scope<'_>, exporters: &[ComponentId]) {
    let in_memory = exporters
        .iter()
        .filter(|id| id.kind() == PrometheusRemoteWrite::TYPE.name);
    for id in in_memory {
        let message = format!("what waits for `{id}` is in memory, and goes with its Pod");
        let hint = "send it by OTLP, whose queue is kept on the volume";
        scope.note(Finding::new("queue-not-kept", message).hint(hint));
    }
}

impl Archive {
    fn define(
        &self,
        config: &mut Config,
        stack: &str,
        signal: Kind,
        queue: &Queue,
    ) -> Result<ComponentId, IdError> {
        let prefix = match self.store.prefix() {
            "" => format!("{stack}/{signal}"),
            prefix => format!("{prefix}/{stack}/{signal}"),
        };
        let name = format!("archive-{signal}");
        match &self.store {
            ObjectStore::S3(s3) => {
                let bucket = self.store.bucket();
                let mut archive = AwsS3::archive(&s3.region, bucket, &prefix, queue.sending());
                archive.retry_on_failure = Some(parts::for_ever());
                let uploader = &mut archive.s3uploader;
                if !s3.is_amazon() {
                    uploader.endpoint = s3.url();
                    uploader.disable_ssl = s3.is_plain();
                }
                uploader.s3_force_path_style = s3.addressing == Addressing::Path;
                config.add_named(&name, &archive)
            }
            ObjectStore::Gcs(_) => {
                let bucket = self.store.bucket();
                let mut archive = GoogleCloudStorage::archive(bucket, &prefix, queue.sending());
                archive.retry_on_failure = Some(parts::for_ever());
                config.add_named(&name, &archive)
            }
        }
    }
}

/// Says what nobody but the bucket's owner can do: delete what is old.
pub(in crate::collector) fn explain(scope: &mut Scope<'_>, who: &str, store: &ObjectStore) {
    let bucket = store.bucket();
    let note = if let Some(rule) = store.lifecycle_rule() {
        let message = format!("what `{who}` archives goes when the bucket `{bucket}` deletes it");
        let hint = format!("its rule has to be: {rule}");
        Finding::new("archive-rule", message).hint(hint)
    } else {
        let message = format!("nobody deletes what `{who}` archives in the bucket `{bucket}`");
        let hint = "say when with `expire(days(90))`, and give the bucket the rule that the plan then shows";
        Finding::new("archive-for-ever", message).hint(hint)
    };
    scope.note(note);
}
