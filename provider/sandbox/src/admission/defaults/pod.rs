//! What the API fills in for Pods, templates and containers.

use serde_json::{Map, Value, json};

use super::super::edit::{child, items, lacks, object, or_set, or_set_zero, text};

/// A Pod of its own, not a template: requests follow limits, host network ports are host ports.
pub(super) fn pod(object: &mut Value) {
    let spec = child(object, "spec");
    for list in ["containers", "initContainers"] {
        for container in items(spec, list) {
            requests_from_limits(container);
        }
    }
    pod_level_resources(spec);
    or_set(spec, "enableServiceLinks", true);
    host_network_ports(spec);
    super::or_phase(object, "Pending");
}

/// A Pod's or template's spec.
pub(super) fn spec(spec: &mut Value) {
    or_set_zero(spec, "dnsPolicy", "ClusterFirst");
    or_set_zero(spec, "restartPolicy", "Always");
    or_set(spec, "securityContext", json!({}));
    or_set(spec, "terminationGracePeriodSeconds", 30);
    or_set_zero(spec, "schedulerName", "default-scheduler");
    // The old name of the field is kept in step by the conversion between API versions.
    if !text(spec, "serviceAccountName").is_empty() || !text(spec, "serviceAccount").is_empty() {
        let name = if text(spec, "serviceAccountName").is_empty() {
            text(spec, "serviceAccount")
        } else {
            text(spec, "serviceAccountName")
        };
        let name = name.to_owned();
        object(spec).insert("serviceAccount".into(), json!(name));
        object(spec).insert("serviceAccountName".into(), json!(name));
    }
}

/// A container of any sort.
pub(super) fn container(container: &mut Value) {
    let policy = pull_policy(text(container, "image"));
    or_set_zero(container, "imagePullPolicy", policy);
    or_set_zero(container, "terminationMessagePath", "/dev/termination-log");
    or_set_zero(container, "terminationMessagePolicy", "File");
}

/// A probe of any sort.
pub(super) fn probe(probe: &mut Value) {
    or_set_zero(probe, "timeoutSeconds", 1);
    or_set_zero(probe, "periodSeconds", 10);
    or_set_zero(probe, "successThreshold", 1);
    or_set_zero(probe, "failureThreshold", 3);
}

/// An HTTP request of a probe or a hook.
pub(super) fn http_get(action: &mut Value) {
    or_set_zero(action, "path", "/");
    or_set_zero(action, "scheme", "HTTP");
}

/// A gRPC probe: the service is always there, if only as an empty text.
pub(super) fn grpc(action: &mut Value) {
    or_set(action, "service", "");
}

/// A reference to a field of the Pod.
pub(super) fn field_ref(selector: &mut Value) {
    or_set_zero(selector, "apiVersion", "v1");
}

/// How an image is pulled when nobody says: always, if its tag moves.
pub(super) fn pull_policy(image: &str) -> &'static str {
    if !is_reference(image) {
        return "IfNotPresent";
    }
    let tagged = match image.rsplit_once('@') {
        Some((name, _)) => {
            return if tag_of(name) == Some("latest") {
                "Always"
            } else {
                "IfNotPresent"
            };
        }
        None => tag_of(image),
    };
    if image.is_empty() || matches!(tagged, Some(tag) if tag != "latest") {
        "IfNotPresent"
    } else {
        "Always"
    }
}

/// Whether a container registry could know the name: all but the host is lower case.
fn is_reference(image: &str) -> bool {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("", name),
    };
    let (path, tag) = match path.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (path, ""),
    };
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let legal = |part: &str| {
        part.starts_with(lower)
            && part.ends_with(lower)
            && part
                .chars()
                .all(|c| lower(c) || matches!(c, '-' | '_' | '.'))
    };
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    path.split('/').all(legal) && tag.chars().all(word) && host.chars().all(|c| word(c) || c == ':')
}

fn tag_of(name: &str) -> Option<&str> {
    // A colon before the last slash belongs to the registry's port.
    let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
    last.split_once(':').map(|(_, tag)| tag)
}

fn requests_from_limits(container: &mut Value) {
    let Some(limits) = container
        .pointer("/resources/limits")
        .and_then(Value::as_object)
        .cloned()
    else {
        return;
    };
    let requests = object(child(child(container, "resources"), "requests"));
    for (name, amount) in limits {
        requests.entry(name).or_insert(amount);
    }
}

/// Requests of the whole Pod follow its limits where its containers ask for nothing.
fn pod_level_resources(spec: &mut Value) {
    let Some(limits) = spec
        .pointer("/resources/limits")
        .and_then(Value::as_object)
        .cloned()
    else {
        return;
    };
    let asked: Vec<Map<String, Value>> = spec
        .get("containers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|container| {
            container
                .pointer("/resources/requests")?
                .as_object()
                .cloned()
        })
        .collect();
    let requests = object(child(child(spec, "resources"), "requests"));
    for (name, amount) in limits {
        let amount = match &asked[..] {
            [only] => only.get(&name).cloned().unwrap_or(amount),
            _ => amount,
        };
        requests.entry(name).or_insert(amount);
    }
}

fn host_network_ports(spec: &mut Value) {
    if spec.get("hostNetwork") != Some(&Value::Bool(true)) {
        return;
    }
    for list in ["containers", "initContainers"] {
        for container in items(spec, list) {
            for port in items(container, "ports") {
                if lacks(port, "hostPort") && !lacks(port, "containerPort") {
                    let number = port["containerPort"].clone();
                    or_set_zero(port, "hostPort", number);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pull_policy;

    #[test]
    fn an_image_is_always_pulled_when_its_tag_moves() {
        let cases = [
            ("app", "Always"),
            ("app:latest", "Always"),
            ("app:1", "IfNotPresent"),
            ("registry:5000/app", "Always"),
            ("registry:5000/app:1", "IfNotPresent"),
            (
                "app@sha256:0123456789012345678901234567890123456789012345678901234567890123",
                "IfNotPresent",
            ),
            ("", "IfNotPresent"),
            ("Not a name!", "IfNotPresent"),
            ("Registry.example:5000/app", "Always"),
        ];
        for (image, policy) in cases {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }
}
