//! What must Pods of a restricted namespace say?

use serde_json::{Value, json};

use super::{Violation, on_windows};
use crate::graph::template::{Container, Template};

/// What each container must have, by itself or from its Pod.
struct Row {
    /// Within `securityContext`.
    field: &'static str,
    from: From,
    systems: Systems,
    is_right: fn(&Value) -> bool,
    mend: &'static str,
}

/// Where a container has a value from, if it says none itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Pod,
    Nowhere,
}

/// Which operating systems a rule is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Systems {
    All,
    Linux,
}

const ROWS: &[Row] = &[
    Row {
        field: "allowPrivilegeEscalation",
        from: From::Nowhere,
        systems: Systems::Linux,
        is_right: |value| *value == json!(false),
        mend: "set it to false",
    },
    Row {
        field: "capabilities/drop",
        from: From::Nowhere,
        systems: Systems::Linux,
        is_right: |value| {
            let dropped = value.as_array().into_iter().flatten();
            dropped.into_iter().any(|each| each == "ALL")
        },
        mend: "set it to [\"ALL\"]",
    },
    Row {
        field: "runAsNonRoot",
        from: From::Pod,
        systems: Systems::All,
        is_right: |value| *value == json!(true),
        mend: "set it to true, here or in the security context of the Pod",
    },
    Row {
        field: "seccompProfile/type",
        from: From::Pod,
        systems: Systems::Linux,
        is_right: |value| matches!(value.as_str(), Some("RuntimeDefault" | "Localhost")),
        mend: "set it to RuntimeDefault, here or in the security context of the Pod",
    },
];

pub(super) fn violations(pods: &Template<'_>) -> Vec<Violation> {
    let windows = on_windows(pods);
    let containers = pods.containers();
    ROWS.iter()
        .filter(|row| row.systems == Systems::All || !windows)
        .flat_map(|row| containers.iter().map(move |container| (row, container)))
        .filter_map(|(row, container)| row.violation(pods, container))
        .collect()
}

impl Row {
    fn violation(&self, pods: &Template<'_>, container: &Container<'_>) -> Option<Violation> {
        let pointer = format!("/securityContext/{}", self.field);
        let inherited = || match self.from {
            From::Pod => pods.spec().pointer(&pointer),
            From::Nowhere => None,
        };
        let own = container.value.pointer(&pointer);
        let value = own.or_else(inherited).unwrap_or(&Value::Null);
        if (self.is_right)(value) {
            return None;
        }
        let says = match value {
            Value::Null => "is missing".to_owned(),
            Value::String(text) => format!("is `{text}`"),
            other => format!("is {other}"),
        };
        Some(Violation {
            path: format!(
                "{}.securityContext.{}",
                container.path,
                self.field.replace('/', ".")
            ),
            says,
            mend: self.mend.into(),
        })
    }
}
