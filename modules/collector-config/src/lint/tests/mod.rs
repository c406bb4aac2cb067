//! Does each lint find what it is for, and nothing in what is right?

mod cases;
mod seed;

use std::collections::BTreeSet;

use super::*;
use crate::{Config, Distribution, Release, Version, salvage};

/// One lint: what it finds, and what it leaves alone.
pub(super) struct Case {
    id: &'static str,
    tier: Tier,
    /// What else is known.
    setting: fn(&mut Setting),
    wrong: &'static str,
    /// Where it finds it.
    place: &'static str,
    right: &'static str,
}

/// One lint, one configuration and two settings: that in which it is wrong, and that in which it is right.
pub(super) struct Elsewhere {
    id: &'static str,
    text: &'static str,
    wrong: fn(&mut Setting),
    right: fn(&mut Setting),
}

/// Where one lint finds something in a configuration.
fn places(id: &str, text: &str, tier: Tier, what: fn(&mut Setting)) -> Vec<String> {
    let mut setting = Setting::of(tier, Release::CONTRIB);
    what(&mut setting);
    let read = salvage::read(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let findings = read.config.lint(&setting).and(renamed(text, &setting));
    let findings = findings.and(read.left_out);
    let own = findings.iter().filter(|found| found.lint.id == id);
    own.map(|found| found.place().to_owned()).collect()
}

#[test]
fn each_lint_finds_what_is_wrong_and_leaves_alone_what_is_right() {
    for case in cases::all() {
        let Case {
            id,
            tier,
            setting,
            wrong,
            place,
            right,
        } = *case;
        assert_eq!(places(id, wrong, tier, setting), [place], "{id}: {wrong}");
        assert_eq!(places(id, right, tier, setting), [""; 0], "{id}: {right}");
    }
}

#[test]
fn what_is_right_in_one_setting_may_be_wrong_in_another() {
    for case in cases::ELSEWHERE {
        let found = |setting| places(case.id, case.text, Tier::Gateway, setting).len();
        assert_eq!(found(case.wrong), 1, "{}", case.id);
        assert_eq!(found(case.right), 0, "{}", case.id);
    }
}

#[test]
fn there_is_a_case_for_each_lint_and_each_has_a_name_of_its_own() {
    let elsewhere = cases::ELSEWHERE.iter().map(|case| case.id);
    let tested: BTreeSet<_> = cases::all().map(|case| case.id).chain(elsewhere).collect();
    let known = LINTS.iter().copied().flatten().map(|lint| lint.id);
    let known: Vec<_> = known
        .chain([&names::RENAMED, &UNREADABLE, &NOT_IMPORTED].map(|lint| lint.id))
        .collect();
    let unique: BTreeSet<_> = known.iter().copied().collect();
    assert_eq!(unique.len(), known.len());
    assert_eq!(tested, unique);
}

#[test]
fn findings_come_in_the_same_order_however_they_are_put_together() {
    let text = cases::all()
        .next()
        .map(|case| case.wrong)
        .unwrap_or_default();
    let setting = Setting::of(Tier::Gateway, Release::CONTRIB);
    let config = Config::from_yaml(text).unwrap();
    let said = |findings: &Findings| -> Vec<String> {
        findings.iter().map(|found| found.to_string()).collect()
    };
    let once = config.lint(&setting);
    let twice = config.lint(&setting).and(config.lint(&setting));
    assert_eq!(said(&once), said(&twice));
    let severities: Vec<_> = once.iter().map(|found| found.lint.severity).collect();
    assert!(severities.is_sorted(), "{severities:?}");
}

#[test]
fn what_is_missing_from_a_release_depends_on_the_release() {
    let text = "
receivers: {otlp: {protocols: {grpc: {endpoint: 'a:1'}}}}
exporters: {logging: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [logging]}}}";
    let config = Config::from_yaml(text).unwrap();
    let removed = |minor| {
        let release = Release {
            version: Version::minor(minor),
            distribution: Distribution::Contrib,
        };
        let findings = config.lint(&Setting::of(Tier::Gateway, release));
        findings
            .iter()
            .any(|found| found.lint.id == "component-removed")
    };
    assert_eq!([91, 159].map(removed), [false, true]);
}
