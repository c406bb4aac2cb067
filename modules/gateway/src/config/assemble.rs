//! What do the sections of a configuration say together?

use std::collections::{BTreeMap, BTreeSet};

use collector_config::{Class, ComponentId, PipelineId, Signal, strict::nearest_name};

use super::{
    at::{At, Findings},
    document::{Components, Document, Extension, PipelineText, Section, named},
    expand::Surroundings,
    headers, read,
};
use crate::{
    process::attributes::Attributes,
    settings::{
        Address, Exporter, ExporterKind, FileStorage, HealthCheck, Http2, Memory, Pipeline,
        Processor, Settings,
    },
};

/// The share of all memory that the budget has where no `memory_limiter` says otherwise: one of so many parts.
const UNLIMITED_SHARE: u64 = 2;
/// What there is where nobody says how much memory there is.
const UNKNOWN_MEMORY: u64 = 1 << 30;

/// Puts the sections together. None if they cannot be; then it was said why.
pub(super) fn assemble(
    document: Document,
    around: &Surroundings,
    findings: &Findings,
) -> Option<Settings> {
    let root = findings.root();
    let components = document.components(around.memory, &root);
    let service = root.key("service");
    let extensions = enabled(
        &document.service.extensions,
        &components,
        &service.key("extensions"),
    );
    let pipelines = pipelines(
        &document.service.pipelines,
        &components,
        &service.key("pipelines"),
    );
    let telemetry = read::telemetry(document.service.telemetry, &service.key("telemetry"));
    storages(&components, &extensions, &root.key("exporters"));
    let used = |list: fn(&Pipeline) -> &Vec<ComponentId>| -> BTreeSet<ComponentId> {
        pipelines.values().flat_map(list).cloned().collect()
    };
    let receivers = only(components.receivers, &used(|pipeline| &pipeline.receivers))?;
    let processors = only(
        components.processors,
        &used(|pipeline| &pipeline.processors),
    )?;
    let exporters = only(components.exporters, &used(|pipeline| &pipeline.exporters))?;
    let (health, storages) = split(only(components.extensions, &extensions)?);
    let settings = Settings {
        memory: memory(&processors, around),
        receivers,
        processors,
        exporters,
        storages,
        health,
        pipelines,
        telemetry,
        http2: Http2::default(),
    };
    addresses(&settings, &root);
    routing(&settings, &root.key("exporters"));
    urls(&settings, &root.key("exporters"));
    batches(&settings, &root.key("processors"));
    items(&settings, &root.key("processors"));
    headers::check(&settings, &root);
    Some(settings)
}

/// The extensions that are enabled.
fn enabled(names: &[String], components: &Components, at: &At<'_>) -> BTreeSet<ComponentId> {
    let mut found = BTreeSet::new();
    for (index, name) in names.iter().enumerate() {
        let at = at.key(&index.to_string());
        let Some(id) = named(name, &components.extensions, Class::Extension, &at) else {
            continue;
        };
        if !found.insert(id) {
            at.refuse(format!("`{name}` is named twice"));
        }
    }
    found
}

fn pipelines(
    texts: &BTreeMap<String, PipelineText>,
    components: &Components,
    at: &At<'_>,
) -> BTreeMap<PipelineId, Pipeline> {
    if texts.is_empty() {
        at.refuse("there is no pipeline");
    }
    let mut found = BTreeMap::new();
    for (text, pipeline) in texts {
        let at = at.key(text);
        match text.parse::<PipelineId>() {
            Err(error) => {
                let nearest = nearest_name(text, ["traces", "metrics", "logs"]);
                at.refuse_for(error.to_string(), nearest);
            }
            Ok(id) => {
                let settled = pipeline.settle(&id, components, &at);
                if found.insert(id, settled).is_some() {
                    at.refuse("is there twice, with other blanks around its `/`");
                }
            }
        }
    }
    found
}

/// Every storage that a queue names has to be enabled.
fn storages(components: &Components, enabled: &BTreeSet<ComponentId>, at: &At<'_>) {
    let known: Vec<String> = components
        .extensions
        .keys()
        .map(ToString::to_string)
        .collect();
    for (id, exporter) in &components.exporters {
        let Some(exporter) = &exporter.settings else {
            continue;
        };
        let at = at.key(&id.to_string());
        if let Some(storage) = exporter
            .queue
            .as_ref()
            .and_then(|queue| queue.storage.as_ref())
        {
            let at = at.keys(&["sending_queue", "storage"]);
            let is_storage = components.extensions.get(storage).is_some_and(|one| {
                one.settings
                    .as_ref()
                    .is_none_or(|one| matches!(one, Extension::Storage(_)))
            });
            if at.refused(Class::Extension, &storage.to_string()) {
                continue;
            }
            if !components.extensions.contains_key(storage) {
                let nearest = nearest_name(&storage.to_string(), known.iter().map(String::as_str))
                    .map(ToOwned::to_owned);
                at.refuse_for(
                    format!("the extension `{storage}` is not defined"),
                    nearest.as_deref(),
                );
            } else if !is_storage {
                at.refuse(format!("`{storage}` is no storage"));
            } else if !enabled.contains(storage) {
                at.refuse(format!(
                    "the extension `{storage}` is not enabled in `service::extensions`"
                ));
            }
        }
    }
}

