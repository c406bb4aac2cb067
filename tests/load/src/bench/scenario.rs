//! What is measured?

use std::time::Duration;

use crate::{
    client::Transport, compress::Encoding, generator::Rate, template::Size, verdict::Expected,
};

/// One row of the table of goals: what is sent, and what stands between.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a title.
    pub title: &'static str,
    /// The configuration: a file in `peers`, without its ending.
    pub config: &'static str,
    /// What is said otherwise than in that file, as `key=value`.
    pub set: &'static [&'static str],
    /// Whether rotel can do it too.
    pub rotel: bool,
    /// How requests travel, in and out.
    pub transport: Transport,
    /// How they are encoded, in and out.
    pub encoding: Encoding,
    /// Spans in a request.
    pub spans: u64,
    /// How large they are.
    pub size: Size,
    /// To how many requests in turn neighbouring spans go.
    pub spread: u64,
    /// How much is offered.
    pub rate: Rate,
    /// Over how many connections.
    pub connections: usize,
    /// Requests in flight on each.
    pub in_flight: usize,
    /// Which spans should arrive.
    pub expected: Expected,
    /// How long no trace is decided after its first span.
    pub waits: Duration,
    /// How long nothing may arrive before the rest counts as lost.
    pub settle: Duration,
}

/// gRPC to gRPC, 512 small spans in a request, as much as goes.
const PASS: Scenario = Scenario {
    name: "pass",
    title: "Passthrough, gRPC, none, saturated",
    config: "grpc",
    set: &[],
    rotel: true,
    transport: Transport::Grpc,
    encoding: Encoding::None,
    spans: 512,
    size: Size::Small,
    spread: 1,
    rate: Rate::Saturate,
    connections: 4,
    in_flight: 8,
    expected: Expected::All,
    waits: Duration::ZERO,
    settle: Duration::from_secs(3),
};

/// What `load soak` runs.
pub const SOAK: Scenario = Scenario {
    name: "soak",
    title: "Soak: acknowledged when in a file, 20,000 spans/s, the sink dead for five seconds of each minute",
    config: "durable",
    rate: Rate::Spans(20_000),
    settle: Duration::from_secs(20),
    ..PASS
};

/// What `load crash` runs.
pub const CRASH: &[Scenario] = &[
    Scenario {
        name: "crash",
        title: "Killed under load: acknowledged when in a file",
        config: "durable",
        rate: Rate::Spans(500_000),
        settle: Duration::from_secs(10),
        ..PASS
    },
    Scenario {
        name: "crash-power",
        title: "Killed under load: acknowledged when on the medium",
        config: "durable",
        set: &["extensions.file_storage.durability=power"],
        rate: Rate::Spans(500_000),
        settle: Duration::from_secs(10),
        ..PASS
    },
    Scenario {
        name: "crash-roll",
        title: "Killed under load: acknowledged when in a file, each of which has room for four requests",
        config: "durable",
        set: &["extensions.file_storage.max_size=2097152"],
        rate: Rate::Spans(500_000),
        settle: Duration::from_secs(10),
        ..PASS
    },
    Scenario {
        name: "crash-tail",
        title: "Killed under load: undecided traces survive",
        config: "tail-durable",
        rate: Rate::Spans(300_000),
        spread: 8,
        expected: Expected::Sampled(10),
        // Two seconds of the gateway's clock are more than one.
        waits: Duration::from_secs(1),
        settle: Duration::from_secs(30),
        ..PASS
    },
    Scenario {
        name: "crash-tail-long",
        title: "Killed under load: millions of undecided spans survive",
        config: "tail-durable",
        set: &[
            "extensions.file_storage.max_size=8589934592",
            "processors.tail_sampling.decision_wait=10s",
            "processors.tail_sampling.decision_cache.sampled_cache_size=100000",
            "processors.tail_sampling.decision_cache.non_sampled_cache_size=1000000",
        ],
        rate: Rate::Spans(300_000),
        spread: 8,
        expected: Expected::Sampled(10),
        waits: Duration::from_secs(9),
        settle: Duration::from_secs(30),
        ..PASS
    },
    Scenario {
        name: "crash-tail-whole",
        title: "Killed under load: nothing is decided before, and all of it survives",
        config: "tail-durable",
        set: &[
            "extensions.file_storage.max_size=12884901888",
            "processors.tail_sampling.decision_wait=60s",
            "processors.tail_sampling.num_traces=8000000",
            "processors.tail_sampling.decision_cache.sampled_cache_size=100000",
            "processors.tail_sampling.decision_cache.non_sampled_cache_size=1000000",
        ],
        rate: Rate::Spans(500_000),
        spread: 8,
        expected: Expected::Sampled(10),
        waits: Duration::from_secs(1),
        settle: Duration::from_mins(2),
        ..PASS
    },
];

/// What is measured only where it is named: nobody else could do it.
pub const NAMED: &[Scenario] = &[Scenario {
    name: "tail-million",
    title: "Tail sampling: errors, slow ones and 10 %, decided after 10 s, 1,000,000 spans/s",
    config: "tail",
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
    rotel: false,
    spread: 8,
    rate: Rate::Spans(1_000_000),
    expected: Expected::Sampled(10),
    settle: Duration::from_secs(13),
    ..PASS
}];

/// All others, in the order of the table.
pub const ALL: &[Scenario] = &[
    PASS,
    Scenario {
        name: "pass-40k",
        title: "Passthrough, gRPC, none, 40,000 spans/s",
        rate: Rate::Spans(40_000),
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
        name: "gzip",
        title: "gzip in, gzip out, saturated",
        encoding: Encoding::Gzip,
        ..PASS
    },
    Scenario {
        name: "http",
        title: "HTTP in, HTTP out, none, saturated",
        config: "http",
        transport: Transport::Http,
        ..PASS
    },
    Scenario {
        name: "small",
        title: "10 spans in a request, batched out, 40,000 spans/s",
        config: "batch",
        spans: 10,
        rate: Rate::Spans(40_000),
        ..PASS
    },
    Scenario {
        name: "tail",
        title: "Tail sampling: errors, slow ones and 10 %, decided after 2 s, 50,000 spans/s",
        config: "tail",
        rotel: false,
        spread: 8,
        rate: Rate::Spans(50_000),
        expected: Expected::Sampled(10),
        settle: Duration::from_secs(5),
        ..PASS
    },
    Scenario {
        name: "tail-full",
        title: "Tail sampling: errors, slow ones and 10 %, decided after 2 s, saturated",
        config: "tail",
        rotel: false,
        spread: 8,
        expected: Expected::Sampled(10),
        settle: Duration::from_secs(5),
        ..PASS
    },
    Scenario {
        name: "durable",
        title: "Acknowledged when in a file, saturated",
        config: "durable",
        rotel: false,
        settle: Duration::from_secs(6),
        ..PASS
    },
    Scenario {
        name: "pass-100k",
        title: "Passthrough, gRPC, none, 100,000 spans/s: memory and delay",
        rate: Rate::Spans(100_000),
        ..PASS
    },
    Scenario {
        name: "overload",
        title: "Overload: 10 senders with 256 requests of 0.8 MB in flight each, limit 256 MiB",
        config: "overload",
        spans: 1000,
        size: Size::Large,
        connections: 10,
        in_flight: 256,
        settle: Duration::from_secs(5),
        ..PASS
    },
];
