//! What does a span's `tracestate` say of sampling, and how is that changed?
//!
//! W3C Trace Context, section 3.3, with the member `ot` of OpenTelemetry's specification, "`TraceState` Handling".

use super::{
    probability::{Randomness, Threshold},
    rule::Carried,
};
use crate::trace_state::{is_key, is_value};

/// The limits of a list, in members and bytes, that readers need not go beyond.
const MEMBERS: usize = 32;
const LONGEST: usize = 1024;

/// A trace state that follows the rules.
#[derive(Clone, Debug, Default)]
pub(super) struct TraceState<'a> {
    pub(super) carried: Carried,
    /// What else is in the member `ot`.
    fields: Vec<&'a str>,
    /// All other members.
    members: Vec<&'a str>,
}

impl<'a> TraceState<'a> {
    /// None if it breaks a rule: nothing in it can be trusted then.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut state = Self::default();
        if text.len() > LONGEST {
            return None;
        }
        if text.is_empty() {
            return Some(state);
        }
        for (at, member) in text.split(',').enumerate() {
            // As every reader of this member counts them.
            if at + 1 >= MEMBERS {
                return None;
            }
            let member = member.trim_matches([' ', '\t']);
            if member.is_empty() {
                continue;
            }
            let (key, value) = member.split_once('=')?;
            if !is_key(key) || !is_value(value) {
                return None;
            }
            if key == "ot" {
                state.otel(value)?;
            } else {
                state.members.push(member);
            }
        }
        Some(state)
    }

    fn otel(&mut self, value: &'a str) -> Option<()> {
        for field in value.split(';') {
            let (key, value) = field.split_once(':')?;
            if !is_field(key, value) {
                return None;
            }
            match key {
                "rv" => self.carried.randomness = Some(Randomness::parse(value)?),
                "th" => self.carried.threshold = Some(Threshold::parse(value)?),
                _ => self.fields.push(field),
            }
        }
        Some(())
    }

    /// With what is carried now in the place of what was.
    pub(super) fn text(&self, carried: &Carried) -> String {
        let randomness = carried
            .randomness
            .map(|randomness| format!("rv:{}", randomness.text()));
        let threshold = carried
            .threshold
            .map(|threshold| format!("th:{}", threshold.text()));
        let fields: Vec<&str> = [&randomness, &threshold]
            .into_iter()
            .filter_map(Option::as_deref)
            .chain(self.fields.iter().copied())
            .collect();
        let otel = (!fields.is_empty()).then(|| format!("ot={}", fields.join(";")));
        let members = otel
            .as_deref()
            .into_iter()
            .chain(self.members.iter().copied());
        members.collect::<Vec<_>>().join(",")
    }
}

fn is_field(key: &str, value: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    key.starts_with(|c: char| c.is_ascii_lowercase())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && value.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_behind_what_we_write() {
        let state = TraceState::read(" a=1 , ot=th:8;xy:z;rv:00000000000001,t1@sys=v,, ").unwrap();
        assert_eq!(state.carried.threshold, Threshold::parse("8"));
        assert_eq!(
            state.text(&state.carried),
            "ot=rv:00000000000001;th:8;xy:z,a=1,t1@sys=v"
        );
        assert_eq!(state.text(&Carried::default()), "ot=xy:z,a=1,t1@sys=v");
        assert_eq!(TraceState::read("").unwrap().text(&Carried::default()), "");
    }

    #[test]
    fn what_breaks_a_rule_is_not_read_at_all() {
        let many = vec!["a=1"; 32].join(",");
        for wrong in [
            "a", "=1", "A=1", "a=", "a= ", "ot=th:x", "ot=th:8;", "ot=rv:1", "a@=1", "1a=2",
            "a=b=c", &many,
        ] {
            assert!(TraceState::read(wrong).is_none(), "{wrong}");
        }
    }
}
