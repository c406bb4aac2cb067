//! When does the API server ask the injector, and what if nobody answers?

use k8s_openapi::{
    api::admissionregistration::v1::{
        MatchCondition, MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations,
        ServiceReference, WebhookClientConfig,
    },
    apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
};
use provider_core::{Scope, kube_core::ObjectMeta};

use super::{Elsewhere, Injector, NEVER, WEBHOOK, WhenDown, settings::Unasked};
use crate::tls::Voucher;

/// What the webhook is called in the API server's messages.
const NAME: &str = "sidecar.otelier.dev";
/// The label that the API server gives to each namespace.
const NAMESPACE: &str = "kubernetes.io/metadata.name";
/// How long the API server waits. The answer takes a millisecond; a Pod that waits ten seconds waits for nothing.
const TIMEOUT_SECONDS: i32 = 5;

/// Adds the webhook.
pub(super) fn add(injector: &Injector, scope: &mut Scope<'_>, voucher: &Voucher) {
    let own = scope.namespace().to_owned();
    // Objects of the cluster share one namespace of names with everyone.
    let name = format!("{own}-{}", injector.name);
    let configuration = scope.add(MutatingWebhookConfiguration {
        metadata: ObjectMeta {
            name: Some(name),
            annotations: voucher.annotations(),
            ..ObjectMeta::default()
        },
        webhooks: Some(vec![webhook(injector, &own)]),
    });
    voucher.vouch(scope, &configuration);
}

fn webhook(injector: &Injector, own: &str) -> MutatingWebhook {
    MutatingWebhook {
        admission_review_versions: vec!["v1".to_owned()],
        client_config: WebhookClientConfig {
            service: Some(ServiceReference {
                name: injector.name.clone(),
                namespace: own.to_owned(),
                path: Some("/mutate".to_owned()),
                port: Some(i32::from(WEBHOOK.number)),
            }),
            ..WebhookClientConfig::default()
        },
        failure_policy: Some(
            match injector.when_down {
                WhenDown::Refuse => "Fail",
                WhenDown::Admit => "Ignore",
            }
            .to_owned(),
        ),
        match_conditions: Some(vec![MatchCondition {
            name: "asks-for-a-sidecar".to_owned(),
            expression: asks(injector),
        }]),
        match_policy: Some("Equivalent".to_owned()),
        name: NAME.to_owned(),
        namespace_selector: Some(selector(injector, own)),
        object_selector: None,
        // Istio's webhook may come later, and its proxy has to start first.
        reinvocation_policy: Some("IfNeeded".to_owned()),
        rules: Some(vec![RuleWithOperations {
            api_groups: Some(vec![String::new()]),
            api_versions: Some(vec!["v1".to_owned()]),
            operations: Some(vec!["CREATE".to_owned()]),
            resources: Some(vec!["pods".to_owned()]),
            scope: Some("Namespaced".to_owned()),
        }]),
        side_effects: "None".to_owned(),
        timeout_seconds: Some(TIMEOUT_SECONDS),
    }
}

/// Everywhere but where a cluster or the injector itself would wait for it; or only where it may inject.
fn selector(injector: &Injector, own: &str) -> LabelSelector {
    let (operator, values) = match injector.elsewhere {
        Elsewhere::Refuse => {
            let mut never: Vec<String> = NEVER.map(str::to_owned).to_vec();
            never.push(own.to_owned());
            never.sort_unstable();
            ("NotIn", never)
        }
        Elsewhere::Ignore => ("In", injector.allowed.keys().cloned().collect()),
    };
    LabelSelector {
        match_expressions: Some(vec![LabelSelectorRequirement {
            key: NAMESPACE.to_owned(),
            operator: operator.to_owned(),
            values: Some(values),
        }]),
        ..LabelSelector::default()
    }
}

/// Whether a Pod is worth asking about, in CEL: nobody else's Pod waits for the injector, nor fails with it.
///
/// The program reads the annotations more closely; what it would inject must pass here.
fn asks(injector: &Injector) -> String {
    let keys = injector.asked.annotations().iter();
    let keys: Vec<_> = keys.map(|key| format!("'{key}'")).collect();
    let keys = keys.join(", ");
    let any = |which: &str| {
        format!(
            "has(object.metadata.annotations) && [{keys}].exists(key, key in object.metadata.annotations && \
             {which})"
        )
    };
    let value = "object.metadata.annotations[key].lowerAscii()";
    let says_yes = any(&format!("!({value} in ['', 'false'])"));
    let unasked = injector.allowed.iter();
    let unasked: Vec<_> = unasked
        .filter(|(_, unasked)| **unasked == Unasked::Inject)
        .map(|(name, _)| format!("'{name}'"))
        .collect();
    if unasked.is_empty() {
        return says_yes;
    }
    let says_no = any(&format!("{value} == 'false'"));
    let everyone = unasked.join(", ");
    format!("({says_yes}) || (request.namespace in [{everyone}] && !({says_no}))")
}
