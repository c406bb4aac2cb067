//! Which exporters are there, and what waits before them?

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use collector_config::{ComponentId, PipelineId};

use super::{Exports, StartError, Stored, storages};
use crate::{
    Budget, Encoding, Signal,
    export::{
        self, Exporter, Fanout, Kept, LoadBalancer, MakeError, Nop, Peer, RoundRobin, Sender,
        Source, debug::ToLog, file::ToFile, otlp, remote_write::RemoteWrite,
    },
    log::{self, Log},
    settings::{
        self, Batch, Durability, ExporterKind, FileStorage, Http2, Pipeline, Processor, Queue,
        QueueBatch, Settings, Sizer,
    },
};

/// The exporters of a gateway while it is built.
pub(super) struct Exporters<'a> {
    settings: &'a Settings,
    budget: &'a Arc<Budget>,
    /// One connection for all signals.
    senders: BTreeMap<ComponentId, Arc<dyn Sender>>,
    exports: Exports,
    sources: Vec<(Arc<Exporter>, Source)>,
    logs: Vec<Stored>,
}

/// What waits before an exporter that has no queue: senders do, all of them.
fn no_queue() -> Queue {
    Queue {
        sizer: Sizer::Requests,
        size: u64::MAX,
        consumers: 256,
        block_on_overflow: true,
        wait_for_result: true,
        storage: None,
        batch: None,
    }
}

/// The compression in which an exporter can send on what came in it; none if it puts requests together.
pub(super) fn keeps(exporter: &settings::Exporter) -> Option<Encoding> {
    let queue = exporter.queue.as_ref();
    if queue.is_some_and(|queue| queue.batch.is_some() || queue.storage.is_some()) {
        return None;
    }
    match &exporter.kind {
        ExporterKind::OtlpGrpc(grpc) => otlp::encoding(grpc.compression),
        ExporterKind::OtlpHttp(http) if http.encoding == settings::Encoding::Proto => {
            otlp::encoding(http.compression)
        }
        _ => None,
    }
}

