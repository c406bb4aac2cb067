//! Which certificates must be made anew, and why?
//!
//! Pure: what was found and when we looked stand in the observation.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::{cause::Cause, observation::Observation};
use crate::{
    certificate::{Certificate, Certified, Making, Signed, Validity},
    graph::Graph,
    id::ResourceId,
    resource::Resource,
};

/// What is to be made of a certificate that exists, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) making: Making,
    pub(crate) cause: Cause,
}

/// All that is due, by Secret. A certificate that is missing is no matter of time: its Secret is created.
pub(crate) fn due(graph: &Graph, observation: &Observation) -> BTreeMap<ResourceId, Due> {
    let mut all = BTreeMap::new();
    let mut signs_anew = BTreeSet::new();
    // Authorities come before what they sign, since what is signed waits for them.
    for resource in graph.resources() {
        let Some(certificate) = &resource.certificate else {
            continue;
        };
        let found = observation.held.get(&resource.id);
        let found = found.and_then(|held| held.certified.as_ref());
        let due = found.and_then(|found| judge(certificate, found, observation.now, &signs_anew));
        let is_authority = matches!(certificate, Certificate::Authority { .. });
        let signs = found.is_none()
            || due
                .as_ref()
                .is_some_and(|due| matches!(due.making, Making::Whole | Making::Promote));
        if is_authority && signs {
            signs_anew.insert(resource.id.clone());
        }
        if let Some(due) = due {
            all.insert(resource.id.clone(), due);
        }
    }
    all
}

/// Whether a value of a Secret moves in the plan itself.
pub(crate) fn moves(due: &BTreeMap<ResourceId, Due>, secret: &Resource, key: &str) -> bool {
    let due = due.get(&secret.id).zip(secret.certificate.as_ref());
    due.is_some_and(|(due, certificate)| certificate.moved_by(due.making).contains(&key))
}

fn judge(
    certificate: &Certificate,
    found: &Certified,
    now: Timestamp,
    signs_anew: &BTreeSet<ResourceId>,
) -> Option<Due> {
    match (certificate, found) {
        (_, Certified::Damaged { why }) => Some(Due {
            making: Making::Whole,
            cause: Cause::Damaged { why: why.clone() },
        }),
        (
            Certificate::Authority {
                validity,
                overlap_days,
                name: _,
            },
            Certified::Authority {
                expires,
                next,
                retired,
            },
        ) => authority(*validity, *overlap_days, (*expires, *next, retired), now),
        (
            Certificate::Leaf {
                authority,
                validity,
                names: _,
            },
            Certified::Leaf {
                expires,
                lacks,
                surplus,
                signed,
            },
        ) => {
            let cause = if signs_anew.contains(authority) {
                Cause::Follows {
                    of: authority.clone(),
                }
            } else if *signed == Signed::ByAnother {
                let why = format!("not signed by {authority} as it is now");
                Cause::Due { why }
            } else if !lacks.is_empty() || !surplus.is_empty() {
                Cause::Definition
            } else {
                Cause::Due {
                    why: ending(*expires, *validity, now)?,
                }
            };
            Some(Due {
                making: Making::Whole,
                cause,
            })
        }
        // The reader looks for what the recipe asks for.
        (Certificate::Authority { .. }, Certified::Leaf { .. })
        | (Certificate::Leaf { .. }, Certified::Authority { .. }) => None,
    }
}

fn authority(
    validity: Validity,
    overlap_days: u32,
    (expires, next, retired): (Timestamp, Option<Timestamp>, &BTreeSet<Timestamp>),
    now: Timestamp,
) -> Option<Due> {
    let due = |making, why| {
        let cause = Cause::Due { why };
        Some(Due { making, cause })
    };
    if expires <= now {
        return due(Making::Whole, format!("expired {}", day(expires)));
    }
    if let Some(since) = next {
        let overlapped = later(since, overlap_days) <= now;
        let why = format!("its successor has been trusted since {}", day(since));
        return overlapped.then(|| due(Making::Promote, why)).flatten();
    }
    if let Some(why) = ending(expires, validity, now) {
        return due(Making::Introduce, why);
    }
    let over = retired.iter().find(|expires| **expires <= now)?;
    let why = format!("trusts what expired {}", day(*over));
    due(Making::Retire, why)
}

