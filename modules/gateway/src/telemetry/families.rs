//! Which metrics follow from what a gateway counts? Under the names and labels of the collector.

use std::collections::BTreeMap;

use super::{
    Family, Labels, Reading,
    processing::{batching, merged, one, processing},
    sampling::sampling,
    storing::storing,
};
use crate::{Signal, export::Exporter, receive::Tallies, serve::Gateway};

/// What a receiver counts, by its name on a page.
type Incoming = (&'static str, &'static str, fn(&Tallies, Signal) -> u64);

/// For each signal: the three of what came in.
const INCOMING: [(Signal, [Incoming; 3]); 3] = [
    (
        Signal::Traces,
        [
            (
                "receiver_accepted_spans",
                "Number of spans successfully pushed into the pipeline. [Alpha]",
                accepted,
            ),
            (
                "receiver_refused_spans",
                "Number of spans that could not be pushed into the pipeline. [Alpha]",
                refused,
            ),
            (
                "receiver_failed_spans",
                "The number of spans that failed to be processed by the receiver due to internal errors. [Alpha]",
                failed,
            ),
        ],
    ),
    (
        Signal::Metrics,
        [
            (
                "receiver_accepted_metric_points",
                "Number of metric points successfully pushed into the pipeline. [Alpha]",
                accepted,
            ),
            (
                "receiver_refused_metric_points",
                "Number of metric points that could not be pushed into the pipeline. [Alpha]",
                refused,
            ),
            (
                "receiver_failed_metric_points",
                "The number of metric points that failed to be processed by the receiver due to internal errors. [Alpha]",
                failed,
            ),
        ],
    ),
    (
        Signal::Logs,
        [
            (
                "receiver_accepted_log_records",
                "Number of log records successfully pushed into the pipeline. [Alpha]",
                accepted,
            ),
            (
                "receiver_refused_log_records",
                "Number of log records that could not be pushed into the pipeline. [Alpha]",
                refused,
            ),
            (
                "receiver_failed_log_records",
                "The number of log records that failed to be processed by the receiver due to internal errors. [Alpha]",
                failed,
            ),
        ],
    ),
];

fn accepted(tallies: &Tallies, signal: Signal) -> u64 {
    tallies.accepted.get(signal)
}

fn refused(tallies: &Tallies, signal: Signal) -> u64 {
    tallies.refused.get(signal)
}

fn failed(tallies: &Tallies, signal: Signal) -> u64 {
    tallies.failed.get(signal)
}

/// Everything that a gateway counts.
pub fn families(gateway: &Gateway) -> Vec<Family> {
    let mut all = incoming(gateway);
    all.extend(outgoing(gateway));
    all.extend(queues(gateway));
    all.extend(processing(gateway.meters()));
    all.extend(batching(
        gateway.exporters().values(),
        gateway.combinations(),
    ));
    all.extend(sampling(gateway.samplers()));
    all.extend(storing(gateway.logs()));
    all.extend(of_senders(gateway));
    let budget = gateway.budget();
    all.push(
        Family::gauge(
            "gateway_memory_budget_used_bytes",
            "Bytes that the gateway keeps now.",
            one(budget.used()),
        )
        .in_unit("bytes"),
    );
    all.push(
        Family::gauge(
            "gateway_memory_budget_limit_bytes",
            "Bytes that the gateway may keep.",
            one(budget.limit()),
        )
        .in_unit("bytes"),
    );
    all
}

fn incoming(gateway: &Gateway) -> Vec<Family> {
    let mut families = Vec::new();
    for (signal, counters) in INCOMING {
        for (name, help, count) in counters {
            // A receiver may have several servers of one protocol, whose numbers are one series.
            let mut series = BTreeMap::<(String, &str), u64>::new();
            for (id, serving, _) in gateway.servers() {
                if serving.takes(signal) {
                    let labels = (id.to_string(), serving.transport());
                    *series.entry(labels).or_default() += count(serving.tallies(), signal);
                }
            }
            let series = series.into_iter().map(|((receiver, transport), count)| {
                let labels = vec![("receiver", receiver), ("transport", transport.to_owned())];
                (labels, Reading::Whole(count))
            });
            families.push(Family::counter(name, help, series.collect()));
        }
    }
    families.push(unread(gateway));
    families
}

/// What was refused and cannot be counted in items: nobody has read it.
fn unread(gateway: &Gateway) -> Family {
    let mut series = BTreeMap::<(Signal, String, &str), u64>::new();
    for (id, serving, _) in gateway.servers() {
        for signal in Signal::ALL {
            if serving.takes(signal) {
                let labels = (signal, id.to_string(), serving.transport());
                *series.entry(labels).or_default() += serving.tallies().unread.get(signal);
            }
        }
    }
    let series = series
        .into_iter()
        .map(|((signal, receiver, transport), count)| {
            let labels = vec![
                ("data_type", signal.to_string()),
                ("receiver", receiver),
                ("transport", transport.to_owned()),
            ];
            (labels, Reading::Whole(count))
        });
    Family::counter(
        "gateway_receiver_unread_requests",
        "Number of requests that were refused before anybody could count what is in them: there was no memory for them, or they were broken or too large.",
        series.collect(),
    )
}

