//! How does Jaeger v2 tell programs which traces to begin? From a file, or from what it has seen lately.

use serde::{Deserialize, Serialize};

use super::{
    jaeger::JaegerStorage,
    otlp::{GrpcServer, HttpServer},
};
use crate::component::{Class, Component};
use crate::{ComponentId, ComponentType, Distribution, Duration, Signal};

/// Answers programs that ask which share of their traces to begin. Exactly one source of answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteSampling {
    /// From a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<SamplingFile>,
    /// From what was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<Adaptive>,
    /// Over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpServer>,
    /// Over gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcServer>,
}

/// Shares that stand in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplingFile {
    /// The file; without one the share below holds for everyone.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// How often it is read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reload_interval: Option<Duration>,
    /// The share where the file says nothing, from 0 to 1.
    pub default_sampling_probability: f64,
}

/// Shares that follow the traffic, so that each operation begins about as many traces a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adaptive {
    /// The backend that keeps what was seen.
    pub sampling_store: String,
    /// How many traces a second each operation is to begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_samples_per_second: Option<f64>,
    /// The share of an operation that was never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_sampling_probability: Option<f64>,
}

/// Counts what goes by, for [`Adaptive`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveSampling {}

const JAEGER: &[Distribution] = &[Distribution::Jaeger];

impl Component for RemoteSampling {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Extension, "remote_sampling").within(JAEGER);

    fn extensions(&self) -> Vec<ComponentId> {
        let stored = self.adaptive.iter();
        stored.map(|_| ComponentId::of::<JaegerStorage>()).collect()
    }

    fn mistakes(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.file.is_some() == self.adaptive.is_some() {
            found.push("exactly one of `file` and `adaptive` is needed".to_owned());
        }
        let file = self.file.iter();
        let shares = file.map(|file| file.default_sampling_probability).chain(
            self.adaptive
                .iter()
                .filter_map(|a| a.initial_sampling_probability),
        );
        for share in shares.filter(|share| !(0.0..=1.0).contains(share)) {
            found.push(format!(
                "a share lies between 0 and 1, and {share} does not"
            ));
        }
        found
    }
}

impl Component for AdaptiveSampling {
    const TYPE: &'static ComponentType =
        &ComponentType::of::<Self>(Class::Processor, "adaptive_sampling")
            .signals(&[Signal::Traces])
            .within(JAEGER);

    fn extensions(&self) -> Vec<ComponentId> {
        vec![ComponentId::of::<RemoteSampling>()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_answered_from_one_source() {
        let file = Some(SamplingFile {
            default_sampling_probability: 0.1,
            ..SamplingFile::default()
        });
        let adaptive = Some(Adaptive {
            initial_sampling_probability: Some(2.0),
            ..Adaptive::default()
        });
        let of = |file, adaptive| RemoteSampling {
            file,
            adaptive,
            ..RemoteSampling::default()
        };
        for (sampling, mistakes) in [
            (of(file.clone(), None), 0),
            (of(None, None), 1),
            (of(None, adaptive.clone()), 1),
            (of(file, adaptive), 2),
        ] {
            assert_eq!(sampling.mistakes().len(), mistakes, "{sampling:?}");
        }
    }
}