/// Why a certificate is due by its age, if it is.
fn ending(expires: Timestamp, validity: Validity, now: Timestamp) -> Option<String> {
    let before = validity.renewed_days_before;
    if expires <= now {
        return Some(format!("expired {}", day(expires)));
    }
    let due = later(now, before) >= expires;
    due.then(|| format!("expires {}, renewed {before} days before", day(expires)))
}

fn later(time: Timestamp, days: u32) -> Timestamp {
    let days = SignedDuration::from_hours(24 * i64::from(days));
    time.checked_add(days).unwrap_or(Timestamp::MAX)
}

/// `2027-01-03`
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}T00:00:00Z").parse().unwrap()
    }

    fn secret(name: &str) -> ResourceId {
        use k8s_openapi::api::core::v1::Secret;
        ResourceId::new(&crate::kind::Kind::of::<Secret>(), "shop", name)
    }

    const YEAR: Validity = Validity {
        valid_days: 365,
        renewed_days_before: 90,
    };

    #[test]
    fn an_authority_goes_through_its_stages_in_this_order() {
        let recipe = Certificate::Authority {
            name: "shop".into(),
            validity: YEAR,
            overlap_days: 7,
        };
        let found = |expires, next: Option<&str>, retired: &[&str]| Certified::Authority {
            expires: at(expires),
            next: next.map(at),
            retired: retired.iter().copied().map(at).collect(),
        };
        let first = found("2027-01-01", None, &[]);
        let two = found("2027-01-01", Some("2026-10-05"), &[]);
        let second = found("2027-10-05", None, &["2027-01-01"]);
        let cases = [
            (&first, "2026-10-02", None),
            (
                &first,
                "2026-10-03",
                Some((
                    Making::Introduce,
                    "expires 2027-01-01, renewed 90 days before",
                )),
            ),
            (
                &first,
                "2027-01-01",
                Some((Making::Whole, "expired 2027-01-01")),
            ),
            (&two, "2026-10-11", None),
            (
                &two,
                "2026-10-12",
                Some((
                    Making::Promote,
                    "its successor has been trusted since 2026-10-05",
                )),
            ),
            (&second, "2026-10-13", None),
            (
                &second,
                "2027-01-02",
                Some((Making::Retire, "trusts what expired 2027-01-01")),
            ),
        ];
        for (found, now, wanted) in cases {
            let due = judge(&recipe, found, at(now), &BTreeSet::new());
            let wanted = wanted.map(|(making, why)| Due {
                making,
                cause: Cause::Due { why: why.into() },
            });
            assert_eq!(due, wanted, "{now}");
        }
    }

    #[test]
    fn a_leaf_is_made_anew_for_one_of_these_reasons() {
        let recipe = Certificate::Leaf {
            authority: secret("authority"),
            names: BTreeSet::from(["api".to_owned()]),
            validity: YEAR,
        };
        let leaf = |lacks: &[&str], signed| Certified::Leaf {
            expires: at("2027-01-01"),
            lacks: lacks.iter().map(|name| (*name).to_owned()).collect(),
            surplus: BTreeSet::new(),
            signed,
        };
        let now = at("2026-06-01");
        let of = |found: &Certified, now, anew: &[ResourceId]| {
            let anew = anew.iter().cloned().collect();
            judge(&recipe, found, now, &anew).map(|due| due.cause.to_string())
        };
        let good = leaf(&[], Signed::ByItsAuthority);
        assert_eq!(of(&good, now, &[]), None);
        assert_eq!(
            of(&good, now, &[secret("authority")]).unwrap(),
            "follows Secret/shop/authority"
        );
        assert_eq!(
            of(&good, at("2026-10-03"), &[]).unwrap(),
            "expires 2027-01-01, renewed 90 days before"
        );
        assert_eq!(
            of(&leaf(&["www"], Signed::ByItsAuthority), now, &[]).unwrap(),
            "definition"
        );
        assert_eq!(
            of(&leaf(&[], Signed::ByAnother), now, &[]).unwrap(),
            "not signed by Secret/shop/authority as it is now"
        );
        let why = "its key does not fit".to_owned();
        assert_eq!(
            of(&Certified::Damaged { why }, now, &[]).unwrap(),
            "damaged: its key does not fit"
        );
    }
}
