//! What holds for every definition, whatever it says.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::{
    SecretValues,
    tests::{deployment, object},
};
use crate::{
    Graph, KindScope, Ref, Scope, Stack,
    endpoint::{Destination, Port, Protocol},
    k8s_openapi::api::{apps::v1::Deployment, core::v1::ConfigMap},
    kube_core::{ApiResource, DynamicObject},
};

struct Http;
impl Protocol for Http {
    const SCHEME: &'static str = "http";
}
const HTTP: Port<Http> = Port::new("http", 8080);

/// Who depends on whom, who mounts whose settings and who sends to whom, by number.
#[derive(Clone, Debug)]
struct Shape {
    workloads: usize,
    waits: Vec<(usize, usize)>,
    mounts: Vec<(usize, usize)>,
    sends: Vec<(usize, usize)>,
}

const MOST: usize = 6;

fn shape() -> impl Strategy<Value = Shape> {
    let pairs = || vec((0..MOST, 0..MOST), 0..10);
    (1..=MOST, pairs(), pairs(), pairs()).prop_map(|(workloads, waits, mounts, sends)| Shape {
        workloads,
        waits,
        mounts,
        sends,
    })
}

impl Shape {
    fn describe(&self, stack: &mut Scope<'_>) {
        let workloads: Vec<Ref<Deployment>> = (0..self.workloads)
            .map(|index| self.add(stack, index))
            .collect();
        let inside = |(a, b): &(usize, usize)| Some((workloads.get(*a)?, workloads.get(*b)?));
        // Later ones wait for earlier ones only, so that no firm edge can close a cycle.
        for (later, earlier) in self.waits.iter().filter(|(a, b)| a > b).filter_map(inside) {
            stack.depends_on(later, earlier);
        }
        for (from, to) in self.sends.iter().filter_map(inside) {
            let endpoint = stack.expose(to, HTTP);
            stack.connect(from, endpoint.destination());
        }
    }

    fn add(&self, stack: &mut Scope<'_>, index: usize) -> Ref<Deployment> {
        let name = format!("w{index}");
        let mut workload = deployment(&name);
        let mine = self.mounts.iter().filter(|(by, _)| *by == index);
        let volumes = mine.enumerate().map(|(number, (_, what))| {
            json!({ "name": format!("v{number}"), "configMap": { "name": format!("c{what}"), "optional": what % 2 == 0 } })
        });
        workload["spec"]["template"]["spec"]["volumes"] = volumes.collect();
        let workload = stack.add(object::<Deployment>(workload));
        for what in 0..MOST {
            let id = format!("c{what}");
            if index == 0 {
                stack.add(object::<ConfigMap>(json!({ "metadata": { "name": id } })));
            }
        }
        workload
    }

    fn graph(&self) -> Graph {
        let shape = self.clone();
        Stack::new("shop", move |stack: &mut Scope<'_>| shape.describe(stack))
            .graph()
            .expect("the shape has no mistakes")
    }
}

/// JSON with the words that the engine looks for, in places where it does not expect them.
fn anything() -> impl Strategy<Value = Value> {
    let word = select(WORDS);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0..70000i64).prop_map(Value::from),
        select(WORDS).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((word.clone(), inner), 0..5).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(fields.collect::<Map<_, _>>())
            }),
        ]
    })
}

const WORDS: &[&str] = &[
    "Always",
    "ConfigMap",
    "Deployment",
    "In",
    "None",
    "Secret",
    "a",
    "app",
    "apiVersion",
    "apps/v1",
    "b",
    "capabilities",
    "clientConfig",
    "configMap",
    "configMapKeyRef",
    "containerPort",
    "containers",
    "data",
    "drop",
    "env",
    "group",
    "host",
    "hostPath",
    "httpGet",
    "image",
    "initContainers",
    "items",
    "key",
    "kind",
    "labels",
    "livenessProbe",
    "matchExpressions",
    "matchLabels",
    "maxUnavailable",
    "metadata",
    "minAvailable",
    "name",
    "names",
    "namespace",
    "operator",
    "ownerReferences",
    "podSelector",
    "port",
    "ports",
    "protocol",
    "replicas",
    "restartPolicy",
    "roleRef",
    "scaleTargetRef",
    "scope",
    "secretKeyRef",
    "securityContext",
    "selector",
    "service",
    "spec",
    "stringData",
    "subjects",
    "targetPort",
    "template",
    "valueFrom",
    "values",
    "volumeClaimTemplates",
    "volumeMounts",
    "volumes",
    "webhooks",
];

const KINDS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "Pod"),
    ("", "Secret"),
    ("", "Service"),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
    ),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("example.com", "Thing"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
];

fn objects() -> impl Strategy<Value = Vec<((&'static str, &'static str), &'static str, Value)>> {
    let template = anything().prop_map(
        |spec| json!({ "template": { "spec": spec, "metadata": { "labels": { "app": "a" } } } }),
    );
    let spec = prop_oneof![anything(), template];
    let root = prop_oneof![spec.prop_map(|spec| json!({ "spec": spec })), anything(),];
    vec(
        (select(KINDS), select(&["a", "b", "", "A b"][..]), root),
        0..6,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_resource_comes_after_what_it_refers_to(shape in shape()) {
        let graph = shape.graph();
        let order: Vec<_> = graph.resources().map(|resource| &resource.id).collect();
        let place = |id| order.iter().position(|known| *known == id);
        for edge in graph.edges() {
            prop_assert!(place(&edge.to) < place(&edge.from), "{:?}", edge);
            prop_assert!(graph.wave(&edge.to) < graph.wave(&edge.from));
            prop_assert!(graph.critical_path(&edge.to) > graph.critical_path(&edge.from));
        }
        prop_assert_eq!(order.len(), graph.len());
    }

    #[test]
    fn finishing_twice_gives_the_same_bytes(shape in shape()) {
        let (first, second) = (shape.graph(), shape.graph());
        prop_assert_eq!(first.to_yaml(SecretValues::Shown), second.to_yaml(SecretValues::Shown));
        prop_assert_eq!(first.edges(), second.edges());
    }

    #[test]
    fn every_sender_and_every_receiver_is_let_through(shape in shape()) {
        let graph = shape.graph();
        for connection in graph.connections() {
            let Destination::Service(service) = &connection.to else { continue };
            let (from, to) = (&connection.from.workload, &service.pods.workload);
            for (id, side, other) in [(from, "egress", to), (to, "ingress", from)] {
                let policy = graph.resources().find(|resource| {
                    resource.id.kind == "NetworkPolicy" && resource.id.name == format!("{}-deployment", id.name)
                });
                let rules = policy.map(|policy| policy.object["spec"][side].to_string());
                let peer = json!({ "app": other.name }).to_string();
                let lets_through = rules.is_some_and(|rules| rules.contains(&peer));
                prop_assert!(lets_through, "{} of {}", side, id);
            }
        }
    }

    #[test]
    fn nothing_makes_it_panic(objects in objects()) {
        let stack = Stack::new("shop", move |stack: &mut Scope<'_>| {
            for ((group, kind), name, data) in &objects {
                let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
                let resource = ApiResource {
                    group: (*group).into(),
                    version: "v1".into(),
                    api_version: version,
                    kind: (*kind).into(),
                    plural: kind.to_lowercase(),
                };
                let object = DynamicObject::new(name, &resource).data(data.clone());
                stack.add_dynamic(object, &resource, KindScope::Namespaced);
            }
        });
        match stack.graph() {
            Ok(graph) => drop(graph.to_yaml(SecretValues::Shown)),
            Err(findings) => prop_assert!(!findings.0.is_empty()),
        }
    }
}
