//! Does anything happen once for each replica that is to happen once?

use super::{
    Found, Lint, Replicas, Senders, Severity, Tier,
    look::{Look, Part},
};
use crate::component::Class;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        id: "cluster-read-repeatedly",
        severity: Severity::Error,
        why: "each replica reads all of it, so every event and every number arrives as often as there are replicas",
        items: &["M16"],
        find: read_repeatedly,
    },
    Lint {
        id: "stateful-autoscaled",
        severity: Severity::Error,
        why: "whenever the number of replicas changes, what one of them held is decided in halves, or lost with it",
        items: &["M26"],
        find: stateful_autoscaled,
    },
    Lint {
        id: "several-writers",
        severity: Severity::Warning,
        why: "samples of one series come from several writers out of order, and are refused",
        items: &["M33"],
        find: several_writers,
    },
    Lint {
        id: "scraped-repeatedly",
        severity: Severity::Error,
        why: "each replica asks every target, so each sample arrives several times and out of order",
        items: &[],
        find: scraped_repeatedly,
    },
];

/// Receivers that read what belongs to the whole cluster.
const OF_THE_CLUSTER: [&str; 3] = ["k8s_events", "k8s_objects", "k8s_cluster"];

fn several(look: &Look<'_>) -> Option<&'static str> {
    match look.setting.replicas {
        Replicas::Fixed(0 | 1) => None,
        Replicas::Fixed(_) => Some("there are several replicas"),
        Replicas::Each if look.setting.tier == Tier::Sidecar => Some("there is one in each Pod"),
        Replicas::Each => Some("there is one on each node"),
        Replicas::Autoscaled => Some("the number of replicas changes"),
    }
}

/// Whether a receiver works only in the one replica that leads.
fn is_led(part: Part<'_>) -> bool {
    part.has("k8s_leader_elector")
}

fn read_repeatedly(look: &Look<'_>) -> Vec<Found> {
    let Some(how) = several(look) else {
        return Vec::new();
    };
    let parts = look.parts(Class::Receiver);
    let found = parts
        .filter(|part| OF_THE_CLUSTER.contains(&part.id.kind()) && !is_led(*part))
        .map(|part| {
            Found::new(
                part.place(),
                format!("{how}, and `{}` reads the whole cluster", part.id),
                "run it in a Deployment with one replica, or let a `k8s_leader_elector` extension choose who does",
            )
        });
    found.collect()
}

fn scraped_repeatedly(look: &Look<'_>) -> Vec<Found> {
    let Some(how) = several(look) else {
        return Vec::new();
    };
    // An agent asks the Pods of its own node where the configuration says so.
    let of_own_node = |part: Part<'_>| {
        let texts = part.texts();
        texts
            .iter()
            .any(|(_, text)| text.contains("NODE_NAME") || text.contains("HOSTNAME"))
    };
    let found = look
        .of_kind(Class::Receiver, "prometheus")
        .filter(|part| !part.has("target_allocator") && !of_own_node(*part))
        .map(|part| {
            Found::new(
                part.place_of("config.scrape_configs"),
                format!("{how}, and all scrape the same targets"),
                "scrape from one replica, or keep only the targets of `${env:NODE_NAME}`",
            )
        });
    found.collect()
}

fn stateful_autoscaled(look: &Look<'_>) -> Vec<Found> {
    if look.setting.replicas != Replicas::Autoscaled {
        return Vec::new();
    }
    let mut found = Vec::new();
    let repair = "scale the layer before it, and change the number of these by hand";
    for part in look.of_kind(Class::Processor, "tail_sampling") {
        let cause = "an autoscaler changes the number of replicas that decide about traces";
        found.push(Found::new(part.place(), cause, repair));
    }
    for part in look.parts(Class::Exporter) {
        if part.has("sending_queue.storage") {
            let cause = "an autoscaler removes replicas whose queue is on their own disk";
            found.push(Found::new(
                part.place_of("sending_queue.storage"),
                cause,
                repair,
            ));
        }
    }
    if found.is_empty() && look.setting.senders == Senders::ByTrace {
        let cause =
            "an autoscaler changes the number of replicas that senders share traces out among";
        found.push(Found::new("service", cause, repair));
    }
    found
}

fn several_writers(look: &Look<'_>) -> Vec<Found> {
    // One on each node writes series of its own: those of its node.
    let shared = matches!(
        look.setting.replicas,
        Replicas::Fixed(2..) | Replicas::Autoscaled
    );
    if !shared {
        return Vec::new();
    }
    let writers = look.of_kind(Class::Exporter, "prometheus_remote_write");
    let found = writers.map(|part| {
        Found::new(
            part.place(),
            "several replicas write to one Prometheus, which takes remote write only with `--web.enable-remote-write-receiver`",
            "use `otlp_http` to `/api/v1/otlp`, with `storage.tsdb.out_of_order_time_window: 30m` there, or route metrics by `streamID` before",
        )
    });
    found.collect()
}
