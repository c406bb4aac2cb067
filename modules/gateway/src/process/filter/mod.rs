//! What is left out because a condition is true for it?
//!
//! As the collector's processor `filter` 0.159 does it, with the conditions that [`crate::ottl`] knows.

use bytes::Bytes;
use collector_config::{
    Signal,
    components::{
        filter::Filter as Settings,
        ottl_groups::{About, Conditions, ErrorMode},
    },
    ottl::{self as language, Context},
};

use crate::{
    Chunks, Payload, Refusal,
    ottl::{Condition, Subject, Untold, data},
    pipeline::Step,
    put,
    wire::{
        self, Fields,
        edit::{self, Edit},
    },
};

/// Leaves out what a condition is true for.
#[derive(Debug, Default)]
pub struct Filter {
    traces: Rules,
    metrics: Rules,
    logs: Rules,
}

/// The conditions of one signal: whole resources, items, and parts of items (events, data points).
#[derive(Debug, Default)]
struct Rules {
    resources: Vec<Rule>,
    items: Vec<Rule>,
    parts: Vec<Rule>,
}

/// What is left of a request.
struct Left {
    body: Chunks,
    /// How many items were left out.
    gone: u64,
    /// Whether any span, metric or log record is left.
    kept: bool,
}

#[derive(Debug)]
struct Rule {
    condition: Condition,
    on_error: OnError,
}

/// What happens when it cannot be told whether a condition is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnError {
    /// It counts as false.
    Ignore,
    /// The request is refused.
    Refuse,
}

impl Filter {
    /// The filter of these settings.
    ///
    /// # Errors
    /// All that is wrong with them, or not done here.
    pub fn new(settings: &Settings) -> Result<Self, Vec<String>> {
        let mut reader = Reader {
            filter: Self::default(),
            wrong: Vec::new(),
            on_error: on_error(settings.error_mode),
        };
        let Settings {
            error_mode: _,
            trace_conditions,
            metric_conditions,
            log_conditions,
            traces,
            metrics,
            logs,
            spans,
        } = settings;
        let old = [
            ("spans", spans),
            ("metrics::include", &metrics.include),
            ("metrics::exclude", &metrics.exclude),
            ("metrics::regexp", &metrics.regexp),
            ("logs::include", &logs.include),
            ("logs::exclude", &logs.exclude),
        ];
        for (key, settings) in old {
            if !settings.is_empty() {
                reader.wrong.push(format!(
                    "{key}: the gateway takes conditions in OTTL instead"
                ));
            }
        }
        reader.conditions(Signal::Traces, trace_conditions);
        reader.conditions(Signal::Metrics, metric_conditions);
        reader.conditions(Signal::Logs, log_conditions);
        reader.texts(Signal::Traces, &traces.resource, Context::Resource);
        reader.texts(Signal::Traces, &traces.span, Context::Span);
        reader.texts(Signal::Traces, &traces.spanevent, Context::SpanEvent);
        reader.texts(Signal::Metrics, &metrics.resource, Context::Resource);
        reader.texts(Signal::Metrics, &metrics.metric, Context::Metric);
        reader.texts(Signal::Metrics, &metrics.datapoint, Context::DataPoint);
        reader.texts(Signal::Logs, &logs.resource, Context::Resource);
        reader.texts(Signal::Logs, &logs.log_record, Context::Log);
        if reader.wrong.is_empty() {
            Ok(reader.filter)
        } else {
            Err(reader.wrong)
        }
    }

    fn rules(&self, signal: Signal) -> &Rules {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Metrics => &self.metrics,
            Signal::Logs => &self.logs,
        }
    }
}

/// Reads the settings.
struct Reader {
    filter: Filter,
    wrong: Vec<String>,
    on_error: OnError,
}

impl Reader {
    fn conditions<A: language::About>(&mut self, signal: Signal, all: &[Conditions<A>]) {
        for one in all {
            match one {
                Conditions::One(condition) => {
                    self.add(signal, condition.as_str(), A::CONTEXTS, self.on_error);
                }
                Conditions::Group(group) => {
                    let contexts = match group.context {
                        None => A::CONTEXTS,
                        Some(about) => context(about),
                    };
                    let mode = group
                        .error_mode
                        .map_or(self.on_error, |mode| on_error(Some(mode)));
                    for text in &group.conditions {
                        self.add(signal, text, contexts, mode);
                    }
                }
            }
        }
    }

    fn texts<A: language::About>(
        &mut self,
        signal: Signal,
        all: &[language::Condition<A>],
        about: Context,
    ) {
        for condition in all {
            self.add(signal, condition.as_str(), &[about], self.on_error);
        }
    }

    fn add(&mut self, signal: Signal, text: &str, contexts: &[Context], on_error: OnError) {
        let condition = match Condition::new(text, contexts) {
            Ok(condition) => condition,
            Err(refused) => {
                self.wrong
                    .extend(refused.iter().map(|why| format!("`{text}`: {why}")));
                return;
            }
        };
        let rules = match signal {
            Signal::Traces => &mut self.filter.traces,
            Signal::Metrics => &mut self.filter.metrics,
            Signal::Logs => &mut self.filter.logs,
        };
        // What is left out is the smallest thing that the condition is about.
        let about = match contexts {
            [context] => [*context].into(),
            _ => condition.contexts(),
        };
        let list = if about.contains(&Context::SpanEvent) || about.contains(&Context::DataPoint) {
            &mut rules.parts
        } else if about.iter().all(|context| *context == Context::Resource) && !about.is_empty() {
            &mut rules.resources
        } else {
            &mut rules.items
        };
        list.push(Rule {
            condition,
            on_error,
        });
    }
}

