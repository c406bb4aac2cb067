//! What works beside the pipelines?

use collector_config::components::health::{FileStorage as StorageText, HealthCheck as HealthText};
use serde_json::Value;

use super::super::at::At;
use super::connection;
use crate::settings::{Durability, FileStorage, HealthCheck};

/// What the collector's probes can be told as any server of HTTP.
const SERVER: [&str; 14] = [
    "auth",
    "compression_algorithms",
    "cors",
    "idle_timeout",
    "include_metadata",
    "keep_alives_enabled",
    "max_request_body_size",
    "middlewares",
    "read_header_timeout",
    "read_timeout",
    "response_headers",
    "transport",
    "write_timeout",
    "component_health",
];

/// The extension that answers probes.
pub(in super::super) fn health_check(settings: &Value, at: &At<'_>) -> Option<HealthCheck> {
    let mut settings = settings.clone();
    at.foreign(&mut settings, &SERVER);
    let text: HealthText = at.component(&settings)?;
    at.without(
        "use_v2",
        &text.use_v2,
        "the gateway answers as the first version does",
    );
    if text
        .check_collector_pipeline
        .is_some_and(|check| check.enabled)
    {
        let at = at.key("check_collector_pipeline");
        at.note("does nothing, here as in the collector");
    }
    at.without("tls", &text.tls, "the gateway answers probes without TLS");
    // Where one of the two is said, so is the other, if only as nothing.
    let said = settings["response_body"].is_object();
    let body = |body: String| said.then_some(body);
    Some(HealthCheck {
        address: connection::address(&text.endpoint, None, "localhost:13133", at),
        path: text.path.unwrap_or_else(|| "/".to_owned()),
        healthy_body: body(text.response_body.healthy),
        unhealthy_body: body(text.response_body.unhealthy),
    })
}

/// The extension that keeps what must survive. `durability` is a key of the gateway's own.
pub(in super::super) fn storage(settings: &Value, at: &At<'_>) -> Option<FileStorage> {
    let mut settings = settings.clone();
    let own = settings
        .as_object_mut()
        .and_then(|fields| fields.remove("durability"));
    let text: StorageText = at.component(&settings)?;
    if text.compaction.is_some() {
        at.key("compaction").note(
            "the gateway removes what was delivered as it goes, and has nothing to make smaller",
        );
    }
    at.moot(
        "timeout",
        &text.timeout,
        "does nothing: who cannot have the lock of a file is told at once",
    );
    if !text.create_directory {
        let why = "does nothing without `create_directory`";
        at.moot("directory_permissions", &text.directory_permissions, why);
    }
    at.moot(
        "recreate",
        &text.recreate,
        "does nothing: what cannot be read is passed over and the rest kept",
    );
    let directory = match text.directory.as_str() {
        "" => "/var/lib/otelcol/file_storage",
        directory => directory,
    };
    let mode = text.directory_permissions.as_deref();
    let mode = permissions(mode, 0o750, &at.key("directory_permissions"));
    Some(FileStorage {
        directory: directory.into(),
        create: text.create_directory.then_some(mode),
        durability: durability(own.as_ref(), text.fsync, &at.key("durability")),
        max_size: Some(text.max_size).filter(|size| *size > 0),
    })
}

/// What is survived: as the gateway's own key says, or as the collector's.
fn durability(own: Option<&Value>, fsync: bool, at: &At<'_>) -> Durability {
    match own.map(|own| own.as_str().unwrap_or_default()) {
        None if fsync => Durability::Power,
        None => Durability::Process,
        Some("power") => Durability::Power,
        Some("process") => {
            if fsync {
                at.refuse("`fsync: true` is `power`, not `process`");
            }
            Durability::Process
        }
        Some(_) => {
            at.refuse("must be `process` (survives a sudden end) or `power` (a loss of power too)");
            Durability::Process
        }
    }
}

/// Who may do what with a directory, as in `chmod`.
pub(super) fn permissions(text: Option<&str>, default: u32, at: &At<'_>) -> u32 {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return default;
    };
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => mode,
        _ => {
            at.refuse(format!("`{text}` is no mode such as `0750`"));
            default
        }
    }
}
