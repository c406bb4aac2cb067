//! What is known not to answer alike, and is that still so?

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every answer was the recorded one.
    Passed,
    /// The first difference.
    Failed(String),
}

/// What is committed beside the scenarios.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// How many scenarios pass, by area.
    passed: BTreeMap<String, usize>,
    /// The scenarios that do not pass, with what the sandbox lacks for them.
    missing: BTreeMap<String, String>,
}

fn area(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

/// Passed and total, by area.
fn counts(outcomes: &BTreeMap<String, Outcome>) -> BTreeMap<&str, (usize, usize)> {
    let mut counts = BTreeMap::new();
    for (name, outcome) in outcomes {
        let (passed, total) = counts.entry(area(name)).or_insert((0, 0));
        *passed += usize::from(*outcome == Outcome::Passed);
        *total += 1;
    }
    counts
}

/// A line for each area, the sum last.
pub(crate) fn summary(outcomes: &BTreeMap<String, Outcome>) -> String {
    let mut text = String::new();
    let (mut all_passed, mut all) = (0, 0);
    for (area, (passed, total)) in counts(outcomes) {
        let _ = writeln!(text, "{area}: {passed}/{total}");
        all_passed += passed;
        all += total;
    }
    let _ = writeln!(text, "conformance: {all_passed}/{all}");
    text
}

impl Recorded {
    pub(crate) fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Writes down how it went. What is missing for longer keeps its explanation.
    pub(crate) fn save(&self, path: &Path, outcomes: &BTreeMap<String, Outcome>) {
        let passed = counts(outcomes).into_iter();
        let missing = outcomes.iter().filter_map(|(name, outcome)| match outcome {
            Outcome::Passed => None,
            Outcome::Failed(why) => {
                let known = self.missing.get(name);
                Some((name.clone(), known.cloned().unwrap_or_else(|| why.clone())))
            }
        });
        let recorded = Self {
            passed: passed
                .map(|(area, (passed, _))| (area.to_owned(), passed))
                .collect(),
            missing: missing.collect(),
        };
        let text = serde_json::to_string_pretty(&recorded).unwrap();
        std::fs::write(path, text + "\n").unwrap();
    }

    /// Nothing may be missing.
    pub(crate) fn everything() -> Self {
        Self::default()
    }

    /// What is worse than recorded, and what is recorded and no longer true.
    pub(crate) fn compare(
        &self,
        outcomes: &BTreeMap<String, Outcome>,
        is_complete: bool,
    ) -> Vec<String> {
        let mut complaints = Vec::new();
        for (name, outcome) in outcomes {
            match (outcome, self.missing.get(name)) {
                (Outcome::Failed(why), None) => {
                    complaints.push(format!("{name} no longer passes: {why}"));
                }
                (Outcome::Passed, Some(lacks)) => {
                    complaints.push(format!("{name} passes, but is listed as missing: {lacks}"));
                }
                _ => {}
            }
        }
        if is_complete && !self.passed.is_empty() {
            let unknown = self
                .missing
                .keys()
                .filter(|name| !outcomes.contains_key(*name));
            complaints.extend(
                unknown.map(|name| format!("{name} is listed as missing, but no scenario")),
            );
            let found: BTreeMap<String, usize> = counts(outcomes)
                .into_iter()
                .map(|(area, (passed, _))| (area.to_owned(), passed))
                .collect();
            if found != self.passed {
                complaints.push(format!(
                    "recorded counts {:?}, found {found:?}",
                    self.passed
                ));
            }
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Outcome, Recorded};

    fn recorded() -> Recorded {
        serde_json::from_str(r#"{ "passed": { "a": 1 }, "missing": { "a/two": "everything" } }"#)
            .unwrap()
    }

    fn outcomes(one: bool, two: bool) -> BTreeMap<String, Outcome> {
        let outcome = |passed| {
            if passed {
                Outcome::Passed
            } else {
                Outcome::Failed("x".to_owned())
            }
        };
        BTreeMap::from([
            ("a/one".to_owned(), outcome(one)),
            ("a/two".to_owned(), outcome(two)),
        ])
    }

    #[test]
    fn what_is_as_recorded_is_no_complaint() {
        assert!(recorded().compare(&outcomes(true, false), true).is_empty());
    }

    #[test]
    fn falling_below_and_a_stale_list_both_complain() {
        assert!(!recorded().compare(&outcomes(false, false), true).is_empty());
        assert!(!recorded().compare(&outcomes(true, true), true).is_empty());
        assert!(!recorded().compare(&BTreeMap::new(), true).is_empty());
    }
}