/// The names of what became of items, and their help.
fn outcome(signal: Signal) -> [(&'static str, &'static str); 3] {
    match signal {
        Signal::Traces => [
            (
                "exporter_sent_spans",
                "Number of spans successfully sent to destination. [Alpha]",
            ),
            (
                "exporter_send_failed_spans",
                "Number of spans in failed attempts to send to destination. At detailed telemetry level, includes attributes: error.type (semantic convention), error.permanent. [Alpha]",
            ),
            (
                "exporter_enqueue_failed_spans",
                "Number of spans failed to be added to the sending queue. [Alpha]",
            ),
        ],
        Signal::Metrics => [
            (
                "exporter_sent_metric_points",
                "Number of metric points successfully sent to destination. [Alpha]",
            ),
            (
                "exporter_send_failed_metric_points",
                "Number of metric points in failed attempts to send to destination. At detailed telemetry level, includes attributes: error.type (semantic convention), error.permanent. [Alpha]",
            ),
            (
                "exporter_enqueue_failed_metric_points",
                "Number of metric points failed to be added to the sending queue. [Alpha]",
            ),
        ],
        Signal::Logs => [
            (
                "exporter_sent_log_records",
                "Number of log record successfully sent to destination. [Alpha]",
            ),
            (
                "exporter_send_failed_log_records",
                "Number of log records in failed attempts to send to destination. At detailed telemetry level, includes attributes: error.type (semantic convention), error.permanent. [Alpha]",
            ),
            (
                "exporter_enqueue_failed_log_records",
                "Number of log records failed to be added to the sending queue. [Alpha]",
            ),
        ],
    }
}

fn outgoing(gateway: &Gateway) -> Vec<Family> {
    let mut families = Vec::new();
    for signal in Signal::ALL {
        let mut series: [Vec<(Labels, Reading)>; 3] = Default::default();
        for ((id, of), exporter) in gateway.exporters() {
            if *of != signal {
                continue;
            }
            let tallies = &exporter.tallies;
            let counts = [
                tallies.sent.get(),
                tallies.failed.get(),
                tallies.unqueued.get(),
            ];
            for (nth, (series, count)) in series.iter_mut().zip(counts).enumerate() {
                let mut labels = vec![("exporter", id.to_string())];
                // What found no room was on its way to nobody yet.
                if nth < 2 {
                    labels.extend(peer(exporter));
                }
                series.push((labels, Reading::Whole(count)));
            }
        }
        let named = outcome(signal).into_iter().zip(series);
        families.extend(named.map(|((name, help), series)| Family::counter(name, help, series)));
    }
    families
}

/// Where an exporter sends to, as labels.
fn peer(exporter: &Exporter) -> Labels {
    let Some(peer) = &exporter.peer else {
        return Labels::new();
    };
    let mut labels = vec![
        ("server_address", peer.host.clone()),
        ("server_port", peer.port.clone()),
    ];
    labels.extend(peer.path.clone().map(|path| ("url_path", path)));
    labels
}

/// What senders count themselves. One sender may serve several signals.
fn of_senders(gateway: &Gateway) -> Vec<Family> {
    let mut senders = BTreeMap::new();
    for ((id, _), exporter) in gateway.exporters() {
        senders.insert(id, &exporter.sender);
    }
    let families = senders
        .into_iter()
        .flat_map(|(id, sender)| sender.metrics(&id.to_string()));
    merged(families.collect())
}

fn queues(gateway: &Gateway) -> [Family; 3] {
    let (mut sizes, mut capacities) = (Vec::new(), Vec::new());
    let mut under_way = Vec::new();
    for ((id, signal), exporter) in gateway.exporters() {
        let labels = || {
            vec![
                ("data_type", signal.to_string()),
                ("exporter", id.to_string()),
            ]
        };
        let sending = exporter.tallies.under_way.get();
        under_way.push((labels(), Reading::Whole(sending)));
        if exporter.queue.capacity() == u64::MAX {
            // There is none: senders wait themselves.
            continue;
        }
        sizes.push((labels(), Reading::Whole(exporter.queue.used())));
        capacities.push((labels(), Reading::Whole(exporter.queue.capacity())));
    }
    [
        Family::gauge(
            "exporter_queue_size",
            "Current size of the retry queue (in batches). [Alpha]",
            sizes,
        ),
        Family::gauge(
            "exporter_queue_capacity",
            "Fixed capacity of the retry queue (in batches). [Alpha]",
            capacities,
        ),
        Family::gauge(
            "exporter_in_flight_requests",
            "Number of export requests currently in-flight (including retry backoff). [Development]",
            under_way,
        ),
    ]
}
