//! What does the process itself take? As `/proc` says it.

use std::{fs, time::Instant};

use super::{Family, Reading};

/// The process, and when it began.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    began: Instant,
}

/// What `/proc` says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Usage {
    cpu_seconds: f64,
    resident: u64,
    virtual_bytes: u64,
    heap: u64,
}

impl Process {
    /// The process that began at this time.
    pub fn since(began: Instant) -> Self {
        Self { began }
    }

    /// Its metrics. What Go calls its heap and what it has from the system is here what is on no file, and all of it.
    pub fn families(&self) -> Vec<Family> {
        let usage = Usage::now();
        let one = |reading| vec![(Vec::new(), reading)];
        vec![
            Family::counter(
                "process_uptime",
                "Uptime of the process [Alpha]",
                one(Reading::Real(self.began.elapsed().as_secs_f64())),
            )
            .in_unit("seconds"),
            Family::counter(
                "process_cpu_seconds",
                "Total CPU user and system time in seconds [Alpha]",
                one(Reading::Real(usage.cpu_seconds)),
            )
            .in_unit("seconds"),
            Family::gauge(
                "process_memory_rss",
                "Total physical memory (resident set size) [Alpha]",
                one(Reading::Whole(usage.resident)),
            )
            .in_unit("bytes"),
            Family::gauge(
                "process_runtime_heap_alloc_bytes",
                "Bytes of allocated heap objects (see 'go doc runtime.MemStats.HeapAlloc') [Alpha]",
                one(Reading::Whole(usage.heap)),
            )
            .in_unit("bytes"),
            Family::gauge(
                "process_runtime_total_sys_memory_bytes",
                "Total bytes of memory obtained from the OS (see 'go doc runtime.MemStats.Sys') [Alpha]",
                one(Reading::Whole(usage.virtual_bytes)),
            )
            .in_unit("bytes"),
        ]
    }
}

impl Usage {
    fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self::of(&stat, &status, rustix::param::clock_ticks_per_second())
    }

    fn of(stat: &str, status: &str, ticks: u64) -> Self {
        // The second field is a name in parentheses, with anything in it.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let number = |index| -> u64 {
            let field: Option<&str> = fields.split_ascii_whitespace().nth(index);
            field.and_then(|field| field.parse().ok()).unwrap_or(0)
        };
        let kib = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_ascii_whitespace().next());
            number
                .and_then(|number| number.parse::<u64>().ok())
                .unwrap_or(0)
                * 1024
        };
        #[expect(clippy::cast_precision_loss, reason = "seconds of a processor are few")]
        let cpu_seconds = (number(11) + number(12)) as f64 / ticks.max(1) as f64;
        Self {
            cpu_seconds,
            resident: kib("VmRSS:"),
            virtual_bytes: kib("VmSize:"),
            heap: kib("RssAnon:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_read() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 1 0 9 0 0";
        let status = "Name:\ta\nVmSize:\t  2048 kB\nVmRSS:\t  1024 kB\nRssAnon:\t   512 kB\n";
        let usage = Usage::of(stat, status, 100);
        let expected = Usage {
            cpu_seconds: 2.0,
            resident: 1 << 20,
            virtual_bytes: 2 << 20,
            heap: 512 << 10,
        };
        assert_eq!(usage, expected);
        assert_eq!(Usage::of("", "", 0), Usage::default());
        assert!(Usage::now().resident > 0);
    }
}
