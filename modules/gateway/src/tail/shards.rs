//! How are traces and limits shared among the shards of a sampler? As contrib's `num_shards` has it.

use collector_config::components::tail_sampling::{Policy, Rule, TailSampling};

/// How many shards there are.
pub(super) fn count(settings: &TailSampling) -> u8 {
    let shards = settings.num_shards.unwrap_or(1).max(1);
    // More than 256 are refused before; the last of those has the number 255.
    u8::try_from(shards - 1).unwrap_or(u8::MAX)
}

/// Which of the shards a trace is dealt with in; `last` is the number of the last.
pub(super) fn of(trace_id: &[u8; 16], last: u8) -> u8 {
    if last == 0 {
        return 0;
    }
    let whole = u128::from_le_bytes(*trace_id).to_le_bytes();
    let (halves, _) = whole.as_chunks::<8>();
    let halves = halves.iter().map(|half| u64::from_le_bytes(*half));
    // The mixing step of splitmix64 over both halves.
    let mut hash = halves.fold(0, |one, other| one ^ other);
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    let [shard, ..] = (hash % (u64::from(last) + 1)).to_le_bytes();
    shard
}

/// The settings of each of so many shards: every number that limits all of them is divided, and none becomes zero by it.
pub(super) fn share(settings: &TailSampling, shards: u64) -> TailSampling {
    let mut share = settings.clone();
    if shards <= 1 {
        return share;
    }
    share.num_traces = (settings.num_traces / shards).max(1);
    let cache = &mut share.decision_cache;
    divide(&mut cache.sampled_cache_size, shards);
    divide(&mut cache.non_sampled_cache_size, shards);
    for policy in &mut share.policies {
        share_of_policy(policy, shards);
    }
    share
}

fn share_of_policy(policy: &mut Policy, shards: u64) {
    let parts = match &mut policy.rule {
        Rule::RateLimiting { rate_limiting } => {
            let (rate, burst) = (
                &mut rate_limiting.spans_per_second,
                &mut rate_limiting.burst_capacity,
            );
            divide_rate(rate, burst, shards);
            return;
        }
        Rule::BytesLimiting { bytes_limiting } => {
            let (rate, burst) = (
                &mut bytes_limiting.bytes_per_second,
                &mut bytes_limiting.burst_capacity,
            );
            divide_rate(rate, burst, shards);
            return;
        }
        Rule::Composite { composite } => {
            divide(&mut composite.max_total_spans_per_second, shards);
            &mut composite.composite_sub_policy
        }
        Rule::And { and } => &mut and.and_sub_policy,
        Rule::Drop { drop } => &mut drop.drop_sub_policy,
        Rule::Not { not } => return share_of_policy(&mut not.not_sub_policy, shards),
        _ => return,
    };
    for part in parts {
        share_of_policy(part, shards);
    }
}

/// What may come at once is the largest trace that may pass, which is in one shard: it is not divided.
fn divide_rate(rate: &mut u64, burst: &mut u64, shards: u64) {
    if *burst == 0 {
        *burst = rate.saturating_mul(2);
    }
    divide(rate, shards);
}

/// Zero stays what it is: none, or without limit.
fn divide(number: &mut u64, shards: u64) {
    if *number > 0 {
        *number = (*number / shards).max(1);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shards_share_what_limits_them_together() {
        let settings: TailSampling = serde_json::from_value(json!({
            "num_shards": 4,
            "num_traces": 10,
            "decision_cache": { "sampled_cache_size": 100, "non_sampled_cache_size": 0 },
            "policies": [
                { "name": "spans", "type": "rate_limiting", "rate_limiting": { "spans_per_second": 100 } },
                { "name": "both", "type": "and", "and": { "and_sub_policy": [
                    { "name": "bytes", "type": "bytes_limiting",
                      "bytes_limiting": { "bytes_per_second": 3, "burst_capacity": 50 } },
                ] } },
                { "name": "parts", "type": "composite", "composite": {
                    "max_total_spans_per_second": 1000, "policy_order": [], "composite_sub_policy": [],
                } },
            ],
        }))
        .unwrap();
        let share = share(&settings, 4);
        let limits = (share.num_traces, share.decision_cache.sampled_cache_size);
        assert_eq!(limits, (2, 25));
        assert_eq!(share.decision_cache.non_sampled_cache_size, 0);
        let said = serde_json::to_value(&share.policies).unwrap();
        assert_eq!(
            said[0]["rate_limiting"],
            json!({ "spans_per_second": 25, "burst_capacity": 200 })
        );
        assert_eq!(
            said[1]["and"]["and_sub_policy"][0]["bytes_limiting"],
            json!({ "bytes_per_second": 1, "burst_capacity": 50 })
        );
        assert_eq!(
            said[2]["composite"]["max_total_spans_per_second"],
            json!(250)
        );
        assert_eq!(super::share(&settings, 1), settings);
    }

    #[test]
    fn every_shard_has_its_share_of_all_traces_whatever_their_ids() {
        for ids in [
            |n: u128| n,
            |n: u128| n << 64,
            |n: u128| n << 100 | 7,
            |n: u128| n * 1000,
        ] {
            let mut counts = [0; 7];
            for n in 0..7000 {
                counts[usize::from(of(&ids(n).to_be_bytes(), 6))] += 1;
            }
            assert!(
                counts.iter().all(|count| (850..1150).contains(count)),
                "{counts:?}"
            );
        }
        assert_eq!(of(&[9; 16], 0), 0);
    }
}
