//! The columns of policies, rights, networking and the API's own machinery.

use serde_json::{Value, json};

use super::cells::{count, each, number, selector, text_or};
use super::{Column, age, integer, name, text};

pub(super) fn columns(kind: &str) -> Option<Vec<Column>> {
    let created = || text("Created At", text_or("/metadata/creationTimestamp", ""));
    Some(match kind {
        "HorizontalPodAutoscaler" => scalers(),
        "PodDisruptionBudget" => vec![
            name(),
            text("Min Available", text_or("/spec/minAvailable", "N/A")),
            text("Max Unavailable", text_or("/spec/maxUnavailable", "N/A")),
            integer("Allowed Disruptions", number("/status/disruptionsAllowed")),
            age(),
        ],
        "Ingress" => ingresses(),
        "IngressClass" => vec![
            name(),
            text("Controller", text_or("/spec/controller", "")),
            text("Parameters", text_or("/spec/parameters/name", "<none>")),
            age(),
        ],
        "NetworkPolicy" => vec![
            name(),
            text("Pod-Selector", selector("/spec/podSelector")),
            age(),
        ],
        "Role" | "ClusterRole" | "CustomResourceDefinition" | "LimitRange" => {
            vec![name(), created()]
        }
        "RoleBinding" | "ClusterRoleBinding" => bindings(),
        "Lease" => vec![
            name(),
            text("Holder", text_or("/spec/holderIdentity", "")),
            age(),
        ],
        "PriorityClass" => vec![
            name(),
            integer("Value", number("/value")),
            Column::new("Global-Default", "boolean", |class| {
                json!(class["globalDefault"] == json!(true))
            }),
            age(),
            text("PreemptionPolicy", text_or("/preemptionPolicy", "")),
        ],
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            vec![name(), integer("Webhooks", count(&["/webhooks"])), age()]
        }
        "EndpointSlice" => slices(),
        _ => return None,
    })
}

fn scalers() -> Vec<Column> {
    let reference = |scaler: &Value| {
        let target = &scaler["spec"]["scaleTargetRef"];
        let part = |key: &str| target[key].as_str().unwrap_or_default().to_owned();
        json!(format!("{}/{}", part("kind"), part("name")))
    };
    let targets = |scaler: &Value| {
        let metrics = scaler["spec"]["metrics"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|metric| {
                let resource = &metric["resource"];
                let wanted = match resource["target"]["averageUtilization"].as_i64() {
                    Some(percent) => format!("{percent}%"),
                    None => resource["target"]["averageValue"]
                        .as_str()
                        .unwrap_or("<auto>")
                        .to_owned(),
                };
                format!(
                    "{}: <unknown>/{wanted}",
                    resource["name"].as_str().unwrap_or_default()
                )
            });
        let metrics: Vec<String> = metrics.collect();
        if metrics.is_empty() {
            json!("<none>")
        } else {
            json!(metrics.join(", "))
        }
    };
    vec![
        name(),
        text("Reference", reference),
        text("Targets", targets),
        text("MinPods", text_or("/spec/minReplicas", "<unset>")),
        text("MaxPods", number("/spec/maxReplicas")),
        text("Replicas", number("/status/currentReplicas")),
        age(),
    ]
}

fn ingresses() -> Vec<Column> {
    let hosts = |ingress: &Value| {
        let hosts = each(&ingress["spec"]["rules"], "host");
        if hosts.is_empty() {
            json!("*")
        } else {
            json!(hosts)
        }
    };
    let ports = |ingress: &Value| {
        let has_tls = ingress["spec"]["tls"]
            .as_array()
            .is_some_and(|tls| !tls.is_empty());
        json!(if has_tls { "80, 443" } else { "80" })
    };
    vec![
        name(),
        text("Class", text_or("/spec/ingressClassName", "<none>")),
        text("Hosts", hosts),
        text("Address", |ingress| {
            json!(each(&ingress["status"]["loadBalancer"]["ingress"], "ip"))
        }),
        text("Ports", ports),
        age(),
    ]
}

fn bindings() -> Vec<Column> {
    let role = |binding: &Value| {
        let part = |key: &str| {
            binding["roleRef"][key]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        json!(format!("{}/{}", part("kind"), part("name")))
    };
    let subjects = |kind: &'static str| {
        move |binding: &Value| {
            let subjects = binding["subjects"].as_array().into_iter().flatten();
            let names = subjects
                .filter(|subject| subject["kind"] == kind)
                .map(|subject| {
                    let name = subject["name"].as_str().unwrap_or_default();
                    match subject["namespace"].as_str() {
                        Some(namespace) => format!("{namespace}/{name}"),
                        None => name.to_owned(),
                    }
                });
            json!(names.collect::<Vec<_>>().join(", "))
        }
    };
    vec![
        name(),
        text("Role", role),
        age(),
        text("Users", subjects("User")).wide(),
        text("Groups", subjects("Group")).wide(),
        text("ServiceAccounts", subjects("ServiceAccount")).wide(),
    ]
}

fn slices() -> Vec<Column> {
    let ports = |slice: &Value| {
        let ports = slice["ports"].as_array().into_iter().flatten();
        let ports: Vec<String> = ports.map(|port| port["port"].to_string()).collect();
        if ports.is_empty() {
            json!("<unset>")
        } else {
            json!(ports.join(","))
        }
    };
    let endpoints = |slice: &Value| {
        let endpoints = slice["endpoints"].as_array().into_iter().flatten();
        let addresses = endpoints
            .filter_map(|endpoint| endpoint["addresses"].as_array())
            .flatten();
        let addresses: Vec<&str> = addresses.filter_map(Value::as_str).collect();
        if addresses.is_empty() {
            json!("<unset>")
        } else {
            json!(addresses.join(","))
        }
    };
    vec![
        name(),
        text("AddressType", text_or("/addressType", "")),
        text("Ports", ports),
        text("Endpoints", endpoints),
        age(),
    ]
}
