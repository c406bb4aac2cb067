//! Which span is it? Ids are made from a counter, so that an id that arrives says which one was sent.

/// Traces have five to ten spans, in this order, again and again.
const LENGTHS: [u64; 6] = [5, 6, 7, 8, 9, 10];
/// How many spans are before the nth trace of a cycle.
const BEFORE: [u64; 7] = [0, 5, 11, 18, 26, 35, 45];
/// Spans in a cycle.
const CYCLE: u64 = 45;
/// Which trace of the cycle a span belongs to.
const TRACE_OF: [u8; CYCLE as usize] = trace_of();

const fn trace_of() -> [u8; CYCLE as usize] {
    let mut table = [0; CYCLE as usize];
    let (mut span, mut trace) = (0, 0);
    while span < table.len() {
        if span as u64 == BEFORE[trace as usize + 1] {
            trace += 1;
        }
        table[span] = trace;
        span += 1;
    }
    table
}

/// Makes ids from counters, and counters from ids.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    seed: u64,
}

/// What is special about a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Plain,
    /// Its nth span has the status error.
    Error(u64),
    /// Its first span takes seconds.
    Slow,
}

impl Ids {
    /// Ids of one run: another seed has other ids.
    pub const fn new(seed: u64) -> Self {
        Self { seed: mix(seed) }
    }

    /// The id of a span.
    pub fn span(self, counter: u64) -> [u8; 8] {
        mix(counter ^ self.seed).to_le_bytes()
    }

    /// Which span has this id. Of an id that was never made it says some number, likely a large one.
    pub fn counter(self, span: [u8; 8]) -> u64 {
        unmix(u64::from_le_bytes(span)) ^ self.seed
    }

    /// The id of a trace.
    pub fn trace(self, trace: u64) -> [u8; 16] {
        let low = mix(trace ^ self.seed.rotate_left(17));
        let high = mix(low ^ self.seed);
        ((u128::from(high) << 64) | u128::from(low)).to_le_bytes()
    }

    /// What is special about a trace: three of a hundred have an error, one is slow.
    pub fn fate(self, trace: u64) -> Fate {
        let dice = mix(trace ^ self.seed.rotate_left(31));
        match dice % 100 {
            0..3 => Fate::Error((dice >> 32) % length(trace)),
            3 => Fate::Slow,
            _ => Fate::Plain,
        }
    }
}

/// Which trace a span belongs to.
pub fn trace_of_span(counter: u64) -> u64 {
    let place = usize::try_from(counter % CYCLE).unwrap_or_default();
    counter / CYCLE * LENGTHS.len() as u64 + u64::from(TRACE_OF[place])
}

/// The first span of a trace.
pub fn first_span(trace: u64) -> u64 {
    let cycle = LENGTHS.len() as u64;
    trace / cycle * CYCLE + BEFORE[usize::try_from(trace % cycle).unwrap_or_default()]
}

/// How many spans a trace has.
pub fn length(trace: u64) -> u64 {
    LENGTHS[usize::try_from(trace % LENGTHS.len() as u64).unwrap_or_default()]
}

/// The last steps of splitmix64: scatters a number, and can be undone.
const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Undoes `mix`: each shift is undone by shifting again, each factor by its inverse modulo 2^64.
const fn unmix(number: u64) -> u64 {
    let mut z = number ^ (number >> 31) ^ (number >> 62);
    z = z.wrapping_mul(0x3196_42b2_d24d_8ec3);
    z = z ^ (z >> 27) ^ (z >> 54);
    z = z.wrapping_mul(0x96de_1b17_3f11_9089);
    z = z ^ (z >> 30) ^ (z >> 60);
    z.wrapping_sub(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_which_span_it_is() {
        for seed in [0, 1, 77, u64::MAX] {
            let ids = Ids::new(seed);
            for counter in (0..5000).chain([u64::MAX, 1 << 40]) {
                assert_eq!(ids.counter(ids.span(counter)), counter);
            }
        }
        let (one, other) = (Ids::new(1), Ids::new(2));
        assert!((0..5000).all(|n| other.counter(one.span(n)) > 1 << 30));
    }

    #[test]
    fn spans_and_traces_agree_on_who_belongs_to_whom() {
        let mut counter = 0;
        for trace in 0..100 {
            assert_eq!(first_span(trace), counter);
            for _ in 0..length(trace) {
                assert_eq!(trace_of_span(counter), trace);
                counter += 1;
            }
        }
    }

    #[test]
    fn three_of_a_hundred_traces_have_an_error_and_one_is_slow() {
        let ids = Ids::new(3);
        let (mut errors, mut slow) = (0, 0);
        for trace in 0..100_000 {
            match ids.fate(trace) {
                Fate::Error(place) => {
                    assert!(place < length(trace));
                    errors += 1;
                }
                Fate::Slow => slow += 1,
                Fate::Plain => {}
            }
        }
        assert!((2_800..3_200).contains(&errors), "{errors}");
        assert!((900..1_100).contains(&slow), "{slow}");
    }
}
