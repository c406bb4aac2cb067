//! What is an item of a request found by, as the collector makes it: each signal in its own way?

use std::collections::HashMap;

use crate::{
    Signal, identity, ottl,
    settings::RoutingKey,
    text,
    wire::{self, Attribute, Resource, Scope, Value, attributes},
};

const SERVICE: &str = "service.name";
/// What no attribute is, and can be named beside them.
const SPAN_KIND: &str = "span.kind";
const SPAN_NAME: &str = "span.name";
const SEVERITY: &str = "log.severity";
const BODY: &str = "log.body";

/// The keys of a request's items, asked for one after the other.
pub(super) struct Keys<'k> {
    signal: Signal,
    routing: &'k RoutingKey,
    /// The traces of a scope, which are found by their first spans there.
    traces: HashMap<Vec<u8>, Vec<u8>>,
    scope: Option<usize>,
    /// A resource's name, and where the resource begins.
    resource: Option<(usize, String)>,
}

/// What an item is found by.
pub(super) enum Found {
    /// One key.
    Whole(Vec<u8>),
    /// One for each of its data points.
    Points(Vec<Vec<u8>>),
}

type Whose<'n, 'a> = (&'n Resource<'a>, &'n Scope<'a>);

impl<'k> Keys<'k> {
    pub(super) fn new(signal: Signal, routing: &'k RoutingKey) -> Self {
        Self {
            signal,
            routing,
            traces: HashMap::new(),
            scope: None,
            resource: None,
        }
    }

    pub(super) fn of(&mut self, whose: Whose<'_, '_>, item: &[u8]) -> Found {
        Found::Whole(match (self.routing, self.signal) {
            (RoutingKey::TraceId, Signal::Logs) => {
                // A record without one goes anywhere.
                let anywhere = || fastrand::u128(..).to_be_bytes().to_vec();
                text::hex(&id(item, 9).unwrap_or_else(anywhere)).into_bytes()
            }
            (RoutingKey::TraceId, _) => id(item, 1).unwrap_or_else(|| vec![0; 16]),
            (RoutingKey::Metric, _) => wire::bytes_of(item, 1).to_vec(),
            (RoutingKey::Service, Signal::Traces) => self.of_trace(whose, item, &[SERVICE.into()]),
            (RoutingKey::Attributes(names), Signal::Traces) => self.of_trace(whose, item, names),
            (RoutingKey::Service, _) => service(whose.0).into_bytes(),
            (RoutingKey::Resource, _) => self.of_resource(whose.0).into_bytes(),
            (RoutingKey::Attributes(names), Signal::Logs) => of_record(whose, item, names),
            (RoutingKey::Attributes(names), Signal::Metrics) => {
                return of_points(
                    item,
                    || of_descriptions(whose, names),
                    |(known, left), point| {
                        let mut key = known.clone();
                        for name in left {
                            add(&mut key, name, find(point, name));
                        }
                        key
                    },
                );
            }
            (RoutingKey::StreamId, _) => {
                let metric = || identity::metric(whose.0, whose.1, item);
                return of_points(item, metric, |metric, point| {
                    identity::stream(metric, point.iter().copied()).into_bytes()
                });
            }
        })
    }

    /// All spans of a trace in a scope go where the first one goes.
    fn of_trace(&mut self, whose: Whose<'_, '_>, span: &[u8], names: &[String]) -> Vec<u8> {
        let at = whose.1.content().start;
        if self.scope != Some(at) {
            (self.scope, self.traces) = (Some(at), HashMap::new());
        }
        let trace = id(span, 1).unwrap_or_default();
        let first = || of_span(whose, span, names);
        self.traces.entry(trace).or_insert_with(first).clone()
    }

    fn of_resource(&mut self, resource: &Resource<'_>) -> String {
        let at = resource.range().start;
        let known = self.resource.take().filter(|(known, _)| *known == at);
        let (_, name) = self
            .resource
            .insert(known.unwrap_or_else(|| (at, identity::resource(resource))));
        name.clone()
    }
}

