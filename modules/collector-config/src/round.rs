//! Which pipelines does data come into again that has left them?

use std::collections::BTreeSet;

use crate::{Config, PipelineId, Signal, component::Class};

/// Each such pipeline once for each round, the first of its pipelines by their order, with the way that data takes
/// from there back to it.
pub(crate) fn rounds(config: &Config) -> Vec<(PipelineId, Vec<PipelineId>)> {
    let mut told: BTreeSet<&PipelineId> = BTreeSet::new();
    let mut found = Vec::new();
    for id in config.service.pipelines.keys() {
        if told.contains(id) {
            continue;
        }
        if let Some(way) = way(config, id, id, &mut BTreeSet::new()) {
            told.extend(way.iter().copied());
            found.push((id.clone(), way.into_iter().cloned().collect()));
        }
    }
    found
}

/// The pipelines from one to another, without the one and with the other.
fn way<'a>(
    config: &'a Config,
    from: &PipelineId,
    to: &PipelineId,
    seen: &mut BTreeSet<&'a PipelineId>,
) -> Option<Vec<&'a PipelineId>> {
    for next in after(config, from) {
        if next == to {
            return Some(vec![next]);
        }
        if !seen.insert(next) {
            continue;
        }
        if let Some(rest) = way(config, next, to, seen) {
            return Some([vec![next], rest].concat());
        }
    }
    None
}

/// The pipelines of the same signal that a pipeline leads into. Whether a connector turns one signal into another, its
/// type alone does not say of each pair.
fn after<'a>(
    config: &'a Config,
    from: &PipelineId,
) -> impl Iterator<Item = &'a PipelineId> + use<'a> {
    let signal = from.signal;
    let left = config.service.pipelines.get(from);
    let left = left.map(|pipeline| pipeline.exporters.iter());
    let connectors: BTreeSet<_> = left
        .into_iter()
        .flatten()
        .filter(|id| config.defines(Class::Connector, id) && keeps(id.kind(), signal))
        .collect();
    let pipelines = config.service.pipelines.iter();
    let entered = pipelines.filter(move |(id, pipeline)| {
        let mut receivers = pipeline.receivers.iter();
        id.signal == signal && receivers.any(|id| connectors.contains(id))
    });
    entered.map(|(id, _)| id)
}

/// Whether what enters a connector as a signal leaves it as the same one.
fn keeps(kind: &str, signal: Signal) -> bool {
    let kind = Class::Connector.find(kind);
    kind.is_some_and(|kind| kind.takes(signal) && kind.begins(signal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_that_goes_round_is_found_once() {
        for (pipelines, expected) in [
            (
                "traces: {receivers: [otlp, forward], exporters: [forward]}",
                vec!["traces: traces"],
            ),
            (
                "traces: {receivers: [otlp, forward/b], exporters: [forward]}, traces/b: {receivers: [forward], exporters: [forward/b, debug]}",
                vec!["traces: traces/b traces"],
            ),
            (
                "traces: {receivers: [otlp], exporters: [forward, spanmetrics]}, traces/b: {receivers: [forward], exporters: [debug]}, metrics: {receivers: [spanmetrics], exporters: [debug]}",
                vec![],
            ),
            // It is taken as traces and begins metrics.
            (
                "metrics: {receivers: [spanmetrics], exporters: [spanmetrics]}",
                vec![],
            ),
            // One round does not hide another.
            (
                "logs: {receivers: [forward], exporters: [forward]}, traces: {receivers: [forward/b], exporters: [forward/b]}",
                vec!["traces: traces", "logs: logs"],
            ),
        ] {
            let text = format!(
                "{{receivers: {{otlp: }}, exporters: {{debug: }}, connectors: {{forward: , forward/b: , spanmetrics: }}, service: {{pipelines: {{{pipelines}}}}}}}"
            );
            let found = rounds(&Config::from_yaml(&text).unwrap());
            let found: Vec<String> = found
                .iter()
                .map(|(id, way)| {
                    let way: Vec<_> = way.iter().map(ToString::to_string).collect();
                    format!("{id}: {}", way.join(" "))
                })
                .collect();
            assert_eq!(found, expected, "{pipelines}");
        }
    }
}