/// What of a section is used; none if the settings of one could not be read.
fn only<T>(section: Section<T>, used: &BTreeSet<ComponentId>) -> Option<BTreeMap<ComponentId, T>> {
    let used = section.into_iter().filter(|(id, _)| used.contains(id));
    used.map(|(id, defined)| Some((id, defined.settings?)))
        .collect()
}

type Split = (
    BTreeMap<ComponentId, HealthCheck>,
    BTreeMap<ComponentId, FileStorage>,
);

fn split(extensions: BTreeMap<ComponentId, Extension>) -> Split {
    let (mut health, mut storages) = Split::default();
    for (id, extension) in extensions {
        match extension {
            Extension::Health(settings) => {
                health.insert(id, settings);
            }
            Extension::Storage(settings) => {
                storages.insert(id, settings);
            }
            Extension::PassedOver => {}
        }
    }
    (health, storages)
}

/// The smallest of all limits that are used; without any a share of what there is.
fn memory(processors: &BTreeMap<ComponentId, Processor>, around: &Surroundings) -> Memory {
    let limiters = processors.values().filter_map(|processor| match processor {
        Processor::MemoryLimiter(limiter) => Some(Memory {
            budget: limiter.limit.saturating_sub(limiter.spike),
            limit: limiter.limit,
        }),
        _ => None,
    });
    limiters
        .min_by_key(|memory| (memory.budget, memory.limit))
        .unwrap_or_else(|| {
            let all = around.memory.unwrap_or(UNKNOWN_MEMORY);
            Memory {
                budget: all / UNLIMITED_SHARE,
                limit: all,
            }
        })
}

/// Nothing can be found by what it does not have.
fn routing(settings: &Settings, at: &At<'_>) {
    for (id, pipeline) in &settings.pipelines {
        for exporter in &pipeline.exporters {
            let Some(Exporter {
                kind: ExporterKind::LoadBalancing(balancing),
                ..
            }) = settings.exporters.get(exporter)
            else {
                continue;
            };
            if balancing
                .key
                .as_ref()
                .is_some_and(|key| !key.is_of(id.signal))
            {
                at.keys(&[&exporter.to_string(), "routing_key"])
                    .refuse(format!("the pipeline `{id}` has nothing of the kind"));
            }
        }
    }
}

/// Each signal needs a URL to be posted to.
fn urls(settings: &Settings, at: &At<'_>) {
    let mut said = BTreeSet::new();
    for (id, pipeline) in &settings.pipelines {
        for exporter in &pipeline.exporters {
            let Some(ExporterKind::OtlpHttp(http)) = settings
                .exporters
                .get(exporter)
                .map(|exporter| &exporter.kind)
            else {
                continue;
            };
            let (key, url) = match id.signal {
                Signal::Traces => ("traces_endpoint", &http.traces),
                Signal::Metrics => ("metrics_endpoint", &http.metrics),
                Signal::Logs => ("logs_endpoint", &http.logs),
            };
            if url.is_none() && said.insert((exporter, key)) {
                at.key(&exporter.to_string()).refuse(format!(
                    "`endpoint` or `{key}` is needed by the pipeline `{id}`"
                ));
            }
        }
    }
}

/// Requests are put together once, where they are sent: by the queue there if it does, and else by the last processor.
fn batches(settings: &Settings, at: &At<'_>) {
    for (id, pipeline) in &settings.pipelines {
        let is_batch = |processor: &&ComponentId| {
            matches!(
                settings.processors.get(processor),
                Some(Processor::Batch(_))
            )
        };
        let mut batches = pipeline.processors.iter().rev().filter(is_batch);
        let Some(last) = batches.next() else {
            continue;
        };
        for other in batches {
            at.key(&other.to_string()).note(format!(
                "does nothing in the pipeline `{id}`: `{last}` follows it"
            ));
        }
        let queues = pipeline.exporters.iter().filter(|exporter| {
            let exporter = settings.exporters.get(exporter);
            let queue = exporter.and_then(|exporter| exporter.queue.as_ref());
            queue.is_some_and(|queue| queue.batch.is_some())
        });
        for exporter in queues {
            at.key(&last.to_string()).note(format!(
                "does nothing for `{exporter}` in the pipeline `{id}`: its queue puts together itself"
            ));
        }
    }
}

/// What is said of items has to make sense for the signals of all pipelines that it is in.
fn items(settings: &Settings, at: &At<'_>) {
    for (id, pipeline) in &settings.pipelines {
        for processor in &pipeline.processors {
            let Some(Processor::Attributes(attributes)) = settings.processors.get(processor) else {
                continue;
            };
            for why in Attributes::wrong_for(attributes, id.signal) {
                at.key(&processor.to_string())
                    .refuse(format!("in the pipeline `{id}`: {why}"));
            }
        }
    }
}

/// No two servers can listen at one address.
fn addresses(settings: &Settings, at: &At<'_>) {
    let mut taken: BTreeMap<Address, String> = BTreeMap::new();
    for (keys, address) in settings.listens() {
        if matches!(&address, Address::Tcp(text) if text.ends_with(":0")) {
            continue;
        }
        if let Some(there) = taken.get(&address) {
            at.keys(&keys)
                .refuse(format!("`{address}` is taken by `{there}`"));
        } else {
            taken.insert(address, keys.join("::"));
        }
    }
}
