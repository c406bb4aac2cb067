//! What is added to a Pod of others, and what does the stack keep beside it?

use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, SeccompProfile, SecurityContext, Volume,
};
use provider_core::{Destination, Port, Scope};

use crate::{
    collector::Sidecar,
    pod::Pod,
    protocol::{OTLP_GRPC, OTLP_HTTP},
};

/// The image's own user.
const USER: i64 = 10001;

/// A sidecar that is ready to be added to any Pod of the namespaces that it was made for.
pub(super) struct Made {
    pub(super) container: Container,
    pub(super) volumes: Vec<Volume>,
    pub(super) sends: Vec<Destination>,
}

/// Keeps in each namespace what the sidecar mounts; it is called the same everywhere, because it is the same.
pub(super) fn keep<'a>(
    sidecar: &Sidecar,
    namespaces: impl Iterator<Item = &'a String>,
    scope: &mut Scope<'_>,
) -> Made {
    // The names of the objects begin with the stack's: the namespaces are others'.
    let owner = scope.stack().to_owned();
    let mut made = Made {
        container: Container::default(),
        volumes: Vec::new(),
        sends: Vec::new(),
    };
    for namespace in namespaces {
        made = scope.within_foreign(namespace, |scope| {
            let mut pod = Pod::new(&owner, "");
            let sends = sidecar.join(scope, &mut pod);
            Made {
                container: pod.init.into_iter().next().map(alone).unwrap_or_default(),
                volumes: pod.volumes,
                sends,
            }
        });
    }
    made
}

/// A container that is safe by itself: nobody knows what the Pod says for all of its containers.
fn alone(container: Container) -> Container {
    let mut ports = container.ports.unwrap_or_default();
    ports.push(declared(OTLP_GRPC));
    ports.push(declared(OTLP_HTTP));
    Container {
        ports: Some(ports),
        // Where the program puts it decides that.
        restart_policy: None,
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities {
                drop: Some(vec!["ALL".to_owned()]),
                ..Capabilities::default()
            }),
            read_only_root_filesystem: Some(true),
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                ..SeccompProfile::default()
            }),
            ..SecurityContext::default()
        }),
        ..container
    }
}

/// A port that only the same Pod reaches, declared so that a clash with the program's own is seen before it starts.
fn declared<P>(port: Port<P>) -> ContainerPort {
    ContainerPort {
        container_port: i32::from(port.number),
        protocol: Some(port.transport.to_string()),
        ..ContainerPort::default()
    }
}
