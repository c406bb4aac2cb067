//! Goals are judged by medians of runs that somebody else made up.

use std::collections::BTreeSet;

use super::*;
use crate::{bench::scenario::ALL, generator::Sent, verdict::Verdict};

fn run(peer: Peer, scenario: &'static str) -> Measured {
    Measured {
        peer: peer.name(),
        scenario,
        cpu: Some(1.0),
        ours: 0.2,
        busy: Some(0.5),
        idle: Some(10.0),
        peak: Some(20.0),
        rate: 1e6,
        goodput: 1e6,
        bytes_in: 433.0,
        bytes_out: 433.0,
        encodings: [0; 3],
        acknowledgement: [1.0; 3],
        delivery: [1.0; 3],
        sent: Sent::default(),
        verdict: Verdict {
            delivered: 1000,
            ..Verdict::default()
        },
    }
}

fn with(peer: Peer, scenario: &'static str, change: impl FnOnce(&mut Measured)) -> Measured {
    let mut run = run(peer, scenario);
    change(&mut run);
    run
}

fn one(scenario: Option<&'static str>, figure: Figure, wanted: Wanted) -> Goal {
    Goal {
        figure,
        scenario,
        wanted,
    }
}

#[test]
fn each_goal_is_of_scenarios_that_are_run() {
    let names: BTreeSet<&str> = ALL.iter().map(|scenario| scenario.name).collect();
    for goal in GOALS {
        let other = match goal.wanted {
            Wanted::AtMostTimes(_, other) | Wanted::AtLeastShare(_, other) => Some(other),
            _ => None,
        };
        for name in goal.scenario.into_iter().chain(other) {
            assert!(names.contains(name), "{goal:?}");
        }
    }
}

#[test]
fn a_ratio_is_of_medians_and_met_to_the_point() {
    let goal = one(Some("pass"), Figure::Cpu, Wanted::OfCollector(10.0));
    let of = |ours: f64| {
        let costs = [ours - 1.0, ours, ours + 5.0];
        let mut runs: Vec<_> = costs
            .map(|cpu| with(Peer::Gateway, "pass", |run| run.cpu = Some(cpu)))
            .into();
        runs.push(with(Peer::Collector, "pass", |run| run.cpu = Some(30.0)));
        goal.reached(&runs).unwrap()
    };
    assert!(of(3.0).is_met && !of(3.1).is_met);
    let told = of(2.0);
    assert_eq!(told.goal, "processor time per span, `pass`");
    assert_eq!(told.wanted, "≤ 1/10 of the collector's");
    assert_eq!(told.measured, "1/15.0: 2.00 and 30.00 µs");
}

#[test]
fn what_is_compared_with_nothing_is_left_out_and_what_delivered_nothing_is_missed() {
    let goals = [
        one(Some("pass"), Figure::Cpu, Wanted::OfCollector(10.0)),
        one(
            Some("durable"),
            Figure::Cpu,
            Wanted::AtMostTimes(1.35, "pass"),
        ),
        one(Some("half"), Figure::Added, Wanted::Sane(2.0)),
        one(Some("pass"), Figure::Cpu, Wanted::Sane(0.4)),
    ];
    let dead = with(Peer::Gateway, "pass", |run| {
        run.cpu = Some(0.0);
        run.verdict.delivered = 0;
    });
    let runs = [dead, run(Peer::Gateway, "half")];
    let reached = reached(&goals, &runs);
    assert_eq!((reached.len(), reached[0].is_met), (1, false));
}

#[test]
fn a_goal_of_any_scenario_is_that_of_the_worst() {
    let goal = one(None, Figure::Idle, Wanted::Sane(12.0));
    let runs = [
        run(Peer::Gateway, "pass"),
        with(Peer::Gateway, "http", |run| run.idle = Some(12.4)),
        with(Peer::Collector, "http", |run| run.idle = Some(90.0)),
    ];
    let told = goal.reached(&runs).unwrap();
    assert_eq!(told.goal, "resident before the load, anywhere");
    assert_eq!(
        (told.measured.as_str(), told.is_met),
        ("12.4 MiB in `http`", false)
    );
}

#[test]
fn a_delay_is_added_to_that_of_generator_and_sink() {
    let delayed = |peer, by: f64| with(peer, "half", |run| run.delivery[1] = by);
    let runs = [
        delayed(Peer::Direct, 0.5),
        delayed(Peer::Gateway, 1.5),
        delayed(Peer::Collector, 4.5),
    ];
    let own = one(Some("half"), Figure::Added, Wanted::Sane(2.0));
    assert_eq!(own.reached(&runs).unwrap().measured, "1.00 ms");
    let ratio = one(Some("half"), Figure::Added, Wanted::OfCollector(5.0));
    let ratio = ratio.reached(&runs).unwrap();
    assert_eq!(ratio.measured, "1/4.0: 1.00 and 4.00 ms");
    assert!(!ratio.is_met);
}

#[test]
fn overload_is_to_get_through_what_its_peak_does_within_its_limit() {
    let goals: Vec<Goal> = GOALS
        .iter()
        .filter(|goal| goal.scenario == Some("overload"))
        .copied()
        .collect();
    let of = |goodput: f64, peak: f64| {
        let runs = [
            run(Peer::Gateway, "overload-peak"),
            run(Peer::Gateway, "overload"),
            with(Peer::Gateway, "overload", |run| {
                (run.goodput, run.peak) = (1e6, Some(peak));
            }),
            with(Peer::Gateway, "overload", |run| run.goodput = goodput),
            with(Peer::Gateway, "overload", |run| run.goodput = goodput),
            with(Peer::Gateway, "overload", |run| run.goodput = goodput),
        ];
        let reached = reached(&goals, &runs);
        reached.iter().map(|goal| goal.is_met).collect::<Vec<_>>()
    };
    assert_eq!(of(0.95e6, 272.0), [true, true]);
    assert_eq!(of(0.94e6, 272.1), [false, false]);
}

#[test]
fn a_comparison_fails_for_what_the_gateway_loses_and_for_goals_as_demanded() {
    let lossy = |peer| with(peer, "pass", |run| run.verdict.lost = 1);
    let silent = |peer| with(peer, "pass", |run| run.verdict.delivered = 0);
    let losses = |run| is_good(&[run], &[], Demand::Losses);
    assert!(losses(run(Peer::Gateway, "pass")));
    for peer in [Peer::Gateway, Peer::Hyper] {
        assert!(!losses(lossy(peer)) && !losses(silent(peer)));
    }
    for peer in [Peer::Collector, Peer::Rotel, Peer::Direct] {
        assert!(losses(lossy(peer)) && losses(silent(peer)));
    }

    let missed = |machines_differ| Reached {
        goal: "g".into(),
        wanted: "w".into(),
        measured: "m".into(),
        is_met: false,
        machines_differ,
    };
    let good = |goal: Reached| {
        [Demand::Losses, Demand::Ratios, Demand::Goals]
            .map(|demand| is_good(&[], std::slice::from_ref(&goal), demand))
    };
    assert_eq!(good(missed(false)), [true, false, false]);
    assert_eq!(good(missed(true)), [true, true, false]);
    assert_eq!(
        markdown(&[missed(true)]).lines().last(),
        Some("| g | w | m | **missed** (machines differ) |")
    );
}
