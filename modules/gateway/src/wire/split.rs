//! How is a request cut into smaller ones?

use bytes::Bytes;
use collector_config::Signal;

use super::{
    check,
    pieces::Pieces,
    view::{Node, resources},
};
use crate::Chunks;

/// How large a part may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Spans, data points or log records; no limit: `u64::MAX`.
    pub items: u64,
    /// Bytes; no limit: `usize::MAX`.
    pub bytes: usize,
}

/// One of the requests that a request was cut into.
#[derive(Clone, Debug)]
pub struct Part {
    /// The request. Its long pieces share the memory of the one that was cut.
    pub body: Chunks,
    /// How many items it has.
    pub items: u64,
}

/// Cuts a valid request into parts within these limits, in order, each as full as it can be.
///
/// Cuts are made between resources, scopes and items (metrics are not cut inside, so a metric may have more points
/// than allowed). What describes a resource or scope is repeated where one is cut. A part is larger than allowed if one
/// item is, with what describes it, and if the repeated descriptions would add up to more than the request itself
/// and a mebibyte: a sender cannot make us send a multiple of what it sent.
pub fn split(signal: Signal, body: &Bytes, limits: Limits) -> Vec<Part> {
    let mut cutter = Cutter {
        signal,
        body,
        limits,
        may_repeat: body.len() + (1 << 20),
        full: Vec::new(),
        part: Pieces::default(),
        items: 0,
    };
    for resource in resources(body) {
        cutter.resource(resource);
    }
    cutter.cut();
    cutter.full
}

/// Two keys and two lengths.
const PREFIXES: usize = 12;

struct Cutter<'a> {
    signal: Signal,
    body: &'a Bytes,
    limits: Limits,
    may_repeat: usize,
    full: Vec<Part>,
    part: Pieces,
    items: u64,
}

/// A resource or scope of which a part has some.
struct Open<'a> {
    node: Node<'a>,
    header: usize,
    within: Pieces,
}

impl<'a> Cutter<'a> {
    fn resource(&mut self, resource: Node<'a>) {
        let weight: u64 = resource
            .children()
            .map(|scope| self.weigh_scope(scope))
            .sum();
        if self.fits(weight, resource.range().len(), 0) {
            self.part.share(resource.range());
            self.items += weight;
            return;
        }
        if resource.children().next().is_none() {
            self.cut();
            self.part.share(resource.range());
            return;
        }
        let mut open = Open::new(resource);
        for scope in resource.children() {
            self.scope(&mut open, scope);
        }
        self.close(&mut open);
    }

    fn scope(&mut self, resource: &mut Open<'a>, scope: Node<'a>) {
        let weight = self.weigh_scope(scope);
        if self.fits(weight, scope.range().len(), resource.bytes()) {
            resource.within.share(scope.range());
            self.items += weight;
            return;
        }
        if scope.children().next().is_none() {
            self.cut_within(resource, None);
            resource.within.share(scope.range());
            return;
        }
        let mut open = Open::new(scope);
        for item in scope.children() {
            let weight = self.weigh(item);
            let bytes = item.range().len();
            if !self.fits(weight, bytes, resource.bytes() + open.bytes()) {
                self.cut_within(resource, Some(&mut open));
            }
            open.within.share(item.range());
            self.items += weight;
        }
        close(scope, &mut open, &mut resource.within);
    }

    fn fits(&self, items: u64, bytes: usize, around: usize) -> bool {
        self.items.saturating_add(items) <= self.limits.items
            && self.part.len() + around + bytes <= self.limits.bytes
    }

    fn weigh_scope(&self, scope: Node<'a>) -> u64 {
        scope.children().map(|item| self.weigh(item)).sum()
    }

    fn weigh(&self, item: Node<'a>) -> u64 {
        match self.signal {
            Signal::Metrics => check::points(item.message()),
            Signal::Traces | Signal::Logs => 1,
        }
    }

    /// Ends the part in the middle of a resource, and maybe of a scope.
    fn cut_within(&mut self, resource: &mut Open<'a>, scope: Option<&mut Open<'a>>) {
        let here = resource.within.len() + scope.as_ref().map_or(0, |scope| scope.within.len());
        let repeated = resource.header + scope.as_ref().map_or(0, |scope| scope.header);
        if here > 0 {
            let Some(left) = self.may_repeat.checked_sub(repeated) else {
                return;
            };
            self.may_repeat = left;
        }
        if let Some(scope) = scope {
            close(scope.node, scope, &mut resource.within);
        }
        self.close(resource);
        self.cut();
    }

    fn close(&mut self, resource: &mut Open<'a>) {
        close(resource.node, resource, &mut self.part);
    }

    fn cut(&mut self) {
        if self.part.len() > 0 {
            self.full.push(Part {
                body: std::mem::take(&mut self.part).chunks(self.body),
                items: std::mem::take(&mut self.items),
            });
        }
    }
}

impl<'a> Open<'a> {
    fn new(node: Node<'a>) -> Self {
        Self {
            node,
            header: node.header_bytes(),
            within: Pieces::default(),
        }
    }

    fn bytes(&self) -> usize {
        self.header + self.within.len() + PREFIXES
    }
}

/// Writes what is open, with its header again, unless it is empty.
fn close(node: Node<'_>, open: &mut Open<'_>, outer: &mut Pieces) {
    let within = std::mem::take(&mut open.within);
    if within.len() > 0 {
        outer.wrap(node, within);
    }
}
