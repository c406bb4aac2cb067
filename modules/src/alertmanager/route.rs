//! Which alert goes to whom, and which makes others needless?

use super::{
    Receiver,
    config::{InhibitRule, RouteYml},
};

/// Some alerts, by a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    pub(super) label: String,
    comparison: &'static str,
    value: String,
}

/// Who is told of some alerts.
#[derive(Clone, Debug)]
pub struct Route {
    pub(super) receiver: Receiver,
    pub(super) matchers: Vec<Matcher>,
    group_by: Vec<String>,
    repeat_hours: Option<u32>,
    go_on: bool,
    pub(super) routes: Vec<Route>,
}

/// Alerts that say enough, so that others are not sent.
#[derive(Clone, Debug)]
pub struct Inhibition {
    pub(super) enough: Vec<Matcher>,
    pub(super) needless: Vec<Matcher>,
    pub(super) equal: Vec<String>,
}

impl Matcher {
    fn new(label: &str, comparison: &'static str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            comparison,
            value: value.to_owned(),
        }
    }

    /// The label has that value.
    pub fn is(label: &str, value: &str) -> Self {
        Self::new(label, "=", value)
    }

    /// The label has another value, or there is no such label.
    pub fn is_not(label: &str, value: &str) -> Self {
        Self::new(label, "!=", value)
    }

    /// The label's value, all of it, has that form.
    pub fn matches(label: &str, regex: &str) -> Self {
        Self::new(label, "=~", regex)
    }

    /// The label's value has another form.
    pub fn matches_not(label: &str, regex: &str) -> Self {
        Self::new(label, "!~", regex)
    }

    fn text(&self) -> String {
        // In quotes any value may stand, escaped as in a string of Go; JSON escapes no differently.
        let value = serde_json::Value::from(self.value.as_str());
        format!("{}{}{value}", self.label, self.comparison)
    }
}

impl Route {
    /// This receiver is told, of all alerts that come here.
    pub fn to(receiver: Receiver) -> Self {
        Self {
            receiver,
            matchers: Vec::new(),
            group_by: Vec::new(),
            repeat_hours: None,
            go_on: false,
            routes: Vec::new(),
        }
    }

    /// Only of these. Said several times, an alert must fit all of them.
    #[must_use]
    pub fn when(mut self, matcher: Matcher) -> Self {
        self.matchers.push(matcher);
        self
    }

    /// Puts alerts into one message that have this label in common.
    #[must_use]
    pub fn group_by(mut self, label: &str) -> Self {
        self.group_by.push(label.to_owned());
        self
    }

    /// Says the same again after so many hours, while it lasts.
    #[must_use]
    pub fn repeat(mut self, hours: u32) -> Self {
        self.repeat_hours = Some(hours);
        self
    }

    /// The routes after this one are looked at too.
    #[must_use]
    pub fn and_go_on(mut self) -> Self {
        self.go_on = true;
        self
    }

    /// Of some of these alerts somebody else is told.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// This route and all below it.
    pub(super) fn all(&self) -> Vec<&Route> {
        let below = self.routes.iter().flat_map(Route::all);
        std::iter::once(self).chain(below).collect()
    }

    /// What its messages are put together by.
    pub(super) fn groups(&self) -> &[String] {
        &self.group_by
    }

    pub(super) fn yaml(&self) -> RouteYml {
        RouteYml {
            receiver: self.receiver.yaml.name.clone(),
            group_by: self.group_by.clone(),
            matchers: self.matchers.iter().map(Matcher::text).collect(),
            go_on: self.go_on.then_some(true),
            repeat_interval: self.repeat_hours.map(|hours| format!("{hours}h")),
            routes: self.routes.iter().map(Route::yaml).collect(),
            ..RouteYml::default()
        }
    }
}

impl Inhibition {
    /// Alerts that say enough.
    pub fn while_there_is(matcher: Matcher) -> Self {
        Self {
            enough: vec![matcher],
            needless: Vec::new(),
            equal: Vec::new(),
        }
    }

    /// The alerts that are not sent then.
    #[must_use]
    pub fn leave_out(mut self, matcher: Matcher) -> Self {
        self.needless.push(matcher);
        self
    }

    /// Only where both have the same value of this label.
    #[must_use]
    pub fn of_the_same(mut self, label: &str) -> Self {
        self.equal.push(label.to_owned());
        self
    }

    /// What is critical says enough; the warning that came before it is about the same.
    pub(super) fn usual() -> Self {
        Self::while_there_is(Matcher::is("severity", "critical"))
            .leave_out(Matcher::matches("severity", "warning|info"))
            .of_the_same("alertname")
            .of_the_same("namespace")
            .of_the_same("job")
    }

    pub(super) fn yaml(&self) -> InhibitRule {
        let texts = |matchers: &[Matcher]| matchers.iter().map(Matcher::text).collect();
        InhibitRule {
            source_matchers: texts(&self.enough),
            target_matchers: texts(&self.needless),
            equal: self.equal.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_value_may_be_matched() {
        for (matcher, text) in [
            (Matcher::is("a", "b"), r#"a="b""#),
            (Matcher::is_not("a", r#"say "b""#), r#"a!="say \"b\"""#),
            (Matcher::matches("a", r"\d+|x"), r#"a=~"\\d+|x""#),
            (Matcher::matches_not("a", "zwölf\n"), r#"a!~"zwölf\n""#),
        ] {
            assert_eq!(matcher.text(), text);
        }
    }
}
