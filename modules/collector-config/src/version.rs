//! Which collector reads a configuration: its version and what it was built from.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A collector version, such as `0.159.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

/// The builds of the collector that are published as images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distribution {
    /// `otelcol`: what the collector's own repository tends, and a little more.
    Core,
    /// `otelcol-k8s`: what a cluster needs, small.
    Kubernetes,
    /// `otelcol-contrib`: everything.
    Contrib,
    /// `otelcol-otlp`: OTLP in, OTLP out.
    Otlp,
    /// Jaeger v2, which is a collector with its own storage components.
    Jaeger,
    /// The gateway of this repository, which reads the same configuration.
    Gateway,
}

/// One collector program: a version of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version of the collector that it contains; Jaeger's own version differs.
    pub version: Version,
    /// What it was built from.
    pub distribution: Distribution,
}

impl Version {
    /// The version with these three numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// The version `0.minor.0`, which is how collectors are released.
    pub const fn minor(minor: u16) -> Self {
        Self::new(0, minor, 0)
    }
}

impl Distribution {
    /// What its program is called.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "otelcol",
            Self::Kubernetes => "otelcol-k8s",
            Self::Contrib => "otelcol-contrib",
            Self::Otlp => "otelcol-otlp",
            Self::Jaeger => "jaeger",
            Self::Gateway => "gateway",
        }
    }

    /// Every distribution of the collector.
    pub const ALL: &'static [Self] = &[
        Self::Core,
        Self::Kubernetes,
        Self::Contrib,
        Self::Otlp,
        Self::Jaeger,
    ];
    /// Those that can do more than pass OTLP on.
    pub const GENERAL: &'static [Self] =
        &[Self::Core, Self::Kubernetes, Self::Contrib, Self::Jaeger];
    /// The same but Jaeger.
    pub const CORE: &'static [Self] = &[Self::Core, Self::Kubernetes, Self::Contrib];
    /// Those that a cluster's collectors are made from.
    pub const COLLECTORS: &'static [Self] = &[Self::Kubernetes, Self::Contrib];
    /// `otelcol-contrib` alone.
    pub const CONTRIB: &'static [Self] = &[Self::Contrib];
    /// Jaeger alone.
    pub const JAEGER: &'static [Self] = &[Self::Jaeger];
}

impl Release {
    /// The newest `otelcol-k8s` whose schema this crate was checked against.
    pub const KUBERNETES: Self = Self {
        version: Version::minor(159),
        distribution: Distribution::Kubernetes,
    };
    /// The newest `otelcol-contrib` whose schema this crate was checked against.
    pub const CONTRIB: Self = Self {
        version: Version::minor(159),
        distribution: Distribution::Contrib,
    };
    /// The gateway of this repository, which takes the configuration of collector 0.159.
    pub const GATEWAY: Self = Self {
        version: Version::minor(159),
        distribution: Distribution::Gateway,
    };
    /// Jaeger 2.20, which contains collector 0.155.
    pub const JAEGER: Self = Self {
        version: Version::minor(155),
        distribution: Distribution::Jaeger,
    };
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.distribution, self.version)
    }
}

/// A text that is no version.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a version such as `0.159.0`")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let numbers: Option<Vec<u16>> = text
            .trim_start_matches('v')
            .split('.')
            .map(|part| part.parse().ok())
            .collect();
        match numbers.as_deref() {
            Some(&[major, minor, patch]) => Ok(Self::new(major, minor, patch)),
            _ => Err(VersionError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_and_not_by_letter() {
        assert!(Version::minor(9) < Version::minor(159));
        assert_eq!("v0.159.1".parse(), Ok(Version::new(0, 159, 1)));
        assert_eq!(
            "0.159".parse::<Version>(),
            Err(VersionError("0.159".into()))
        );
    }
}
