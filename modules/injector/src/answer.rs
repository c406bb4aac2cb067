//! What is the answer to a review?

use crate::{
    config::Config,
    decide::{Decision, Left, decide},
    inject::inject,
    pod::Pod,
    review::{Request, Response},
};

/// What became of a Pod, for whoever counts and writes down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has the sidecar now.
    Injected,
    /// It has had it already, as it should be.
    Unchanged,
    /// It is left as it is, for that reason.
    Left(&'static str),
    /// It may not be, for that reason.
    Refused(String),
}

impl Outcome {
    /// All of them, as the counters call them.
    pub const WORDS: [&str; 4] = ["injected", "unchanged", "left", "refused"];

    /// As the counters call it.
    pub fn word(&self) -> &'static str {
        let [injected, unchanged, left, refused] = Self::WORDS;
        match self {
            Outcome::Injected => injected,
            Outcome::Unchanged => unchanged,
            Outcome::Left(_) => left,
            Outcome::Refused(_) => refused,
        }
    }
}

/// Answers a request. Nothing happens but the answer, so a dry run is answered like any other.
pub fn answer(request: Request, config: &Config) -> Result<(Response, Outcome), serde_json::Error> {
    let uid = &request.uid;
    if !request.makes_a_pod() {
        let left = Outcome::Left(Left::NotAPod.word());
        return Ok((Response::allowed(uid), left));
    }
    match decide(Pod(&request.object), &request.namespace, config) {
        Decision::Leave(left) => Ok((Response::allowed(uid), Outcome::Left(left.word()))),
        Decision::LeaveAndSay(left, said) => {
            let response = Response::allowed(uid).warning(&said);
            Ok((response, Outcome::Left(left.word())))
        }
        Decision::Refuse(said) => {
            let response = Response::refused(uid, said.clone()).audit("sidecar", "refused");
            Ok((response, Outcome::Refused(said)))
        }
        Decision::Inject => {
            let response = Response::allowed(uid).audit("sidecar", config.name.clone());
            let (_, operations) = inject(request.object, &request.namespace, config);
            let outcome = if operations.is_empty() {
                Outcome::Unchanged
            } else {
                Outcome::Injected
            };
            Ok((response.patch(&operations)?, outcome))
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use k8s_openapi::api::core::v1::Pod as TypedPod;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::samples::{applied, asking, config, pod, request};

    fn answered(namespace: &str, object: &Value) -> (Response, Outcome) {
        answer(request(namespace, object.clone()), &config()).unwrap()
    }

    /// The Pod as the API server makes it of an answer.
    fn after(object: &Value, response: &Response) -> Value {
        let Some(patch) = &response.patch else {
            return object.clone();
        };
        let operations =
            serde_json::from_slice::<json_patch::Patch>(&STANDARD.decode(patch).unwrap());
        applied(object, &operations.unwrap())
    }

    #[test]
    fn an_answer_names_its_question_and_carries_a_patch_only_where_something_changes() {
        let object = asking(&json!({ "containers": [{ "name": "api" }] }));
        let (response, outcome) = answered("shop", &object);
        assert_eq!(
            (response.uid.as_str(), response.allowed),
            ("a question", true)
        );
        assert_eq!(response.patch_type.as_deref(), Some("JSONPatch"));
        assert_eq!(response.audit_annotations["sidecar"], "otel");
        assert_eq!(outcome, Outcome::Injected);

        let (response, outcome) = answered("shop", &after(&object, &response));
        assert_eq!((response.patch_type, response.patch), (None, None));
        assert_eq!(outcome, Outcome::Unchanged);
    }

    #[test]
    fn a_refusal_is_a_status_and_no_patch() {
        let (response, outcome) = answered("elsewhere", &asking(&json!({})));
        let status = response.status.unwrap();
        assert_eq!((response.allowed, status.code), (false, 403));
        assert_eq!(outcome, Outcome::Refused(status.message));
        assert_eq!(response.patch, None);
    }

    #[test]
    fn what_is_no_new_pod_is_none_of_its_business() {
        let object = asking(&json!({ "containers": [{ "name": "api" }] }));
        let mut update = request("shop", object.clone());
        update.operation = "UPDATE".to_owned();
        let mut ephemeral = request("shop", object.clone());
        ephemeral.sub_resource = "ephemeralcontainers".to_owned();
        let mut other = request("shop", object);
        other.kind.kind = "Deployment".to_owned();
        for request in [update, ephemeral, other] {
            let (response, outcome) = answer(request, &config()).unwrap();
            assert_eq!((response.allowed, response.patch), (true, None));
            assert_eq!(outcome, Outcome::Left("not-a-pod"));
        }
    }

    #[test]
    fn a_warning_is_cut_where_the_api_server_would_cut_it() {
        let mut object = asking(&json!({ "os": { "name": "windows" } }));
        object["metadata"]["name"] = json!("ä".repeat(300));
        let (response, _) = answered("shop", &object);
        assert!(response.allowed);
        assert!((255..=256).contains(&response.warnings[0].len()));
    }

    fn names() -> impl Strategy<Value = String> {
        let common = [
            "api",
            "worker",
            "istio-proxy",
            "istio-init",
            "otel-sidecar",
            "otc-container",
            "migrate",
        ];
        proptest::sample::select(common.map(str::to_owned).to_vec())
    }

    fn containers() -> impl Strategy<Value = Value> {
        let ports = proptest::collection::vec(proptest::sample::select(vec![80, 4317, 8080]), 0..2);
        let variables = proptest::collection::vec(
            proptest::sample::select(vec![
                json!({ "name": "OTEL_EXPORTER_OTLP_PROTOCOL", "value": "grpc" }),
                json!({ "name": "OTEL_RESOURCE_ATTRIBUTES", "value": "service.name=x" }),
                json!({ "name": "OTEL_SERVICE_NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } }),
            ]),
            0..3,
        );
        let container =
            (names(), ports, proptest::option::of(variables)).prop_map(|(name, ports, env)| {
                let ports: Vec<_> = ports
                    .iter()
                    .map(|port| json!({ "containerPort": port }))
                    .collect();
                json!({ "name": name, "image": "i:1", "ports": ports, "env": env })
            });
        // A Pod's containers have different names.
        proptest::collection::vec(container, 0..4).prop_map(|mut all: Vec<Value>| {
            let mut seen = std::collections::BTreeSet::new();
            all.retain(|container| seen.insert(container["name"].to_string()));
            json!(all)
        })
    }

    fn pods() -> impl Strategy<Value = Value> {
        let volumes = proptest::sample::select(vec![
            json!(null),
            json!([]),
            json!([{ "name": "data", "emptyDir": {} }]),
        ]);
        let labels = proptest::sample::select(vec![
            json!(null),
            json!({ "sidecar.istio.io/inject": "true" }),
            json!({ "app.kubernetes.io/name": "shop", "pod-template-hash": "6d4f" }),
        ]);
        let says = proptest::sample::select(vec!["true", "otel", "shop/otel", "false", "no", ""]);
        (containers(), containers(), volumes, labels, says, any::<bool>()).prop_map(
            |(mut init, containers, volumes, labels, says, host)| {
                // A name is used once in the whole Pod.
                if let Some(init) = init.as_array_mut() {
                    let taken: Vec<_> = containers.as_array().into_iter().flatten().map(|c| &c["name"]).collect();
                    init.retain(|container| !taken.contains(&&container["name"]));
                }
                let spec = json!({
                    "initContainers": init, "containers": containers, "volumes": volumes, "hostNetwork": host,
                });
                let mut object = pod(&json!({ "sidecar.otelier.dev/inject": says }), &spec);
                object["metadata"]["labels"] = labels;
                object
            },
        )
    }

    fn unique(object: &Value, lists: &[&str]) -> bool {
        let items = lists
            .iter()
            .filter_map(|list| object["spec"][list].as_array())
            .flatten();
        let names: Vec<_> = items.map(|item| item["name"].as_str().unwrap()).collect();
        names.len()
            == names
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len()
    }

    proptest! {
        #[test]
        fn twice_is_once_and_what_comes_out_is_a_pod(object in pods()) {
            let (response, outcome) = answered("shop", &object);
            let result = after(&object, &response);
            if outcome != Outcome::Injected {
                prop_assert_eq!(&result, &object);
                return Ok(());
            }
            let (again, outcome) = answered("shop", &result);
            prop_assert_eq!(outcome, Outcome::Unchanged);
            prop_assert_eq!(again.patch, None);
            prop_assert!(serde_json::from_value::<TypedPod>(result.clone()).is_ok());
            prop_assert!(unique(&result, &["containers", "initContainers"]));
            prop_assert!(unique(&result, &["volumes"]));
            // What was there is there still, in its order.
            for list in ["containers", "initContainers", "volumes"] {
                let names = |object: &Value| -> Vec<String> {
                    let items = object["spec"][list].as_array().cloned().unwrap_or_default();
                    items.iter().map(|item| item["name"].to_string()).filter(|n| n != "\"otel-sidecar\"").collect()
                };
                prop_assert_eq!(names(&result), names(&object));
            }
        }

        #[test]
        fn no_json_makes_it_stumble(text in "[\\[\\]{}:,\"a-z0-9 ]{0,60}") {
            let object = serde_json::from_str(&text).unwrap_or(Value::Null);
            for object in [object.clone(), json!({ "metadata": object.clone(), "spec": object })] {
                let _ = answer(request("bank", object), &config());
            }
        }
    }
}
