//! What is known about a component type before its settings are read.

use crate::component::{Class, Component, DescribeSettings, ReadSettings, described, details};
use crate::{Distribution, Release, Signal, Version};

/// A component type: what it is called, since when, where it is contained, what it carries, how ripe it is.
#[derive(Clone, Copy, Debug)]
pub struct ComponentType {
    /// Its role.
    pub class: Class,
    /// Its name today.
    pub name: &'static str,
    /// Its name of old, and the first version that knows the name of today.
    pub renamed: Option<(&'static str, Version)>,
    /// The distributions that contain it, or did until it was removed.
    pub distributions: &'static [Distribution],
    /// The first version of those distributions with it; none where it was there before anyone asks.
    pub since: Option<Version>,
    /// The first version without it, and what takes its place.
    pub removed: Option<Removed>,
    /// Whether the gateway of this repository runs it too.
    pub in_gateway: bool,
    /// What it carries.
    pub carries: Carries,
    /// How ripe it is.
    pub maturity: Maturity,
    /// Reads its settings; types whose settings are not described here have none.
    pub read: Option<ReadSettings>,
    /// Likewise, as a value of its type.
    pub(crate) describe: Option<DescribeSettings>,
}

/// What a component carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// These signals.
    Signals(&'static [Signal]),
    /// From the first signal to the second: connectors.
    Joints(&'static [(Signal, Signal)]),
    /// None: extensions.
    Nothing,
    /// Nobody wrote it down yet.
    Unknown,
}

/// How ripe a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maturity {
    /// The same for all that it carries.
    Same(Stability),
    /// Another for each signal.
    Each(&'static [(Signal, Stability)]),
    /// Nobody wrote it down yet.
    Unknown,
}

/// How much a component may still change, as its authors say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stability {
    /// It will be removed.
    Deprecated,
    /// Not all of it is there.
    Development,
    /// It works, and its settings may change without notice.
    Alpha,
    /// Its settings change with notice.
    Beta,
    /// Its settings do not change.
    Stable,
}

/// The end of a component type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Removed {
    /// The first version without it.
    pub at: Version,
    /// What takes its place, as the end of a sentence that begins with "use".
    pub instead: &'static str,
}

/// Whether a program contains a component type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Containment {
    /// It does.
    Contained,
    /// It never did; other distributions do.
    Elsewhere,
    /// From this version on it does.
    Since(Version),
    /// It no longer does.
    Gone(Removed),
}

/// How the types of the catalogue are written down: the fields of a type, one after the other.
impl ComponentType {
    /// A type whose settings are described by `C`.
    pub(crate) const fn of<C: Component>(class: Class, name: &'static str) -> Self {
        let undescribed = Self::named(class, name);
        Self {
            read: Some(details::<C>),
            describe: Some(described::<C>),
            ..undescribed
        }
    }

    /// A type whose settings are passed on as they are.
    pub(crate) const fn named(class: Class, name: &'static str) -> Self {
        Self {
            class,
            name,
            renamed: None,
            distributions: Distribution::COLLECTORS,
            since: None,
            removed: None,
            in_gateway: false,
            carries: match class {
                Class::Extension => Carries::Nothing,
                _ => Carries::Unknown,
            },
            maturity: Maturity::Unknown,
            read: None,
            describe: None,
        }
    }

    /// It was called `old` before version `0.since`.
    pub(crate) const fn renamed_from(self, old: &'static str, since: u16) -> Self {
        Self {
            renamed: Some((old, Version::minor(since))),
            ..self
        }
    }

    /// The gateway of this repository runs it too.
    pub(crate) const fn in_gateway(self) -> Self {
        Self {
            in_gateway: true,
            ..self
        }
    }

    /// These distributions contain it, and no others.
    pub(crate) const fn within(self, distributions: &'static [Distribution]) -> Self {
        Self {
            distributions,
            ..self
        }
    }

    /// The distributions contain it since version `0.since`.
    pub(crate) const fn since(self, since: u16) -> Self {
        Self {
            since: Some(Version::minor(since)),
            ..self
        }
    }

    /// It is not contained in version `0.at` and later.
    pub(crate) const fn removed(self, at: u16, instead: &'static str) -> Self {
        let at = Version::minor(at);
        Self {
            removed: Some(Removed { at, instead }),
            maturity: Maturity::Same(Stability::Deprecated),
            ..self
        }
    }

    /// It carries these signals.
    pub(crate) const fn signals(self, signals: &'static [Signal]) -> Self {
        Self {
            carries: Carries::Signals(signals),
            ..self
        }
    }

    /// It leads from one signal to another.
    pub(crate) const fn joints(self, joints: &'static [(Signal, Signal)]) -> Self {
        Self {
            carries: Carries::Joints(joints),
            ..self
        }
    }

    /// It is as ripe for everything that it carries.
    pub(crate) const fn ripe(self, stability: Stability) -> Self {
        Self {
            maturity: Maturity::Same(stability),
            ..self
        }
    }

    /// It is not as ripe for each signal.
    pub(crate) const fn ripe_for(self, each: &'static [(Signal, Stability)]) -> Self {
        Self {
            maturity: Maturity::Each(each),
            ..self
        }
    }
}

impl ComponentType {
    /// Whether data of `signal` can come out of it at the beginning of a pipeline.
    pub fn begins(&self, signal: Signal) -> bool {
        match self.carries {
            Carries::Signals(signals) => signals.contains(&signal),
            Carries::Joints(joints) => joints.iter().any(|(_, to)| *to == signal),
            Carries::Nothing => false,
            Carries::Unknown => true,
        }
    }

    /// Whether data of `signal` can go into it in the middle or at the end of a pipeline.
    pub fn takes(&self, signal: Signal) -> bool {
        match self.carries {
            Carries::Signals(signals) => signals.contains(&signal),
            Carries::Joints(joints) => joints.iter().any(|(from, _)| *from == signal),
            Carries::Nothing => false,
            Carries::Unknown => true,
        }
    }

    /// How ripe it is for one signal, where it takes or gives it; extensions are as ripe for all.
    pub fn stability(&self, signal: Signal) -> Option<Stability> {
        let carries = self.begins(signal) || self.takes(signal);
        match self.maturity {
            Maturity::Same(stability) => {
                (carries || self.class == Class::Extension).then_some(stability)
            }
            Maturity::Each(each) => each
                .iter()
                .find(|(of, _)| *of == signal)
                .map(|(_, stability)| *stability),
            Maturity::Unknown => None,
        }
    }

    /// Whether a program contains it.
    pub fn contained_in(&self, release: Release) -> Containment {
        let contained = match release.distribution {
            Distribution::Gateway => self.in_gateway,
            distribution => self.distributions.contains(&distribution),
        };
        if !contained {
            return Containment::Elsewhere;
        }
        if let Some(removed) = self.removed
            && removed.at <= release.version
        {
            return Containment::Gone(removed);
        }
        match self.since {
            Some(since) if release.version < since => Containment::Since(since),
            _ => Containment::Contained,
        }
    }
}
