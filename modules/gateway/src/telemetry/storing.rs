//! Which metrics follow from what queues on disk count?

use super::{Family, Labels, Reading};
use crate::{log::Stats, serve::Stored};

type OfLog = (&'static str, &'static str, fn(&Stats) -> u64);

const COUNTERS: [OfLog; 6] = [
    (
        "gateway_storage_appended_requests",
        "Requests that were written to disk.",
        |log| log.appended.get(),
    ),
    (
        "gateway_storage_refused_full_requests",
        "Requests refused because what is not sent yet takes all the room there may be.",
        |log| log.refused_full.get(),
    ),
    (
        "gateway_storage_refused_disk_requests",
        "Requests refused because the disk did not take them.",
        |log| log.refused_disk.get(),
    ),
    (
        "gateway_storage_skipped_records",
        "Records that could not be read back, and were left out.",
        |log| log.skipped_records.get(),
    ),
    (
        "gateway_storage_void_records",
        "Records that were written and then refused, because the medium did not take them.",
        |log| log.void_records.get(),
    ),
    (
        "gateway_storage_unnoted",
        "Notes about what was sent that could not be written: after a crash it is sent once more.",
        |log| log.unnoted.get(),
    ),
];

/// How the queues on disk are, pipeline by pipeline.
pub(super) fn storing(logs: &[Stored]) -> Vec<Family> {
    let each = |read: &dyn Fn(&Stored) -> u64| -> Vec<(Labels, Reading)> {
        let series = logs.iter().map(|log| {
            let labels = vec![
                ("pipeline", log.pipeline.to_string()),
                ("storage", log.storage.to_string()),
            ];
            (labels, Reading::Whole(read(log)))
        });
        series.collect()
    };
    let mut families: Vec<Family> = COUNTERS
        .into_iter()
        .map(|(name, help, read)| Family::counter(name, help, each(&|log| read(&log.stats))))
        .collect();
    families.push(Family::counter(
        "gateway_storage_recovered_requests",
        "Requests that an earlier run left and this one found.",
        each(&|log| log.recovered),
    ));
    let sizes = [
        Family::gauge(
            "gateway_storage_size",
            "Bytes that the files of queues on disk take.",
            each(&|log| log.stats.disk_bytes.get()),
        ),
        Family::gauge(
            "gateway_storage_capacity",
            "Bytes that the files of queues on disk may take.",
            each(&|log| log.capacity),
        ),
    ];
    families.extend(sizes.map(|family| family.in_unit("bytes")));
    families.push(Family::gauge(
        "gateway_storage_failing",
        "Whether the disk refused the last request.",
        each(&|log| log.stats.failing.get()),
    ));
    families
}
