//! A Service stands in front of Pods.
//~ a `ConfigMap` does not run Pods
//~ name a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod

use provider::{Port, Protocol, Scope, k8s_openapi::api::core::v1::ConfigMap};

struct Http;
impl Protocol for Http {
    const SCHEME: &'static str = "http";
}
const HTTP: Port<Http> = Port::new("http", 80);

fn shop(stack: &mut Scope<'_>) {
    let settings = stack.add(ConfigMap::default());
    stack.expose(&settings, HTTP);
}

fn main() {}
