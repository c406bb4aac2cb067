//! In what are the gateway and its peers compared?

use std::time::Duration;

use super::{PASS, Scenario};
use crate::{
    bench::peer::Peer, client::Transport, compress::Encoding, generator::Rate, template::Size,
    verdict::Expected,
};

/// A rate at which little is to do: low load costs more for each span.
const LOW: Rate = Rate::Spans(40_000);

const GZIP: Scenario = Scenario {
    name: "gzip",
    title: "gzip in, gzip out, saturated",
    encoding: Encoding::Gzip,
    ..PASS
};

const HTTP: Scenario = Scenario {
    name: "http",
    title: "HTTP in, HTTP out, none, saturated",
    config: "http",
    transport: Transport::Http,
    ..PASS
};

const SMALL: Scenario = Scenario {
    name: "small",
    title: "10 spans in a request, batched out, 40,000 spans/s",
    config: "batch",
    spans: 10,
    rate: LOW,
    ..PASS
};

const TAIL: Scenario = Scenario {
    name: "tail",
    title: "Tail sampling: errors, slow ones and 10 %, decided after 2 s, 50,000 spans/s",
    config: "tail",
    without: &[Peer::Rotel],
    spread: 8,
    rate: Rate::Spans(50_000),
    expected: Expected::Sampled(10),
    settle: Duration::from_secs(5),
    ..PASS
};

const DURABLE: Scenario = Scenario {
    name: "durable",
    title: "Acknowledged when in a file, saturated",
    config: "durable",
    without: &[Peer::Rotel],
    settle: Duration::from_secs(6),
    ..PASS
};

const OVERLOAD: Scenario = Scenario {
    name: "overload",
    title: "Overload: 10 senders with 256 requests of 0.8 MB in flight each, limit 256 MiB",
    config: "overload",
    spans: 1000,
    size: Size::Large,
    connections: 10,
    in_flight: 256,
    settle: Duration::from_secs(5),
    ..PASS
};

/// What is measured where nothing is named, in the order of the tables.
pub const ALL: &[Scenario] = &[
    PASS,
    Scenario {
        name: "pass-40k",
        title: "Passthrough, gRPC, none, 40,000 spans/s",
        rate: LOW,
        ..PASS
    },
    Scenario {
        name: "pass-by-100",
        title: "Passthrough, gRPC, none, 100 spans in a request, saturated",
        spans: 100,
        ..PASS
    },
    Scenario {
        name: "pass-by-1000",
        title: "Passthrough, gRPC, none, 1000 spans in a request, saturated",
        spans: 1000,
        ..PASS
    },
    Scenario {
        name: "pass-large",
        title: "Passthrough, gRPC, none, 1000 spans of 800 B in a request, saturated",
        spans: 1000,
        size: Size::Large,
        ..PASS
    },
    Scenario {
        name: "large-by-100",
        title: "Passthrough, gRPC, none, 100 spans of 800 B in a request, saturated",
        spans: 100,
        size: Size::Large,
        ..PASS
    },
    Scenario {
        name: "large-by-10",
        title: "10 spans of 800 B in a request, batched out, 40,000 spans/s",
        size: Size::Large,
        ..SMALL
    },
    GZIP,
    Scenario {
        name: "gzip-40k",
        title: "gzip in, gzip out, 40,000 spans/s",
        rate: LOW,
        ..GZIP
    },
    HTTP,
    Scenario {
        name: "http-40k",
        title: "HTTP in, HTTP out, none, 40,000 spans/s",
        rate: LOW,
        ..HTTP
    },
    SMALL,
    Scenario {
        name: "small-full",
        title: "10 spans in a request, batched out, saturated",
        rate: Rate::Saturate,
        ..SMALL
    },
    TAIL,
    Scenario {
        name: "tail-full",
        title: "Tail sampling: errors, slow ones and 10 %, decided after 2 s, saturated",
        rate: Rate::Saturate,
        ..TAIL
    },
    DURABLE,
    Scenario {
        name: "durable-40k",
        title: "Acknowledged when in a file, 40,000 spans/s",
        rate: LOW,
        ..DURABLE
    },
    Scenario {
        name: "pass-100k",
        title: "Passthrough, gRPC, none, 100,000 spans/s: memory and delay",
        rate: Rate::Spans(100_000),
        ..PASS
    },
    Scenario {
        name: "half",
        title: "Half of what the collector takes: 160,000 spans/s, gRPC, none, for the delay that is added",
        rate: Rate::Spans(160_000),
        ..PASS
    },
    Scenario {
        name: "half-own",
        title: "Half of what the gateway takes: 2,400,000 spans/s, gRPC, none, for the delay that is added",
        without: &[Peer::Collector, Peer::Rotel],
        rate: Rate::Spans(2_400_000),
        ..PASS
    },
    Scenario {
        name: "overload-peak",
        title: "What overload is compared with: the same 10 senders with 4 requests in flight each, limit 256 MiB",
        in_flight: 4,
        ..OVERLOAD
    },
    OVERLOAD,
];

/// What is measured only where it is named: nobody else could do it.
pub const NAMED: &[Scenario] = &[Scenario {
    name: "tail-million",
    title: "Tail sampling: errors, slow ones and 10 %, decided after 10 s, 1,000,000 spans/s",
    // What is decided is remembered, and takes no room in the table.
    set: &[
        "processors.memory_limiter.limit_mib=2048",
        "processors.memory_limiter.check_interval=1s",
        "service.pipelines.traces.processors=[memory_limiter, tail_sampling]",
        "processors.tail_sampling.decision_wait=10s",
        "processors.tail_sampling.num_traces=3000000",
        "processors.tail_sampling.decision_cache.sampled_cache_size=100000",
        "processors.tail_sampling.decision_cache.non_sampled_cache_size=1000000",
    ],
    rate: Rate::Spans(1_000_000),
    settle: Duration::from_secs(13),
    ..TAIL
}];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_scenario_has_a_name_of_its_own_and_a_configuration() {
        let all = || ALL.iter().chain(NAMED);
        let names: BTreeSet<&str> = all().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all().count());
        for scenario in all() {
            let file = format!("peers/{}.yaml", scenario.config);
            let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            assert!(file.is_file(), "{file:?}");
        }
    }

    #[test]
    fn overload_and_its_peak_differ_in_what_is_in_flight_alone() {
        let peak = ALL.iter().find(|one| one.name == "overload-peak").unwrap();
        let same = Scenario {
            name: OVERLOAD.name,
            title: OVERLOAD.title,
            in_flight: OVERLOAD.in_flight,
            ..*peak
        };
        assert_eq!(format!("{same:?}"), format!("{OVERLOAD:?}"));
    }
}
