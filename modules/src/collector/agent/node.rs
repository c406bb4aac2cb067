//! What does an agent see of its node? Mounts, ports, and the user that may read them.

use k8s_openapi::api::core::v1::HostPathVolumeSource;

use super::{Agent, ContainerRuntime, Reached};
use crate::{
    pod::{Pod, User},
    protocol::{OTLP_GRPC, OTLP_HTTP},
};

/// Where the node's root directory is seen.
pub(super) const HOST_ROOT: &str = "/hostfs";
/// Where it is kept how far each file was read, and what waits to be sent.
pub(super) const POSITIONS: &str = "/var/lib/otelcol";
/// Everything that is mounted.
pub(super) const MOUNTS: [&str; 3] = [HOST_ROOT, POSITIONS, "/var/log/pods"];

impl Agent {
    /// Logs belong to root and are shown to nobody else, so the agent is root, without any of its capabilities.
    pub(super) fn see_the_node(&self, namespace: &str, name: &str, pod: &mut Pod) {
        pod.user = User {
            uid: 0,
            gid: 0,
            volumes: None,
        };
        pod.tolerate_all = true;
        pod.priority_class.clone_from(&self.priority);
        pod.host_path("root", HOST_ROOT, host("/", None));
        pod.host_path("logs", "/var/log/pods", host("/var/log/pods", None));
        if self.runtime == ContainerRuntime::Docker {
            let path = "/var/lib/docker/containers";
            pod.host_path("docker", path, host(path, None));
        }
        let own = format!("{POSITIONS}/{namespace}-{name}");
        pod.host_path(
            "positions",
            POSITIONS,
            host(&own, Some("DirectoryOrCreate")),
        );
        if self.reached == Reached::ByNode {
            pod.on_host_port(OTLP_GRPC.name);
            pod.on_host_port(OTLP_HTTP.name);
        }
    }
}

fn host(path: &str, kind: Option<&str>) -> HostPathVolumeSource {
    HostPathVolumeSource {
        path: path.to_owned(),
        type_: kind.map(str::to_owned),
    }
}
