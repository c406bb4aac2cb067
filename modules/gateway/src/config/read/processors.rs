//! What happens to telemetry on its way?

use std::time::Duration;

use collector_config::{
    Component,
    components::{
        Settings,
        attributes::{AttributeAction, Attributes, Resource},
        filter::Filter,
        processors::{Batch as BatchText, MemoryLimiter as LimiterText, ProbabilisticSampler},
        tail_sampling::TailSampling,
    },
};
use serde_json::Value;

use super::super::at::At;
use super::or_default;
use crate::{
    Budget, Keys,
    process::{
        self,
        attributes::{Attributes as Attributed, Of, Properties},
    },
    settings::{Batch, MemoryLimiter, Processor},
    tail::Core,
};

/// A processor of a type that the gateway runs; none if its settings could not be read.
pub(in super::super) fn processor(
    kind: &str,
    settings: &Value,
    memory: Option<u64>,
    at: &At<'_>,
) -> Option<Processor> {
    Some(if kind == LimiterText::TYPE.name {
        Processor::MemoryLimiter(limiter(&at.component(settings)?, memory, at)?)
    } else if kind == BatchText::TYPE.name {
        Processor::Batch(batch(&at.component(settings)?, at))
    } else if kind == ProbabilisticSampler::TYPE.name {
        Processor::ProbabilisticSampler(at.component(settings)?)
    } else if kind == TailSampling::TYPE.name {
        Processor::TailSampling(Box::new(tail(at.component(settings)?, at)))
    } else if kind == Resource::TYPE.name {
        let resource: Resource = at.component(settings)?;
        context_free(&resource.attributes, &at.key("attributes"));
        patterns(&resource.attributes, at);
        Processor::Resource(resource)
    } else if kind == Attributes::TYPE.name {
        for key in ["include", "exclude"] {
            if settings[key]
                .as_object()
                .is_some_and(serde_json::Map::is_empty)
            {
                at.key(key).refuse("says of nothing what it has to be");
            }
        }
        let attributes: Attributes = at.component(settings)?;
        context_free(&attributes.actions, &at.key("actions"));
        patterns(&attributes.actions, at);
        for (key, settings) in [
            ("include", &attributes.include),
            ("exclude", &attributes.exclude),
        ] {
            which(settings, &at.key(key));
        }
        Processor::Attributes(attributes)
    } else {
        let filter: Filter = at.component(settings)?;
        // Made once only to hear what it does not do: better now than when it starts.
        for why in process::filter::Filter::new(&filter)
            .err()
            .unwrap_or_default()
        {
            at.refuse(why);
        }
        Processor::Filter(Box::new(filter))
    })
}

/// Who is meant: that can be read, if not yet what it says of a signal.
fn which(settings: &Settings, at: &At<'_>) {
    let read = at.read::<Properties>(&Value::Object(settings.clone()));
    if read.is_some_and(|properties| properties.says_how_to_remember()) {
        at.key("regexp")
            .note("does nothing: results of patterns are not remembered");
    }
}

/// Actions that need nothing of the request that telemetry came with.
fn context_free(actions: &[AttributeAction], at: &At<'_>) {
    for (index, action) in actions.iter().enumerate() {
        let at = at.key(&index.to_string());
        let why = "headers keep requests apart here, and no value can come from them";
        at.without("from_context", &action.from_context, why);
    }
}

/// Actions whose patterns and values can be used.
fn patterns(actions: &[AttributeAction], at: &At<'_>) {
    // What needs a header is refused by name already.
    let others = actions
        .iter()
        .filter(|action| action.from_context.is_none());
    let others: Vec<_> = others.cloned().collect();
    let wrong = Attributed::new(Of::Items, &others).err();
    for why in wrong.unwrap_or_default() {
        at.refuse(why);
    }
}

fn tail(text: TailSampling, at: &At<'_>) -> TailSampling {
    if let Err(error) = Core::new(&text, None, &Budget::new(0)) {
        at.refuse(error.to_string());
    }
    let why = "undecided spans are kept by the gateway itself: name a `file_storage` in the exporters' queues";
    at.without("tail_storage", &text.tail_storage, why);
    text
}

fn batch(text: &BatchText, at: &At<'_>) -> Batch {
    let metadata_keys = Keys::of(&text.metadata_keys);
    if metadata_keys.is_empty() {
        let (key, limit) = (
            "metadata_cardinality_limit",
            &text.metadata_cardinality_limit,
        );
        at.moot(key, limit, "does nothing without `metadata_keys`");
    }
    let limit = text.metadata_cardinality_limit.unwrap_or(1000);
    Batch {
        size: u64::from(text.send_batch_size.unwrap_or(8192)),
        max_size: text
            .send_batch_max_size
            .filter(|size| *size > 0)
            .map(u64::from),
        timeout: or_default(text.timeout, Some(Duration::from_millis(200))).unwrap_or_default(),
        metadata_keys,
        metadata_cardinality_limit: Some(limit).filter(|limit| *limit > 0),
    }
}

/// The limits in bytes. A percentage is one of what there is for the process.
fn limiter(text: &LimiterText, memory: Option<u64>, at: &At<'_>) -> Option<MemoryLimiter> {
    const MIB: u64 = 1 << 20;
    let why =
        "does nothing: bytes are counted before they are taken, and nothing has to be collected";
    at.moot(
        "min_gc_interval_when_soft_limited",
        &text.min_gc_interval_when_soft_limited,
        why,
    );
    at.moot(
        "min_gc_interval_when_hard_limited",
        &text.min_gc_interval_when_hard_limited,
        why,
    );
    at.moot(
        "max_gc_interval_when_soft_limited",
        &text.max_gc_interval_when_soft_limited,
        why,
    );
    at.moot(
        "max_gc_interval_when_hard_limited",
        &text.max_gc_interval_when_hard_limited,
        why,
    );
    let (limit, spike) = if text.limit_mib > 0 {
        (
            u64::from(text.limit_mib) * MIB,
            u64::from(text.spike_limit_mib) * MIB,
        )
    } else {
        let Some(memory) = memory else {
            let why = "nobody says how much memory there is: use `limit_mib`";
            at.key("limit_percentage").refuse(why);
            return None;
        };
        let percent = |share: u32| memory / 100 * u64::from(share);
        (
            percent(text.limit_percentage),
            percent(text.spike_limit_percentage),
        )
    };
    Some(MemoryLimiter {
        limit,
        spike: if spike == 0 { limit / 5 } else { spike },
    })
}