/// An id, unless it is zero.
fn id(item: &[u8], number: u32) -> Option<Vec<u8>> {
    let id = wire::bytes_of(item, number);
    id.iter().any(|byte| *byte != 0).then(|| id.to_vec())
}

/// The service of metrics and log records, if its name is a text.
fn service(resource: &Resource<'_>) -> String {
    match resource
        .resource_attributes()
        .find(|one| one.key == SERVICE)
    {
        Some(Attribute {
            value: Value::Text(name),
            ..
        }) => name.to_owned(),
        _ => String::new(),
    }
}

/// The first attribute of that name.
fn find<'a>(attributes: &[Attribute<'a>], name: &str) -> Option<Value<'a>> {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    found.map(|attribute| attribute.value)
}

/// Adds `name=value|`, also where there is no value.
fn add(key: &mut Vec<u8>, name: &str, value: Option<Value<'_>>) {
    add_text(
        key,
        name,
        &value.map(|value| text::text(&value)).unwrap_or_default(),
    );
}

fn add_text(key: &mut Vec<u8>, name: &str, value: &str) {
    key.extend([name, "=", value, "|"].concat().into_bytes());
}

/// Each attribute in its turn: of the resource, else of the scope, else of the span.
fn of_span((resource, scope): Whose<'_, '_>, span: &[u8], names: &[String]) -> Vec<u8> {
    let resource: Vec<_> = resource.resource_attributes().collect();
    let scope: Vec<_> = scope.scope_attributes().collect();
    let own: Vec<_> = attributes(span, 9).collect();
    let mut key = Vec::new();
    for name in names {
        match find(&resource, name).or_else(|| find(&scope, name)) {
            Some(value) => add(&mut key, name, Some(value)),
            None if name == SPAN_KIND => {
                let kind = wire::number_of(span, 6).cast_signed();
                add_text(&mut key, name, ottl::span_kind(kind));
            }
            None if name == SPAN_NAME => add_text(&mut key, name, &string(span, 5)),
            None => add(&mut key, name, find(&own, name)),
        }
    }
    key
}

/// What the resource says first, then what the scope says of the rest; and of which attributes neither says anything.
fn of_descriptions<'n>(
    (resource, scope): Whose<'_, '_>,
    names: &'n [String],
) -> (Vec<u8>, Vec<&'n str>) {
    let mut key = Vec::new();
    let mut left: Vec<&str> = names.iter().map(String::as_str).collect();
    let levels: [Vec<_>; 2] = [
        resource.resource_attributes().collect(),
        scope.scope_attributes().collect(),
    ];
    for level in levels {
        left.retain(|name| {
            let value = find(&level, name);
            if value.is_some() {
                add(&mut key, name, value);
            }
            value.is_none()
        });
    }
    (key, left)
}

fn of_record(whose: Whose<'_, '_>, record: &[u8], names: &[String]) -> Vec<u8> {
    let (mut key, left) = of_descriptions(whose, names);
    let own: Vec<_> = attributes(record, 6).collect();
    for name in left {
        match name {
            SEVERITY => add_text(&mut key, name, &string(record, 3)),
            BODY => add(&mut key, name, Some(Value::read(wire::bytes_of(record, 5)))),
            _ => add(&mut key, name, find(&own, name)),
        }
    }
    key
}

/// The keys of a metric's points; a metric without any is found by what all of them would have in common.
fn of_points<C>(
    metric: &[u8],
    common: impl FnOnce() -> C,
    key: impl Fn(&C, &[Attribute<'_>]) -> Vec<u8>,
) -> Found {
    let common = common();
    let mut keys = Vec::new();
    if let Some(data) = ottl::data(metric) {
        let number = data.point_attributes();
        let mut point = Vec::new();
        for bytes in data.points() {
            point.clear();
            point.extend(attributes(bytes, number));
            keys.push(key(&common, &point));
        }
    }
    if keys.is_empty() {
        return Found::Whole(key(&common, &[]));
    }
    Found::Points(keys)
}

fn string(message: &[u8], number: u32) -> String {
    String::from_utf8_lossy(wire::bytes_of(message, number)).into_owned()
}
