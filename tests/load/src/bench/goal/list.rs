//! Which goals are there?

use super::{
    Figure::{self, Added, Cpu, Goodput, HighestPeak, Idle, Peak, Wrong},
    Goal,
    Wanted::{self, AtLeastShare, AtMostTimes, Bound, OfCollector, Sane},
};

/// All, in the order of the table that they were set in; the killed and the soaked are judged where they are run.
pub const GOALS: &[Goal] = &[
    at("pass", Cpu, OfCollector(10.0)),
    at("pass", Cpu, Sane(0.4)),
    at("pass-40k", Cpu, OfCollector(10.0)),
    at("pass-40k", Cpu, Sane(0.4)),
    at("pass-100k", Cpu, OfCollector(10.0)),
    at("pass-by-100", Cpu, OfCollector(10.0)),
    at("pass-by-1000", Cpu, OfCollector(10.0)),
    at("pass-large", Cpu, OfCollector(10.0)),
    at("large-by-100", Cpu, OfCollector(10.0)),
    at("gzip", Cpu, OfCollector(20.0)),
    at("gzip-40k", Cpu, OfCollector(20.0)),
    at("http", Cpu, OfCollector(15.0)),
    at("http-40k", Cpu, OfCollector(15.0)),
    at("small", Cpu, OfCollector(6.0)),
    at("small-full", Cpu, OfCollector(6.0)),
    at("large-by-10", Cpu, OfCollector(6.0)),
    at("tail", Cpu, OfCollector(20.0)),
    at("tail", Cpu, Sane(0.5)),
    at("tail-full", Cpu, OfCollector(20.0)),
    at("tail-full", Cpu, Sane(0.5)),
    // At the same rate: saturated, the gateway holds more because it takes more.
    at("tail", Peak, OfCollector(8.0)),
    at("durable", Cpu, OfCollector(10.0)),
    at("durable", Cpu, AtMostTimes(1.35, "pass")),
    at("durable-40k", Cpu, OfCollector(10.0)),
    at("durable-40k", Cpu, AtMostTimes(1.35, "pass-40k")),
    anywhere(Idle, OfCollector(4.0)),
    anywhere(Idle, Sane(12.0)),
    at("pass-100k", Peak, OfCollector(4.0)),
    at("pass-100k", Peak, Sane(32.0)),
    // The limit of 256 MiB, and 16 that no budget counts.
    at("overload", HighestPeak, Bound(272.0)),
    at("overload", Goodput, AtLeastShare(0.95, "overload-peak")),
    at("half", Added, OfCollector(5.0)),
    at("half", Added, Sane(2.0)),
    at("half-own", Added, Sane(2.0)),
    anywhere(Wrong, Bound(0.0)),
];

const fn at(scenario: &'static str, figure: Figure, wanted: Wanted) -> Goal {
    Goal {
        figure,
        scenario: Some(scenario),
        wanted,
    }
}

const fn anywhere(figure: Figure, wanted: Wanted) -> Goal {
    Goal {
        figure,
        scenario: None,
        wanted,
    }
}
