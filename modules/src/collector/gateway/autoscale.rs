//! How many Pods of the first layer are there, if the cluster decides? By a measure that falls when load falls.
//!
//! Never by memory: the limiter keeps it below the limit and the runtime does not give it back, so that it says
//! nothing about load.

use std::ops::RangeInclusive;

use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        autoscaling::v2::{
            ContainerResourceMetricSource, CrossVersionObjectReference, HPAScalingPolicy,
            HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior,
            HorizontalPodAutoscalerSpec, MetricIdentifier, MetricSpec, MetricTarget,
            PodsMetricSource,
        },
    },
    apimachinery::pkg::api::resource::Quantity,
};
use provider_core::{Finding, Ref, Scope, kube_core::ObjectMeta};

use super::Gateway;
use crate::{
    collector::{
        Collector,
        self_metrics::{
            QUEUE_CAPACITY, QUEUE_SIZE, REFUSED_POINTS, REFUSED_RECORDS, REFUSED_SPANS, SelfMetric,
            UPTIME,
        },
    },
    watch::Rules,
};

/// How busy a processor may be, in percent of what a Pod requests.
const BUSY_PERCENT: i32 = 70;
/// How full queues may be, in thousandths.
const FULL_THOUSANDTHS: u32 = 600;
/// How many items a second a Pod may refuse, in thousandths: about none.
const REFUSED_THOUSANDTHS: u32 = 500;
/// The series that the two measures of queues and refusals stand in, for the program that shows them to the cluster.
const QUEUE_FILL: &str = "otelier_collector_queue_fill_ratio";
const REFUSED: &str = "otelier_collector_refused_items_per_second";

/// What decides about the number of Pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleOn {
    /// How busy their processors are, which every cluster with a metrics server knows.
    #[default]
    Cpu,
    /// How full their fullest queue is. The cluster has to serve custom metrics: the plan says which.
    QueueFill,
    /// How much they refuse. The cluster has to serve custom metrics: the plan says which.
    Refused,
}

/// Between which numbers, and by what.
#[derive(Clone, Debug)]
pub(crate) struct Autoscale {
    range: RangeInclusive<u32>,
    on: ScaleOn,
}

impl Collector<Gateway> {
    /// Lets the cluster decide how many Pods there are, by how busy their processors are.
    ///
    /// ```
    /// # use modules::Collector;
    /// let gateway = Collector::gateway("otlp").autoscale(2..=10);
    /// ```
    #[must_use]
    pub fn autoscale(self, range: RangeInclusive<u32>) -> Self {
        self.autoscale_on(ScaleOn::Cpu, range)
    }

    /// Lets the cluster decide how many Pods there are, by this measure.
    #[must_use]
    pub fn autoscale_on(mut self, on: ScaleOn, range: RangeInclusive<u32>) -> Self {
        self.tier.wanted = *range.start();
        self.tier.scale = Some(Autoscale { range, on });
        self
    }
}

impl Autoscale {
    /// By how busy their processors are.
    pub(crate) fn by_cpu(range: RangeInclusive<u32>) -> Self {
        Self {
            range,
            on: ScaleOn::Cpu,
        }
    }

    pub(crate) fn least(&self) -> u32 {
        *self.range.start()
    }

    pub(crate) fn most(&self) -> u32 {
        *self.range.end()
    }

    pub(crate) fn check(&self, scope: &mut Scope<'_>, name: &str) {
        let (least, most) = (self.least(), self.most());
        if least == 0 || least >= most {
            let message =
                format!("`autoscale({least}..={most})` of `{name}` leaves nothing to decide");
            let hint = "say at least one Pod, and more at the most";
            scope.finding(Finding::new("autoscale-range", message).hint(hint));
        }
    }

    /// Adds the autoscaler; the Deployment then says nothing about replicas.
    pub(crate) fn add(&self, scope: &mut Scope<'_>, deployment: &Ref<Deployment>) {
        self.explain(scope, deployment.name());
        let target = CrossVersionObjectReference {
            api_version: Some("apps/v1".to_owned()),
            kind: "Deployment".to_owned(),
            name: deployment.name().to_owned(),
        };
        scope.add(HorizontalPodAutoscaler {
            metadata: ObjectMeta {
                name: Some(deployment.name().to_owned()),
                ..ObjectMeta::default()
            },
            spec: HorizontalPodAutoscalerSpec {
                behavior: Some(behavior()),
                max_replicas: count(self.most()),
                metrics: Some(vec![self.metric(deployment.name())]),
                min_replicas: Some(count(self.least())),
                scale_target_ref: target,
            },
            ..HorizontalPodAutoscaler::default()
        });
    }

