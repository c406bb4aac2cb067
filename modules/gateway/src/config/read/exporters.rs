//! Where does telemetry go?

use std::time::Duration;

use collector_config::{
    Component,
    components::{
        debug::{Debug as DebugText, NopExporter, Verbosity as VerbosityText},
        file_exporter::{FileExporter, Format},
        load_balancing::LoadBalancing as BalancingText,
        otlp_exporters::{OtlpGrpc as GrpcText, OtlpHttp as HttpText},
        queue::{Retry, SendingQueue},
        remote_write::PrometheusRemoteWrite,
    },
};
use serde_json::Value;

use super::super::at::At;
use super::{
    client,
    extensions::permissions,
    load_balancing, or_default,
    queue::{self, Stored},
    remote_write,
};
use crate::settings::{Debug, Exporter, ExporterKind, File, FileFormat, Rotation, Verbosity};

/// An exporter of a type that the gateway runs; none if its settings could not be read.
pub(in super::super) fn exporter(kind: &str, settings: &Value, at: &At<'_>) -> Option<Exporter> {
    Some(if kind == GrpcText::TYPE.name {
        grpc(at.component(settings)?, settings, at)
    } else if kind == HttpText::TYPE.name {
        let mut settings = settings.clone();
        at.foreign(&mut settings, &["cookies", "profiles_endpoint"]);
        http(at.component(&settings)?, &settings, at)
    } else if kind == BalancingText::TYPE.name {
        balancing(at.component(settings)?, settings, at)
    } else if kind == PrometheusRemoteWrite::TYPE.name {
        let mut settings = settings.clone();
        remote_write::flattened(&mut settings, at);
        let version = remote_write::version(&mut settings, at);
        remote_write::remote_write(at.component(&settings)?, &settings, version, at)
    } else if kind == DebugText::TYPE.name {
        debug(at.component(settings)?, settings, at)
    } else if kind == FileExporter::TYPE.name {
        file(at.component(settings)?, at)
    } else {
        let NopExporter {} = at.component(settings)?;
        plain(ExporterKind::Nop)
    })
}

/// An exporter that can always take what it is given.
fn plain(kind: ExporterKind) -> Exporter {
    Exporter {
        kind,
        timeout: None,
        queue: None,
        retry: None,
    }
}

fn grpc(text: GrpcText, settings: &Value, at: &At<'_>) -> Exporter {
    let waiting = text.sending_queue.clone().unwrap_or_default();
    let again = text.retry_on_failure.clone().unwrap_or_default();
    let queue = queue::queue(waiting, settings, at);
    Exporter {
        timeout: or_default(text.timeout, Some(Duration::from_secs(5))),
        retry: queue::retry(&again, settings, Stored::of(queue.as_ref()), at),
        queue,
        kind: ExporterKind::OtlpGrpc(client::grpc(text, at)),
    }
}

fn http(text: HttpText, settings: &Value, at: &At<'_>) -> Exporter {
    let waiting = text.sending_queue.clone().unwrap_or_default();
    let again = text.retry_on_failure.clone().unwrap_or_default();
    let queue = queue::queue(waiting, settings, at);
    Exporter {
        timeout: or_default(text.timeout, Some(Duration::from_secs(30))),
        retry: queue::retry(&again, settings, Stored::of(queue.as_ref()), at),
        queue,
        kind: ExporterKind::OtlpHttp(Box::new(client::http(text, at))),
    }
}

/// Its own queue and repetition are off unless they are asked for: those of each collector are on. What waits does so
/// in one place, before it is spread: its own queue, or what each collector's would have been.
fn balancing(text: BalancingText, settings: &Value, at: &At<'_>) -> Exporter {
    let off = SendingQueue {
        enabled: false,
        ..SendingQueue::default()
    };
    let never = Retry {
        enabled: false,
        ..Retry::default()
    };
    let inner = ["protocol", "otlp"];
    let given = &text.protocol.otlp.sending_queue;
    let each = given.clone().unwrap_or_default();
    let own = queue::queue(text.sending_queue.clone().unwrap_or(off), settings, at);
    if own.is_some() && each.enabled {
        let why = "does nothing: what waits does so once, in the exporter's own queue";
        at.keys(&inner).moot("sending_queue", given, why);
    }
    let each = || queue::queue(each, &settings["protocol"]["otlp"], &at.keys(&inner));
    let queue = own.or_else(each);
    let stored = Stored::of(queue.as_ref());
    let again = text.retry_on_failure.clone().unwrap_or(never);
    let timeout = or_default(text.timeout, None);
    let kind = load_balancing::load_balancing(text, settings, stored, at);
    Exporter {
        timeout,
        retry: queue::retry(&again, settings, stored, at),
        queue,
        kind: ExporterKind::LoadBalancing(Box::new(kind)),
    }
}

fn debug(text: DebugText, settings: &Value, at: &At<'_>) -> Exporter {
    let why = "the gateway writes to its own log; a file is written by `file`";
    at.without("output_paths", &text.output_paths, why);
    if text.use_internal_logger == Some(false) {
        at.key("use_internal_logger")
            .refuse("the gateway writes to its own log; `stdout` is not written to");
    }
    let verbosity = match text.verbosity {
        VerbosityText::Basic => Verbosity::Basic,
        VerbosityText::Normal => Verbosity::Normal,
        VerbosityText::Detailed => Verbosity::Detailed,
    };
    let kind = ExporterKind::Debug(Debug {
        verbosity,
        initial: text.sampling_initial.unwrap_or(2),
        thereafter: text.sampling_thereafter.unwrap_or(1),
    });
    Exporter {
        queue: text
            .sending_queue
            .and_then(|text| queue::queue(text, settings, at)),
        ..plain(kind)
    }
}

/// The collector's megabytes are these.
const MB: u64 = 1 << 20;

fn file(text: FileExporter, at: &At<'_>) -> Exporter {
    at.without(
        "encoding",
        &text.encoding,
        "the gateway writes `format: json` and `format: proto`",
    );
    if text.group_by.as_ref().is_some_and(|group| group.enabled) {
        at.key("group_by").refuse("the gateway writes one file");
    }
    if let Some(rotation) = &text.rotation {
        let why = "does nothing: names of old files say the time in UTC";
        at.key("rotation")
            .moot("localtime", &rotation.localtime, why);
    }
    let why = "does nothing: each message is written out at once";
    at.moot("flush_interval", &text.flush_interval, why);
    let why = "does nothing: messages are compressed as hard as zstd does by itself";
    at.key("compression_params")
        .moot("level", &text.compression_params.level, why);
    let rotation = text.rotation.map(|text| Rotation {
        max_bytes: u64::from(text.max_megabytes.filter(|size| *size > 0).unwrap_or(100)) * MB,
        max_days: Some(text.max_days).filter(|days| *days > 0),
        max_backups: Some(text.max_backups.unwrap_or(100)).filter(|count| *count > 0),
    });
    plain(ExporterKind::File(File {
        path: text.path.into(),
        append: text.append,
        rotation,
        format: match text.format {
            None | Some(Format::Json) => FileFormat::Json,
            Some(Format::Proto) => FileFormat::Proto,
        },
        zstd: text.compression == "zstd",
        create_directory: text.create_directory.then(|| {
            permissions(
                Some(&text.directory_permissions),
                0o755,
                &at.key("directory_permissions"),
            )
        }),
    }))
}
