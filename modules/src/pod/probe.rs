//! How is a container asked whether it works?

use k8s_openapi::{
    api::core::v1::{HTTPGetAction, Probe, TCPSocketAction},
    apimachinery::pkg::util::intstr::IntOrString,
};
use provider_core::Security;

/// Asks a path over HTTP.
pub(crate) fn http_probe(port: &str, path: &str) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(port.to_owned()),
            ..HTTPGetAction::default()
        }),
        ..Probe::default()
    }
}

/// The same probe of a port that speaks TLS. Nobody has to prove who they are: the Pod is asked by its address.
pub(crate) fn over(security: Security, mut probe: Probe) -> Probe {
    if let Some(request) = probe
        .http_get
        .as_mut()
        .filter(|_| security != Security::Plain)
    {
        request.scheme = Some("HTTPS".to_owned());
    }
    probe
}

/// Opens a connection.
pub(crate) fn tcp_probe(port: &str) -> Probe {
    Probe {
        tcp_socket: Some(TCPSocketAction {
            port: IntOrString::String(port.to_owned()),
            ..TCPSocketAction::default()
        }),
        ..Probe::default()
    }
}

/// The same probe every so many seconds, which fails after so many times.
pub(crate) fn every(probe: Probe, period_seconds: i32, failure_threshold: i32) -> Probe {
    Probe {
        period_seconds: Some(period_seconds),
        failure_threshold: Some(failure_threshold),
        ..probe
    }
}
