//! How does a Service come to select the right Pods?

use serde_json::{Value, json};

use crate::{
    endpoint::{Destination, Endpoint, Port, Protocol, ServiceDestination},
    exposure::Exposure,
    graph::unknown_pods,
    id::ResourceId,
    k8s_openapi::api::core::v1::Service,
    kind::Kind,
    origin::Origin,
    pods::{Pods, template_path},
    resource::Resource,
    scope::Scope,
};

impl Scope<'_> {
    /// Writes a Service in front of `pods`, or adds the port to the one that stands there already.
    pub(super) fn put_service<P: Protocol>(
        &mut self,
        how: Exposure,
        pods: &Pods,
        port: Port<P>,
        origin: Origin,
    ) -> Endpoint<P> {
        let kind = Kind::of::<Service>();
        let namespace = pods.workload.namespace.clone().unwrap_or_default();
        let name = how.service_name(&pods.workload.name);
        let service = ResourceId::new(&kind, &namespace, name);
        let reach = how.reach;
        if self.workload(pods).is_none() {
            let finding = unknown_pods(&pods.workload, &origin);
            self.draft.findings.push(finding);
        }
        let entry = Self::service_port(port);
        let known = self
            .draft
            .resources
            .iter()
            .position(|resource| resource.id == service);
        if let Some(index) = known {
            add_port(&mut self.draft.resources[index], entry);
        } else {
            let object = self.service_object(how, pods, &service, &entry);
            self.insert_at(kind, Ok(object), origin);
        }
        Endpoint::new(Destination::Service(Box::new(ServiceDestination {
            service,
            pods: pods.clone(),
            reach,
            replicas: self.replicas(pods),
            port_name: port.name.to_owned(),
            port: port.number,
            transport: port.transport,
            scheme: P::SCHEME,
            security: port.security,
        })))
    }

    fn service_object(
        &self,
        how: Exposure,
        pods: &Pods,
        service: &ResourceId,
        port: &Value,
    ) -> Value {
        let selector = self
            .template(pods)
            .and_then(|template| template.pointer("/metadata/labels"))
            .cloned()
            .unwrap_or_else(|| json!({}));
        // What selects a workload's Pods also selects them for the Service: the workload's own selector, where
        // it has one, is smaller and never changes.
        let selector = self
            .workload(pods)
            .and_then(|workload| workload.at(&["spec", "selector", "matchLabels"]))
            .cloned()
            .unwrap_or(selector);
        let mut spec = how.spec();
        spec.insert("selector".into(), selector.clone());
        spec.insert("ports".into(), json!([port]));
        let mut metadata =
            json!({ "name": service.name, "namespace": service.namespace, "labels": selector });
        if !how.annotations.is_empty() {
            let annotations = how.annotations.into_iter();
            metadata["annotations"] = annotations.map(|(key, text)| (key, json!(text))).collect();
        }
        json!({ "metadata": metadata, "spec": spec })
    }

    fn service_port<P: Protocol>(port: Port<P>) -> Value {
        let mut entry = json!({
            "name": port.name,
            "port": port.number,
            "targetPort": port.name,
            "protocol": port.transport,
        });
        if let Some(app_protocol) = P::APP_PROTOCOL {
            entry["appProtocol"] = json!(app_protocol);
        }
        entry
    }

    fn workload(&self, pods: &Pods) -> Option<&Resource> {
        self.draft
            .resources
            .iter()
            .find(|resource| resource.id == pods.workload)
    }

    fn replicas(&self, pods: &Pods) -> u32 {
        self.workload(pods)
            .and_then(|workload| workload.at(&["spec", "replicas"]))
            .and_then(Value::as_u64)
            .map_or(1, |replicas| u32::try_from(replicas).unwrap_or(u32::MAX))
    }

    fn template(&self, pods: &Pods) -> Option<&Value> {
        let workload = self.workload(pods)?;
        workload.at(template_path(&workload.id.group, &workload.id.kind)?)
    }
}

/// A second port joins; the same port said twice is said once.
fn add_port(service: &mut Resource, entry: Value) {
    if let Some(ports) = service.object["spec"]["ports"].as_array_mut()
        && !ports.contains(&entry)
    {
        ports.push(entry);
    }
}
