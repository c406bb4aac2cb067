//! Do conditions in OTTL hold for a span or one of its events?

use collector_config::{
    components::{ottl_groups::ErrorMode, tail_sampling::Ottl},
    ottl::{self as language, Context},
};

use crate::{
    ottl::{Condition, Subject, Untold},
    wire::{FieldValue, Fields, Node},
};

/// Conditions of one policy: one that holds is enough, for a span before its events.
#[derive(Debug)]
pub(super) struct Conditions {
    spans: Vec<Condition>,
    events: Vec<Condition>,
    on_error: OnError,
}

/// What happens when it cannot be told whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnError {
    /// It does not.
    Ignore,
    /// The policy has no vote.
    Propagate,
}

/// What stands around a span.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) resource: Node<'a>,
    pub(super) scope: Node<'a>,
}

/// The number of a span's events.
const EVENTS: u32 = 11;

impl Conditions {
    /// The conditions of these settings; what is wrong with them, or not done here.
    pub(super) fn new(settings: &Ottl) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let spans = read(&settings.span, Context::Span, &mut wrong);
        let events = read(&settings.spanevent, Context::SpanEvent, &mut wrong);
        let on_error = match settings.error_mode {
            // As in contrib: where nothing is said, nothing is propagated.
            None | Some(ErrorMode::Ignore | ErrorMode::Silent) => OnError::Ignore,
            Some(ErrorMode::Propagate) => OnError::Propagate,
        };
        if wrong.is_empty() {
            Ok(Self {
                spans,
                events,
                on_error,
            })
        } else {
            Err(wrong)
        }
    }

    /// Whether one of them holds for this span or one of its events.
    pub(super) fn hold(&self, span: &[u8], around: Around<'_>) -> Result<bool, Untold> {
        let mut subject = Subject {
            resource: around.resource,
            scope: Some(around.scope),
            item: span,
            part: &[],
        };
        if self.any(&self.spans, &subject)? {
            return Ok(true);
        }
        if self.events.is_empty() {
            return Ok(false);
        }
        for field in Fields::of(span) {
            if let (EVENTS, FieldValue::Length(event)) = (field.number, field.value) {
                subject.part = event;
                if self.any(&self.events, &subject)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn any(&self, conditions: &[Condition], subject: &Subject<'_>) -> Result<bool, Untold> {
        for condition in conditions {
            match condition.holds(subject) {
                Ok(true) => return Ok(true),
                Err(untold) if self.on_error == OnError::Propagate => return Err(untold),
                Ok(false) | Err(_) => {}
            }
        }
        Ok(false)
    }
}

fn read<A: language::About>(
    conditions: &[language::Condition<A>],
    about: Context,
    wrong: &mut Vec<String>,
) -> Vec<Condition> {
    let mut all = Vec::new();
    for condition in conditions {
        let text = condition.as_str();
        match Condition::new(text, &[about]) {
            Ok(condition) => all.push(condition),
            Err(refused) => wrong.extend(refused.iter().map(|why| format!("`{text}`: {why}"))),
        }
    }
    all
}
