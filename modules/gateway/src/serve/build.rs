//! Which parts make a gateway, and how are they joined?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use collector_config::{ComponentId, PipelineId};

use super::{
    Servers, StartError,
    exporters::{Exporters, keeps},
    processors,
    shard::{Ending, Shard},
    storages,
};
use crate::{
    Budget, Keys, Signal, log,
    pipeline::{Meter, Pipeline},
    process::combinations::Combinations,
    receive::{Intake, Listener, Listening, Serving},
    settings::{self, Address, Http2, Otlp, Settings},
    tail,
};

/// What was built.
pub(super) struct Built {
    pub(super) shards: Vec<Shard>,
    pub(super) servers: Servers,
    pub(super) listening: Listening,
    pub(super) exports: super::Exports,
    pub(super) samplers: Vec<Arc<tail::Counts>>,
    pub(super) meters: Vec<Arc<Meter>>,
    pub(super) combinations: Vec<Arc<Combinations>>,
    pub(super) logs: Vec<super::Stored>,
}

/// A pipeline, and where it begins.
type Ways = BTreeMap<PipelineId, Arc<Pipeline>>;

/// Builds everything; nothing runs yet, but listeners are open.
pub(super) fn build(
    settings: &Settings,
    shards: usize,
    budget: &Arc<Budget>,
    before: &Listening,
) -> Result<Built, StartError> {
    for (id, files) in &settings.storages {
        storages::prepare(files).map_err(|source| {
            let folder = files.directory.clone();
            StartError::Storage(id.clone(), log::OpenError::Folder { folder, source })
        })?;
    }
    let mut exporters = Exporters::new(settings, budget);
    let mut ways = Ways::new();
    let (mut samplers, mut meters, mut combinations) = (Vec::new(), Vec::new(), Vec::new());
    for (id, way) in &settings.pipelines {
        let fanout = exporters.fanout(id, way)?;
        let way = processors::way(settings, id, fanout, budget)?;
        ways.insert(id.clone(), way.pipeline);
        samplers.extend(way.samplers);
        meters.extend(way.meters);
        combinations.extend(way.combinations);
    }
    let logs = exporters.logs();
    let (exports, sources) = exporters.finish();
    let ending = Ending::new(shards, exports.values().cloned().collect());
    let mut shards: Vec<Shard> = (0..shards)
        .map(|_| Shard {
            servers: Vec::new(),
            consumers: Vec::new(),
            samplers: Vec::new(),
            ending: Arc::clone(&ending),
        })
        .collect();
    let counts = samplers.iter().map(|sampler| Arc::clone(sampler.counts()));
    let counts = counts.collect();
    if let Some(first) = shards.first_mut() {
        first.samplers = samplers;
    }
    for (exporter, source) in sources {
        let consumers = exporter.queue.settings().consumers as usize;
        let (each, more) = (consumers / shards.len(), consumers % shards.len());
        for (index, shard) in shards.iter_mut().enumerate() {
            let consumers = each + usize::from(index < more);
            if consumers > 0 {
                let consumer = (Arc::clone(&exporter), source.clone(), consumers);
                shard.consumers.push(consumer);
            }
        }
    }
    let (servers, listening) = receivers(settings, &ways, &mut shards, (budget, before))?;
    Ok(Built {
        shards,
        servers,
        listening,
        exports,
        samplers: counts,
        meters,
        combinations,
        logs,
    })
}

fn receivers(
    settings: &Settings,
    ways: &Ways,
    shards: &mut [Shard],
    (budget, before): (&Arc<Budget>, &Listening),
) -> Result<(Servers, Listening), StartError> {
    let (mut servers, mut listening) = (Vec::new(), Listening::default());
    for (id, receiver) in &settings.receivers {
        let intake = Arc::new(intake(settings, id, budget, ways));
        for (address, serving) in servings(id, receiver, &intake, settings.http2)? {
            let serving = Arc::new(serving);
            let listeners = before
                .open(address, shards.len())
                .map_err(|error| StartError::Listen(id.clone(), error))?;
            listening.keep(address, &listeners);
            let found = listeners.first().and_then(Listener::address);
            servers.push((id.clone(), Arc::clone(&serving), found));
            for (shard, listener) in shards.iter_mut().zip(listeners) {
                shard.servers.push((Arc::clone(&serving), listener));
            }
        }
    }
    Ok((servers, listening))
}

fn servings<'a>(
    id: &ComponentId,
    receiver: &'a Otlp,
    intake: &Arc<Intake>,
    http2: Http2,
) -> Result<Vec<(&'a Address, Serving)>, StartError> {
    let insecure = |error| StartError::Secure(id.clone(), error);
    let mut servings = Vec::new();
    if let Some(grpc) = &receiver.grpc {
        let serving = Serving::grpc(Arc::clone(intake), grpc, http2).map_err(insecure)?;
        servings.push((&grpc.address, serving));
    }
    if let Some(http) = &receiver.http {
        let serving = Serving::http(Arc::clone(intake), http, http2).map_err(insecure)?;
        servings.push((&http.address, serving));
    }
    Ok(servings)
}

/// What a receiver hands its payloads to.
fn intake(settings: &Settings, id: &ComponentId, budget: &Arc<Budget>, ways: &Ways) -> Intake {
    let begun_here = |way: &&settings::Pipeline| way.receivers.contains(id);
    let ways_from_here = settings.pipelines.values().filter(begun_here);
    let asked: Vec<_> = ways_from_here.map(|way| settings.asked_by(way)).collect();
    let asked = asked.iter().flat_map(Keys::iter).collect();
    let mut intake = Intake::new(Arc::clone(budget)).asking(asked);
    for signal in Signal::ALL {
        let begun_here = settings
            .pipelines
            .iter()
            .filter(|(way, pipeline)| way.signal == signal && pipeline.receivers.contains(id));
        let begun_here: Vec<_> = begun_here.collect();
        if begun_here.is_empty() {
            continue;
        }
        let exporters: BTreeSet<_> = begun_here
            .iter()
            .flat_map(|(_, way)| &way.exporters)
            .collect();
        let keeps = exporters
            .into_iter()
            .find_map(|exporter| keeps(settings.exporters.get(exporter)?));
        let pipelines = begun_here
            .iter()
            .filter_map(|(id, _)| ways.get(*id).cloned());
        intake = intake.with(signal, pipelines.collect(), keeps);
    }
    intake
}