    fn metric(&self, container: &str) -> MetricSpec {
        match self.on {
            // Of the collector alone: what a mesh adds to the Pod says nothing about its load.
            ScaleOn::Cpu => MetricSpec {
                container_resource: Some(ContainerResourceMetricSource {
                    container: container.to_owned(),
                    name: "cpu".to_owned(),
                    target: MetricTarget {
                        average_utilization: Some(BUSY_PERCENT),
                        type_: "Utilization".to_owned(),
                        ..MetricTarget::default()
                    },
                }),
                type_: "ContainerResource".to_owned(),
                ..MetricSpec::default()
            },
            ScaleOn::QueueFill => of_pods(QUEUE_FILL, FULL_THOUSANDTHS),
            ScaleOn::Refused => of_pods(REFUSED, REFUSED_THOUSANDTHS),
        }
    }

    /// Works the measure out in the stack's Prometheus, and says what else has to be there.
    fn explain(&self, scope: &mut Scope<'_>, name: &str) {
        let (series, expression) = match self.on {
            ScaleOn::Cpu => return,
            ScaleOn::QueueFill => (QUEUE_FILL, queue_fill(name)),
            ScaleOn::Refused => (REFUSED, refused(name)),
        };
        scope.announce(Rules::new(
            format!("{name}-autoscale.yml"),
            format!(
                "groups:\n- name: {name}-autoscale\n  rules:\n  - record: {series}\n    expr: {expression}\n"
            ),
        ));
        let message =
            format!("the gateway `{name}` is scaled by `{series}`, which the cluster has to serve");
        let hint = format!(
            "a Prometheus of the stack records it by namespace and pod; let prometheus-adapter serve it at \
             `custom.metrics.k8s.io` (`seriesQuery: {series}`, resources by the labels `namespace` and `pod`), or scale by it \
             with KEDA in place of `autoscale`. Until then the number of Pods stays as it is"
        );
        scope.note(Finding::new("custom-metrics", message).hint(hint));
    }
}

/// The fullest queue of each Pod.
fn queue_fill(job: &str) -> String {
    let (size, capacity) = (QUEUE_SIZE.name, QUEUE_CAPACITY.name);
    format!("max by (namespace, pod) ({size}{{job=\"{job}\"}} / ({capacity}{{job=\"{job}\"}} > 0))")
}

/// What each Pod refuses, of all signals.
fn refused(job: &str) -> String {
    let none = format!(
        "0 * sum by (namespace, pod) ({}{{job=\"{job}\"}})",
        UPTIME.name
    );
    let rates =
        [REFUSED_SPANS, REFUSED_POINTS, REFUSED_RECORDS].map(|SelfMetric { name, .. }| {
            // A signal that never came has no series.
            format!("(sum by (namespace, pod) (rate({name}{{job=\"{job}\"}}[2m])) or {none})")
        });
    rates.join(" + ")
}

fn of_pods(name: &str, thousandths: u32) -> MetricSpec {
    MetricSpec {
        pods: Some(PodsMetricSource {
            metric: MetricIdentifier {
                name: name.to_owned(),
                selector: None,
            },
            target: MetricTarget {
                average_value: Some(Quantity(format!("{thousandths}m"))),
                type_: "AverageValue".to_owned(),
                ..MetricTarget::default()
            },
        }),
        type_: "Pods".to_owned(),
        ..MetricSpec::default()
    }
}

/// Up at once, for data is being refused; down one by one, for each that goes first sends what it holds.
fn behavior() -> HorizontalPodAutoscalerBehavior {
    let policy = |type_: &str, value, period_seconds| HPAScalingPolicy {
        period_seconds,
        type_: type_.to_owned(),
        value,
    };
    HorizontalPodAutoscalerBehavior {
        scale_down: Some(HPAScalingRules {
            policies: Some(vec![policy("Pods", 1, 60)]),
            stabilization_window_seconds: Some(300),
            ..HPAScalingRules::default()
        }),
        scale_up: Some(HPAScalingRules {
            policies: Some(vec![policy("Percent", 100, 30)]),
            stabilization_window_seconds: Some(0),
            ..HPAScalingRules::default()
        }),
    }
}

fn count(replicas: u32) -> i32 {
    i32::try_from(replicas).unwrap_or(i32::MAX)
}
