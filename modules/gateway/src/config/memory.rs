//! How much memory is there for this process?

use std::{fs, path::Path};

/// The bytes that the process may use: the smallest limit of the control groups that it is in, or the machine's memory.
pub(super) fn of_this_process() -> Option<u64> {
    let machine = machine(&fs::read_to_string("/proc/meminfo").ok()?);
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limit = limits(&groups, Path::new("/sys/fs/cgroup")).min();
    machine.into_iter().chain(limit).min()
}

/// The limits of all groups of a process, of version 2 (one hierarchy) and of version 1 (one of its own for memory).
fn limits<'a>(groups: &'a str, root: &'a Path) -> impl Iterator<Item = u64> + 'a {
    groups.lines().flat_map(move |line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let (root, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => return Vec::new(),
        };
        // Inside of a container the group is the root, whatever the path says.
        let group = Path::new(group.trim_start_matches('/'));
        let folders = group.ancestors().map(|folder| root.join(folder));
        let limits = folders.filter_map(|folder| limit(&folder.join(file)));
        limits.collect()
    })
}

fn limit(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn machine(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_counts() {
        let root = std::env::temp_dir().join(format!("gateway-cgroup-{}", std::process::id()));
        for (file, text) in [
            ("memory.max", "max\n"),
            ("pods/memory.max", "1000\n"),
            ("pods/one/memory.max", "2000\n"),
            ("memory/memory.limit_in_bytes", "3000\n"),
        ] {
            let file = root.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let smallest = |groups| limits(groups, &root).min();
        assert_eq!(smallest("0::/pods/one\n"), Some(1000));
        assert_eq!(smallest("0::/\n"), None);
        assert_eq!(smallest("4:cpu:/a\n3:memory:/gone\n"), Some(3000));
        assert_eq!(smallest("nonsense"), None);
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_machine_says_what_it_has() {
        assert_eq!(
            machine("MemTotal:        4096 kB\nMemFree: 1 kB\n"),
            Some(4_194_304)
        );
        assert_eq!(machine("MemFree: 1 kB\n"), None);
        assert!(of_this_process().is_some_and(|bytes| bytes > 1 << 20));
    }
}
