//! What is the program told? The file that it reads, as the package `injector` understands it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, Volume};
use serde::Serialize;

use super::{Asked, Injector, NEVER, Placement, sidecar::Made};
use crate::protocol::{OTLP_GRPC, OTLP_HTTP};

impl Asked {
    /// The annotations by which a Pod asks; the first that it has counts.
    pub(super) fn annotations(self) -> &'static [&'static str] {
        match self {
            Asked::InEitherWay => &[
                "sidecar.otelier.dev/inject",
                "sidecar.opentelemetry.io/inject",
            ],
            Asked::InOurs => &["sidecar.otelier.dev/inject"],
        }
    }
}

/// The program's configuration.
#[derive(Serialize)]
pub(super) struct Settings<'a> {
    name: &'a str,
    namespace: &'a str,
    stack: &'a str,
    annotations: &'static [&'static str],
    namespaces: BTreeMap<&'a str, Rule>,
    never: [&'static str; 2],
    sidecar: Added<'a>,
}

/// What holds in one namespace.
#[derive(Serialize)]
struct Rule {
    unasked: Unasked,
}

/// What a Pod gets that does not say anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Unasked {
    Leave,
    Inject,
}

#[derive(Serialize)]
struct Added<'a> {
    placement: &'static str,
    container: &'a Container,
    volumes: &'a [Volume],
    application: Application,
}

#[derive(Serialize)]
struct Application {
    grpc: String,
    http: String,
}

impl<'a> Settings<'a> {
    pub(super) fn of(
        injector: &'a Injector,
        made: &'a Made,
        namespace: &'a str,
        stack: &'a str,
    ) -> Self {
        let rules = injector.allowed.iter();
        let here = |port: u16| format!("http://127.0.0.1:{port}");
        Self {
            name: &made.container.name,
            namespace,
            stack,
            annotations: injector.asked.annotations(),
            namespaces: rules
                .map(|(name, unasked)| (name.as_str(), Rule { unasked: *unasked }))
                .collect(),
            never: NEVER,
            sidecar: Added {
                placement: match injector.placement {
                    Placement::Native => "native",
                    Placement::Plain => "plain",
                },
                container: &made.container,
                volumes: &made.volumes,
                application: Application {
                    grpc: here(OTLP_GRPC.number),
                    http: here(OTLP_HTTP.number),
                },
            },
        }
    }
}