impl<'a> Exporters<'a> {
    pub(super) fn new(settings: &'a Settings, budget: &'a Arc<Budget>) -> Self {
        Self {
            settings,
            budget,
            senders: BTreeMap::new(),
            exports: BTreeMap::new(),
            sources: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// The end of a pipeline.
    pub(super) fn fanout(&mut self, id: &PipelineId, way: &Pipeline) -> Result<Fanout, StartError> {
        let mut processors = way.processors.iter().rev();
        let batch = processors.find_map(|id| match self.settings.processors.get(id) {
            Some(Processor::Batch(batch)) => Some((id, batch)),
            _ => None,
        });
        let mut memory = Vec::new();
        let mut stored = BTreeMap::<_, Vec<_>>::new();
        for exporter in &way.exporters {
            let made = self.exporter(id, exporter, batch)?;
            match made.queue.settings().storage.clone() {
                None => memory.push(made),
                Some(storage) => stored.entry(storage).or_default().push((exporter, made)),
            }
        }
        let mut kept = Vec::new();
        for (storage, exporters) in stored {
            kept.push(self.kept(id, &storage, exporters)?);
        }
        Ok(Fanout::new(memory, kept))
    }

    /// The queues on disk.
    pub(super) fn logs(&mut self) -> Vec<Stored> {
        std::mem::take(&mut self.logs)
    }

    /// The exporters, and where they take payloads from.
    pub(super) fn finish(self) -> (Exports, Vec<(Arc<Exporter>, Source)>) {
        (self.exports, self.sources)
    }

    fn exporter(
        &mut self,
        pipeline: &PipelineId,
        id: &ComponentId,
        batch: Option<(&ComponentId, &Batch)>,
    ) -> Result<Arc<Exporter>, StartError> {
        let key = (id.clone(), pipeline.signal);
        if let Some(made) = self.exports.get(&key) {
            return Ok(Arc::clone(made));
        }
        let unknown = || StartError::Unknown(pipeline.clone(), id.clone());
        let settings = self.settings.exporters.get(id).ok_or_else(unknown)?;
        let sender = self.sender(id, settings)?;
        let mut queue = settings.queue.clone().unwrap_or_else(no_queue);
        if let ExporterKind::RemoteWrite(_) = settings.kind {
            // What overtakes another would be refused as out of order; it sends in parallel itself.
            queue.consumers = 1;
        }
        let kept = queue.storage.is_some();
        let rules = queue
            .batch
            .clone()
            .or_else(|| compiled(batch.map(|(_, batch)| batch)));
        let batch = batch.filter(|_| queue.batch.is_none());
        let tallies = export::Tallies::of_batches(batch.map(|(id, _)| id.clone()));
        let made = Arc::new(Exporter {
            signal: pipeline.signal,
            retry: settings.retry,
            queue: export::Queue::new(queue, rules),
            sender,
            tallies,
            trouble: export::Trouble::of(id.clone(), pipeline.signal),
            peer: peer(&settings.kind, pipeline.signal),
        });
        if !kept {
            self.sources.push((Arc::clone(&made), Source::Memory));
        }
        self.exports.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// What brings payloads to the destination of an exporter, whatever their signal.
    fn sender(
        &mut self,
        id: &ComponentId,
        settings: &settings::Exporter,
    ) -> Result<Arc<dyn Sender>, StartError> {
        if let Some(sender) = self.senders.get(id) {
            return Ok(Arc::clone(sender));
        }
        let made = sender(id, settings, self.settings.http2)
            .map_err(|error| StartError::Export(id.clone(), error))?;
        self.senders.insert(id.clone(), Arc::clone(&made));
        Ok(made)
    }

    /// The log of a pipeline in a storage: one copy for all its exporters that use it.
    fn kept(
        &mut self,
        pipeline: &PipelineId,
        storage: &ComponentId,
        exporters: Vec<(&ComponentId, Arc<Exporter>)>,
    ) -> Result<Kept, StartError> {
        let unknown = || StartError::Unknown(pipeline.clone(), storage.clone());
        let files = self.settings.storages.get(storage).ok_or_else(unknown)?;
        let names = exporters.iter().map(|(id, _)| id.to_string());
        let folder = folder(files, &pipeline.to_string());
        let settings = log_settings(files, names);
        let (log, found) = Log::open(&folder, &settings, storages::disk(files))
            .map_err(|error| StartError::Storage(storage.clone(), error))?;
        storages::told(&folder, found.missing.as_deref());
        told(pipeline, &found);
        self.logs.push(Stored {
            pipeline: pipeline.clone(),
            storage: storage.clone(),
            capacity: settings.capacity,
            recovered: found.records,
            stats: Arc::clone(log.stats()),
        });
        let mut taking = Vec::new();
        for (id, exporter) in exporters {
            let cursor = log.cursor(&id.to_string());
            let source = Source::Log(cursor.clone(), Arc::clone(self.budget));
            self.sources.push((Arc::clone(&exporter), source));
            exporter.queue.is_kept(cursor.clone(), settings.capacity);
            taking.push((exporter, cursor));
        }
        Ok(Kept::new(log, taking))
    }
}

/// Says what an earlier run left, where it left something.
fn told(pipeline: &PipelineId, found: &log::Recovered) {
    if found.records > 0 {
        tracing::info!(%pipeline, records = found.records, "found what was not sent yet");
    }
    if let Some((before, now)) = &found.renamed {
        tracing::info!(%pipeline, before, now, "an exporter has another name: what waited for it is sent under the new one");
    }
    if !found.dropped.is_empty() {
        let exporters = found.dropped.join(", ");
        tracing::warn!(%pipeline, exporters, "exporters are gone: what waited for them alone is not sent any more");
    }
    if found.damaged_places > 0 || !found.unreadable.is_empty() {
        tracing::warn!(
            %pipeline,
            places = found.damaged_places,
            bytes = found.damaged_bytes,
            unreadable = ?found.unreadable,
            "some of what was not sent cannot be read, and is passed over"
        );
    }
}

/// The storage of a pipeline: that of the first of its exporters that has one.
pub(super) fn storage<'a>(
    settings: &'a Settings,
    pipeline: &PipelineId,
) -> Option<(&'a ComponentId, &'a FileStorage)> {
    let way = settings.pipelines.get(pipeline)?;
    let mut exporters = way.exporters.iter();
    let id =
        exporters.find_map(|id| settings.exporters.get(id)?.queue.as_ref()?.storage.as_ref())?;
    Some((id, settings.storages.get(id)?))
}

/// Where a part of a pipeline keeps what it holds.
pub(super) fn folder(files: &FileStorage, part: &str) -> PathBuf {
    files.directory.join(part.replace('/', "_"))
}

pub(super) fn log_settings(
    files: &FileStorage,
    names: impl Iterator<Item = String>,
) -> log::Settings {
    let mut settings = log::Settings::new(names);
    settings.level = match files.durability {
        Durability::Process => log::Level::Process,
        Durability::Power => log::Level::Power,
    };
    if let Some(most) = files.max_size {
        settings.capacity = most;
    }
    settings
}

/// The processor `batch` as the exporters behind it carry it out.
fn compiled(batch: Option<&Batch>) -> Option<QueueBatch> {
    let batch = batch.filter(|batch| batch.size > 0 || batch.max_size.is_some())?;
    Some(QueueBatch {
        sizer: Sizer::Items,
        min_size: batch.size,
        max_size: batch.max_size,
        flush_timeout: batch.timeout,
        metadata_keys: batch.metadata_keys.clone(),
    })
}

fn sender(
    id: &ComponentId,
    exporter: &settings::Exporter,
    http2: Http2,
) -> Result<Arc<dyn Sender>, MakeError> {
    Ok(match &exporter.kind {
        ExporterKind::OtlpGrpc(grpc) => match RoundRobin::of(grpc, exporter.timeout, http2)? {
            Some(several) => Arc::new(several),
            None => otlp::Grpc::new(grpc, exporter.timeout, http2)?,
        },
        ExporterKind::OtlpHttp(http) => otlp::Http::new(http, exporter.timeout)?,
        ExporterKind::Nop => Arc::new(Nop),
        ExporterKind::LoadBalancing(several) => Arc::new(LoadBalancer::new(several, http2)?),
        ExporterKind::RemoteWrite(server) => RemoteWrite::new(server, exporter.timeout)?,
        ExporterKind::Debug(debug) => Arc::new(ToLog::new(id.to_string(), debug.clone())),
        ExporterKind::File(file) => Arc::new(ToFile::new(file.clone())?),
    })
}

/// Where an exporter sends to, as its metrics say it.
fn peer(kind: &ExporterKind, signal: Signal) -> Option<Peer> {
    match kind {
        ExporterKind::OtlpGrpc(grpc) => Peer::of(&grpc.endpoint, None),
        ExporterKind::OtlpHttp(http) => {
            let url = match signal {
                Signal::Traces => &http.traces,
                Signal::Metrics => &http.metrics,
                Signal::Logs => &http.logs,
            };
            let url: http::Uri = url.as_ref()?.parse().ok()?;
            Peer::of(url.authority()?.as_str(), Some(url.path().to_owned()))
        }
        _ => None,
    }
}
