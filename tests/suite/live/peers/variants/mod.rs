//! Stacks beside the catalogue that together use what it leaves out, each in the open and over TLS.

use modules::{Tls, units::days};
use provider::{Scope, Stack};

mod keeping;
mod passing;

type Define = fn(&mut Scope<'_>);

/// What is defined in the open and over TLS.
const BOTH: [(&str, Define); 4] = [
    ("measuring", keeping::measuring),
    ("searching", keeping::searching),
    ("in-buckets", keeping::in_buckets),
    ("passing", passing::passing),
];

/// What would say the same of TLS once more, or is about it.
const ONCE: [(&str, Define); 2] = [("opening", passing::opening), ("issued", passing::issued)];

/// All of them.
pub(super) fn all() -> Vec<Stack> {
    let mut all = Vec::new();
    for (name, define) in BOTH {
        all.push(Stack::new(name, define));
        let secured = move |scope: &mut Scope<'_>| {
            scope.add(Tls::generated());
            define(scope);
        };
        all.push(Stack::new(format!("{name}-tls"), secured));
    }
    all.extend(ONCE.map(|(name, define)| Stack::new(name, define)));
    all
}

/// A bucket that asks for keys.
fn bucket(scope: &mut Scope<'_>, name: &str) -> modules::ObjectStore {
    let keys = scope.existing::<k8s_openapi::api::core::v1::Secret>("bucket-keys");
    modules::ObjectStore::s3(name)
        .endpoint("https://garage.example:3900")
        .region("garage")
        .prefix("telemetry")
        .keys(&keys, "id", "key")
        .expire(days(90))
        .into()
}