fn context(about: About) -> &'static [Context] {
    match about {
        About::Resource => &[Context::Resource],
        About::Scope => &[Context::Scope],
        About::Span => &[Context::Span],
        About::SpanEvent => &[Context::SpanEvent],
        About::Metric => &[Context::Metric],
        About::DataPoint => &[Context::DataPoint],
        About::Exemplar => &[Context::Exemplar],
        About::Log => &[Context::Log],
        About::Profile => &[],
    }
}

fn on_error(mode: Option<ErrorMode>) -> OnError {
    match mode {
        None | Some(ErrorMode::Ignore | ErrorMode::Silent) => OnError::Ignore,
        Some(ErrorMode::Propagate) => OnError::Refuse,
    }
}

/// Whether one of these is true.
fn any(rules: &[Rule], subject: &Subject<'_>) -> Result<bool, Untold> {
    for rule in rules {
        match (rule.condition.holds(subject), rule.on_error) {
            (Ok(true), _) => return Ok(true),
            (Err(untold), OnError::Refuse) => return Err(untold),
            (Ok(false) | Err(_), _) => {}
        }
    }
    Ok(false)
}

impl Rules {
    fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.items.is_empty() && self.parts.is_empty()
    }

    /// What is left of a request, and how many items went; none if all of it is left.
    fn edited(&self, signal: Signal, body: &Bytes) -> Result<Option<Left>, Untold> {
        let mut untold = None;
        let (mut kept, mut gone) = (false, 0);
        // Decided once for a resource, whose items come one after the other.
        let mut whole: Option<(usize, bool)> = None;
        let edited = edit::items(body, |resource, scope, item| {
            let mut decide = || {
                let start = resource.range().start;
                let subject = Subject {
                    resource: *resource,
                    scope: Some(*scope),
                    item: item.message(),
                    part: &[],
                };
                let dropped = match whole {
                    Some((at, dropped)) if at == start => dropped,
                    _ => {
                        let dropped = any(
                            &self.resources,
                            &Subject {
                                scope: None,
                                item: &[],
                                ..subject
                            },
                        )?;
                        whole = Some((start, dropped));
                        dropped
                    }
                };
                if dropped || any(&self.items, &subject)? {
                    return Ok(Edit::Drop);
                }
                self.parts(signal, &subject)
            };
            let edit = decide().unwrap_or_else(|error| {
                untold = Some(error);
                Edit::Keep
            });
            let items = |message| wire::items_of(signal, message);
            match &edit {
                Edit::Drop => gone += items(item.message()),
                Edit::Replace(new) => gone += items(item.message()).saturating_sub(items(new)),
                Edit::Keep => {}
            }
            kept |= edit != Edit::Drop;
            edit
        });
        let left = edited.map(|body| Left { body, gone, kept });
        untold.map_or(Ok(left), Err)
    }

    /// Leaves out events of a span or points of a metric; a metric without points goes too.
    fn parts(&self, signal: Signal, subject: &Subject<'_>) -> Result<Edit, Untold> {
        const EVENTS: u32 = 11;
        if self.parts.is_empty() {
            return Ok(Edit::Keep);
        }
        if signal == Signal::Traces {
            let (content, left) = self.without(subject, subject.item, EVENTS)?;
            return Ok(left.map_or(Edit::Keep, |_| Edit::Replace(content)));
        }
        let Some(data) = data(subject.item) else {
            return Ok(Edit::Keep);
        };
        let (content, left) = self.without(subject, data.content, 1)?;
        Ok(match left {
            None => Edit::Keep,
            Some(0) => Edit::Drop,
            Some(_) => {
                let whole = edit::replace(subject.item, data.field, |out| {
                    put::bytes(out, data.field, &content);
                });
                Edit::Replace(whole)
            }
        })
    }

    /// A message without those parts of a repeated field that a condition is true for, and how many are left; none if all
    /// are.
    fn without(
        &self,
        subject: &Subject<'_>,
        message: &[u8],
        number: u32,
    ) -> Result<(Vec<u8>, Option<usize>), Untold> {
        let (mut content, mut left, mut dropped) = (Vec::with_capacity(message.len()), 0, false);
        for field in Fields::of(message) {
            if let Some(part) = field.value.bytes().filter(|_| field.number == number) {
                if any(&self.parts, &Subject { part, ..*subject })? {
                    dropped = true;
                    continue;
                }
                left += 1;
            }
            content.extend_from_slice(&message[field.range]);
        }
        Ok((content, dropped.then_some(left)))
    }
}

impl Step for Filter {
    fn apply(&self, payload: Payload) -> Result<Option<Payload>, Refusal> {
        let rules = self.rules(payload.signal);
        if rules.is_empty() {
            return Ok(Some(payload));
        }
        let edited = rules.edited(payload.signal, &payload.body.joined());
        let edited = edited.map_err(|untold| Refusal::invalid(format!("filter: {untold}")))?;
        let Some(Left { body, gone, kept }) = edited else {
            return Ok(Some(payload));
        };
        Ok(kept.then(|| Payload {
            body,
            items: payload.items.saturating_sub(gone),
            ..payload
        }))
    }
}

#[cfg(test)]
mod tests;
