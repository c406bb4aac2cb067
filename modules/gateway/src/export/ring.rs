//! Which of several destinations is responsible for a key?
//!
//! As the collector's load balancing exporter 0.159 decides, so that both can stand in one tier.

use std::collections::BTreeSet;

const POSITIONS: u32 = 131_071;
const POINTS: u32 = 200;
const PROBES: u32 = 10;

/// A circle on which each destination has many points: it is responsible for what lies before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ring {
    /// Positions in order, with the number of the destination.
    points: Vec<(u32, usize)>,
}

impl Ring {
    /// A ring of destinations; their names decide, not their order.
    pub(super) fn new(names: &[String]) -> Self {
        let mut candidates = Vec::with_capacity(names.len() * POINTS as usize);
        for (number, name) in names.iter().enumerate() {
            for point in 0..POINTS {
                let mut hash = crc32fast::Hasher::new();
                hash.update(name.as_bytes());
                hash.update(&point.to_le_bytes());
                let hash = hash.finalize();
                candidates.push((hash % POSITIONS, hash, name, number));
            }
        }
        candidates.sort();
        let mut taken = BTreeSet::new();
        let mut points = Vec::with_capacity(candidates.len());
        for (position, _, _, number) in candidates {
            let mut probes = (0..PROBES).map(|step| (position + step) % POSITIONS);
            if let Some(free) = probes.find(|position| !taken.contains(position)) {
                taken.insert(free);
                points.push((free, number));
            }
        }
        points.sort_unstable();
        Self { points }
    }

    /// The number of who is responsible; none if there is nobody.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let position = crc32fast::hash(key) % POSITIONS;
        let next = self.points.partition_point(|(point, _)| *point < position);
        let (_, number) = self.points.get(next).or(self.points.first())?;
        Some(*number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: u8) -> Vec<String> {
        (0..count)
            .map(|index| format!("10.0.0.{index}:4317"))
            .collect()
    }

    /// Which of three backends the collector 0.159 sent 48 traces to, by their ids.
    const RECORDED: &str = "101112122221000222210111010222100100121220001110";

    #[test]
    fn who_is_responsible_is_whom_the_collector_chooses() {
        let names = [15001, 15002, 15003].map(|port| format!("127.0.0.1:{port}"));
        let ring = Ring::new(&names);
        let chosen = (1..=48_u128).map(|trace| {
            let id = trace.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            ring.find(&id.to_be_bytes()).unwrap().to_string()
        });
        assert_eq!(chosen.collect::<String>(), RECORDED);
    }

    #[test]
    fn who_is_responsible_stays_so_when_others_come() {
        let (three, four) = (Ring::new(&names(3)), Ring::new(&names(4)));
        let mut counts = [0_u32; 4];
        let mut moved = 0;
        for key in 0..10_000_u128 {
            let key = key
                .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
                .to_be_bytes();
            let (before, after) = (three.find(&key).unwrap(), four.find(&key).unwrap());
            counts[after] += 1;
            if before != after {
                assert_eq!(after, 3, "only the new one takes from others");
                moved += 1;
            }
        }
        assert!(
            counts.iter().all(|count| (1500..4000).contains(count)),
            "{counts:?}"
        );
        assert_eq!(moved, counts[3]);
    }

    #[test]
    fn the_order_of_names_makes_no_difference() {
        let names = names(5);
        let turned: Vec<_> = names.iter().rev().cloned().collect();
        let (ring, other) = (Ring::new(&names), Ring::new(&turned));
        for key in 0..1000_u32 {
            let key = key.to_le_bytes();
            let (one, two) = (ring.find(&key).unwrap(), other.find(&key).unwrap());
            assert_eq!(names[one], turned[two]);
        }
        assert_eq!(Ring::new(&[]).find(b"key"), None);
    }
}
