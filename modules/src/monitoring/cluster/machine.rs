//! Have the machines that nodes are processors, memory and disk left?
//!
//! An agent measures the machine itself, whether it may ask the kubelet or not. What is measured comes once more with other
//! labels when an agent has been started again, so the highest of each is taken and nothing is counted twice.

use super::seen::{
    MACHINE_CPU, MACHINE_DISK, MACHINE_FILES, MACHINE_IO, MACHINE_IO_TIME, MACHINE_LOAD,
    MACHINE_MEMORY, MACHINE_MEMORY_AVAILABLE,
};
use crate::monitoring::rule::{Alert, Severity};

const NODE: &str = "k8s_node_name";
/// One disk may be mounted at several places.
const DEVICE: &str = "k8s_node_name, device";
/// What is never written to is as full as it was made, and what boots is nearly as large as it has to be.
const WRITTEN: &str = "mode=\"rw\", mountpoint!~\"/boot.*\"";
/// How far back is looked to tell how busy somebody is.
const RANGE: &str = "5m";

/// Questions about the machines that are chosen, by a label matcher or by nothing.
#[derive(Clone, Copy, Debug)]
pub(in crate::monitoring) struct Machines<'a> {
    pub(in crate::monitoring) chosen: &'a str,
    /// As far back as a rate looks.
    pub(in crate::monitoring) range: &'a str,
}

impl Machines<'static> {
    const ALL: Self = Self {
        chosen: "",
        range: RANGE,
    };
}

impl Machines<'_> {
    /// Which share of the time processors have something to do. Waiting for a disk is nothing to do.
    pub(in crate::monitoring) fn busy(self) -> String {
        let idle = self.rate(MACHINE_CPU, "state=~\"idle|wait\"");
        let of_each = format!("max by ({NODE}, cpu, state) ({idle})");
        format!("1 - avg by ({NODE}) (sum by ({NODE}, cpu) ({of_each}))")
    }

    /// How many want to run for each processor.
    pub(in crate::monitoring) fn load(self) -> String {
        let processors = format!(
            "count by ({NODE}) (count by ({NODE}, cpu) ({}))",
            self.of(MACHINE_CPU, "")
        );
        format!(
            "max by ({NODE}) ({}) / {processors}",
            self.of(MACHINE_LOAD, "")
        )
    }

    /// Which share of the memory a program that starts could have.
    pub(in crate::monitoring) fn memory_left(self) -> String {
        let (left, all) = (
            self.of(MACHINE_MEMORY_AVAILABLE, ""),
            self.of(MACHINE_MEMORY, ""),
        );
        format!("max by ({NODE}) ({left}) / (max by ({NODE}) ({all}) > 0)")
    }

    /// Which share of each disk is used, of what anybody but root may use.
    pub(in crate::monitoring) fn disk_used(self) -> String {
        self.used(MACHINE_DISK)
    }

    /// The same of the files that it can hold.
    pub(in crate::monitoring) fn files_used(self) -> String {
        self.used(MACHINE_FILES)
    }

    fn used(self, metric: &str) -> String {
        let [used, free] = ["used", "free"].map(|state| {
            let in_state = self.of(metric, &format!("state=\"{state}\", {WRITTEN}"));
            format!("max by ({DEVICE}) ({in_state})")
        });
        format!("{used} / (({used} + {free}) > 0)")
    }

    /// How much of each disk is free after so many seconds, if it goes on as in the last hours.
    fn free_in(self, seconds: u32) -> String {
        let free = self.of(MACHINE_DISK, &format!("state=\"free\", {WRITTEN}"));
        format!("min by ({DEVICE}) (predict_linear({free}[6h], {seconds}))")
    }

    /// What is read from each disk, and written to it. Parts of a disk are counted beside the whole.
    pub(in crate::monitoring) fn traffic(self) -> String {
        format!(
            "max by ({DEVICE}, direction) ({})",
            self.rate(MACHINE_IO, "")
        )
    }

    /// Which share of the time the busiest disk has something to do.
    pub(in crate::monitoring) fn busiest_disk(self) -> String {
        format!("max by ({NODE}) ({})", self.rate(MACHINE_IO_TIME, ""))
    }

    fn rate(self, metric: &str, matcher: &str) -> String {
        format!("rate({}[{}])", self.of(metric, matcher), self.range)
    }

    fn of(self, metric: &str, matcher: &str) -> String {
        let matchers: Vec<&str> = [matcher, self.chosen]
            .into_iter()
            .filter(|one| !one.is_empty())
            .collect();
        if matchers.is_empty() {
            return metric.to_owned();
        }
        format!("{metric}{{{}}}", matchers.join(", "))
    }
}

pub(super) fn alerts() -> Vec<Alert> {
    const DAY: u32 = 24 * 60 * 60;
    let all = Machines::ALL;
    let (disk, files) = (all.disk_used(), all.files_used());
    vec![
        Alert {
            name: "NodeDiskFills",
            severity: Severity::Critical,
            hold: "10m",
            when: format!("{disk} > 0.85 or {files} > 0.9"),
            says: "{{ $labels.device }} of {{ $labels.k8s_node_name }} is nearly full: Pods are evicted soon, if it is \
                   the one that they share",
        },
        Alert {
            name: "NodeDiskFillsSoon",
            severity: Severity::Warning,
            hold: "30m",
            when: format!("{} < 0 and {disk} > 0.5", all.free_in(DAY)),
            says: "{{ $labels.device }} of {{ $labels.k8s_node_name }} is full within a day if it fills on as it does",
        },
        Alert {
            name: "NodeMemoryShort",
            severity: Severity::Warning,
            hold: "15m",
            when: format!("{} < 0.05", all.memory_left()),
            says: "Less than a twentieth of the memory of {{ $labels.k8s_node_name }} can be had: Pods are evicted or \
                   killed soon",
        },
        Alert {
            name: "NodeCpuSaturated",
            severity: Severity::Warning,
            hold: "30m",
            when: format!("{} > 0.95", all.busy()),
            says: "The processors of {{ $labels.k8s_node_name }} have had no rest for half an hour: everything on it is slow",
        },
    ]
}
