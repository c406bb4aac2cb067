//! Taking over objects that someone else applied: the definition says what they should be, and the run is told by
//! name which of them to adopt.
//!
//! ```sh
//! kubectl -n legacy apply -f web.yaml                    # how it was made, years ago
//! cargo run -p examples --bin adopt -- plan legacy       # conflicts: kubectl owns what differs
//! cargo run -p examples --bin adopt -- up legacy --adopt ConfigMap/web
//! ```

use std::collections::BTreeMap;

use provider::{
    Lifecycle, Scope, Stack,
    k8s_openapi::api::core::v1::{ConfigMap, Namespace},
    kube_core::ObjectMeta,
};

fn legacy(stack: &mut Scope<'_>) {
    // The namespace is older than the stack, and stays when the stack goes.
    stack.existing::<Namespace>("legacy");
    let web = stack.add(ConfigMap {
        metadata: ObjectMeta {
            name: Some("web".to_owned()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(
            "greeting".to_owned(),
            "hello".to_owned(),
        )])),
        ..ConfigMap::default()
    });
    // Nobody knows any more who else reads it.
    stack.lifecycle(&web, Lifecycle::Protected);
}

fn main() -> std::process::ExitCode {
    stacks::run([Stack::new("legacy", legacy)])
}
