//! What is wrong with a definition?

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use crate::{id::ResourceId, origin::Origin, resource::Resource};

/// One thing that is wrong with a definition: what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// A short stable name of the mistake, such as `dangling-reference`.
    pub rule: &'static str,
    /// The resource that it was found on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<ResourceId>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What would mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Everything that is wrong with a definition, all at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(pub Vec<Finding>);

impl Finding {
    /// A finding of that rule.
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            rule,
            subject: None,
            message: message.into(),
            hint: None,
            origin: None,
        }
    }

    /// Says which resource it was found on.
    #[must_use]
    pub fn on(mut self, subject: &ResourceId) -> Self {
        self.subject = Some(subject.clone());
        self
    }

    /// Says what would mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says which line asked for it.
    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        self.origin = Some(origin.clone());
        self
    }
}

impl Resource {
    /// A finding on this resource, at the line that added it.
    pub(crate) fn finding(&self, rule: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(rule, message).on(&self.id).at(&self.origin)
    }
}

impl Findings {
    /// Findings in the order of the lines that caused them. What is wrong once is said once, at the first line.
    pub fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by(|a, b| (&a.origin, a).cmp(&(&b.origin, b)));
        let mut said = BTreeSet::new();
        findings.retain(|finding| {
            let what = (
                finding.rule,
                finding.subject.clone(),
                finding.message.clone(),
            );
            said.insert(what)
        });
        Self(findings)
    }
}

impl std::error::Error for Findings {}

impl fmt::Display for Finding {
    /// ```text
    /// Deployment/shop/api refers to ConfigMap/shop/settings, which is not in this stack [dangling-reference]
    ///   at stacks/src/catalog/shop.rs:12:11
    ///   hint: add the ConfigMap, or …
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.rule)?;
        if let Some(origin) = &self.origin {
            write!(f, "\n  at {origin}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Findings(findings) = self;
        writeln!(f, "the definition has mistakes: {}", findings.len())?;
        for finding in findings {
            write!(f, "\n{finding}")?;
        }
        Ok(())
    }
}
