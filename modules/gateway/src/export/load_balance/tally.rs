//! What does a load balancer count? Under the names and labels of the collector.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    export::Amount,
    settings::Choice,
    tail::Histogram,
    telemetry::{Family, Labels, Reading, spread},
};

/// Up to how many milliseconds an answer takes.
const MILLISECONDS: [f64; 10] = [
    5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0,
];

/// What one load balancer counts.
#[derive(Debug)]
pub(super) struct Tally {
    resolver: &'static str,
    /// How often names were asked for, by whether there was an answer.
    pub(super) found: Amount,
    pub(super) not_found: Amount,
    /// How often other members were found than before.
    pub(super) changed: Amount,
    members: Mutex<BTreeMap<String, Member>>,
}

/// What is known of one destination.
#[derive(Debug)]
struct Member {
    arrived: u64,
    failed: u64,
    took: Histogram,
}

impl Tally {
    /// Nothing so far.
    pub(super) fn new(choice: &Choice) -> Self {
        Self {
            resolver: match choice {
                Choice::Fixed(_) => "static",
                Choice::Dns(_) => "dns",
            },
            found: Amount::default(),
            not_found: Amount::default(),
            changed: Amount::default(),
            members: Mutex::default(),
        }
    }

    /// An attempt at a member has an end.
    pub(super) fn answered(&self, member: &str, took: Duration, arrived: bool) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if !members.contains_key(member) {
            let new = Member {
                arrived: 0,
                failed: 0,
                took: Histogram::new(&MILLISECONDS),
            };
            members.insert(member.to_owned(), new);
        }
        if let Some(known) = members.get_mut(member) {
            *(if arrived {
                &mut known.arrived
            } else {
                &mut known.failed
            }) += 1;
            known.took.observe(took.as_secs_f64() * 1000.0);
        }
    }

    /// All of it, while there are so many members.
    pub(super) fn families(&self, members: u64) -> Vec<Family> {
        let resolver = || vec![("resolver", self.resolver.to_owned())];
        let one = |number| vec![(resolver(), Reading::Whole(number))];
        let mut families = vec![
            Family::gauge(
                "loadbalancer_num_backends",
                "Current number of backends in use. [Development]",
                one(members),
            ),
            Family::counter(
                "loadbalancer_num_backend_updates",
                "Number of times the list of backends was updated. [Development]",
                one(self.changed.get()),
            ),
            self.resolutions(&resolver),
        ];
        families.extend(self.answers());
        families
    }

    fn resolutions(&self, resolver: &dyn Fn() -> Labels) -> Family {
        let outcomes = [(&self.found, "true"), (&self.not_found, "false")];
        let series = outcomes.into_iter().filter(|(count, _)| count.get() > 0);
        let series = series.map(|(count, success)| {
            let mut labels = resolver();
            labels.push(("success", success.to_owned()));
            (labels, Reading::Whole(count.get()))
        });
        Family::counter(
            "loadbalancer_num_resolutions",
            "Number of times the resolver has triggered new resolutions. [Development]",
            series.collect(),
        )
    }

    fn answers(&self) -> [Family; 2] {
        let (mut outcomes, mut latencies) = (Vec::new(), Vec::new());
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, member) in &*members {
            let endpoint = || ("endpoint", name.clone());
            for (count, success) in [(member.arrived, "true"), (member.failed, "false")] {
                if count > 0 {
                    let labels = vec![endpoint(), ("success", success.to_owned())];
                    outcomes.push((labels, Reading::Whole(count)));
                }
            }
            latencies.push((vec![endpoint()], spread([&member.took].into_iter())));
        }
        [
            Family::counter(
                "loadbalancer_backend_outcome",
                "Number of successes and failures for each endpoint. [Development]",
                outcomes,
            ),
            Family::histogram(
                "loadbalancer_backend_latency",
                "Response latency in ms for the backends. [Development]",
                latencies,
            )
            .in_unit("milliseconds"),
        ]
    }
}
