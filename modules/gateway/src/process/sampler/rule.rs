//! What is decided about an item, from what it offers, what came with it, and what somebody said of it?

use collector_config::components::processors::{ProbabilisticSampler as Settings, SamplerMode};

use super::{
    Policy,
    probability::{Randomness, Threshold},
};

/// What is known of earlier sampling, and travels with the item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) randomness: Option<Randomness>,
    pub(super) threshold: Option<Threshold>,
}

/// What was decided about an item.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) kept: bool,
    pub(super) policy: Policy,
    /// What is to travel with it from now on; none to leave it as it is.
    pub(super) carried: Option<Carried>,
}

/// What somebody said of an item's importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    Unsaid,
    Said(Threshold),
}

/// How a share becomes a decision.
#[derive(Clone, Debug)]
enum Mode {
    /// Nothing is kept.
    Never,
    Hash {
        threshold: Threshold,
    },
    Equalizing {
        threshold: Threshold,
    },
    Proportional {
        share: f64,
    },
}

/// What happens to an item without anything to decide by, if it is kept all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// It gets the largest random number.
    Marked,
    Unmarked,
}

/// What the settings say of every item.
pub(super) struct Rule {
    mode: Mode,
    /// For items that say nothing, or what makes no sense.
    on_error: Threshold,
    /// How many hexadecimal digits a share is rounded to.
    precision: u32,
}

impl Rule {
    /// The rule of these settings, which were checked.
    pub(super) fn of(settings: &Settings) -> Self {
        let precision = settings.sampling_precision.unwrap_or(4);
        Self {
            mode: Mode::of(settings, precision),
            on_error: match settings.fail_closed {
                Some(false) => Threshold::ALWAYS,
                None | Some(true) => Threshold::NEVER,
            },
            precision,
        }
    }

    /// Whether it is a digest that decides.
    pub(super) fn hashes(&self) -> bool {
        matches!(self.mode, Mode::Hash { .. })
    }

    /// So much percent as a threshold.
    pub(super) fn percent(&self, percent: f64) -> Option<Threshold> {
        Threshold::of_share(percent / 100.0, self.precision)
    }

    /// Decides. `source` is what the item itself offers to decide by, `carried` what came with it (none if that is
    /// broken).
    pub(super) fn decide(
        &self,
        source: Option<(Randomness, Policy)>,
        carried: Option<Carried>,
        absent: Absent,
        priority: Priority,
    ) -> Outcome {
        let mut broken = carried.is_none();
        let (randomness, mut policy, mut carried) = self.basis(source, carried, absent);
        broken |= carried.is_none();
        broken |= policy == Policy::Missing;
        if !broken
            && let Some(carried) = &mut carried
            && carried
                .threshold
                .is_some_and(|threshold| !threshold.keeps(randomness))
        {
            // It says that it was left out, and is here.
            carried.threshold = None;
            broken = true;
        }
        let mut threshold = if broken {
            self.on_error
        } else {
            self.threshold(carried.as_ref())
        };
        if let Priority::Said(said) = priority {
            (threshold, policy) = (said, Policy::Priority);
        }
        let kept = threshold.keeps(randomness);
        if let Some(carried) = &mut carried {
            // A share can only get smaller.
            carried.threshold = Some(
                carried
                    .threshold
                    .map_or(threshold, |before| before.max(threshold)),
            );
        }
        Outcome {
            kept,
            policy,
            carried,
        }
    }

    fn threshold(&self, carried: Option<&Carried>) -> Threshold {
        let before = carried.and_then(|carried| carried.threshold);
        match self.mode {
            Mode::Never => Threshold::NEVER,
            Mode::Hash { threshold } => threshold,
            Mode::Equalizing { threshold } => {
                before.map_or(threshold, |before| before.max(threshold))
            }
            Mode::Proportional { share } => {
                let share = before.map_or(1.0, Threshold::share) * share;
                Threshold::of_share(share, self.precision).unwrap_or(Threshold::NEVER)
            }
        }
    }

    /// By which random number, from where, and with what to travel on; without the last if what came is not to be trusted.
    fn basis(
        &self,
        source: Option<(Randomness, Policy)>,
        carried: Option<Carried>,
        absent: Absent,
    ) -> (Randomness, Policy, Option<Carried>) {
        match (&self.mode, carried) {
            (Mode::Never, carried) => (Randomness::LARGEST, Policy::Priority, carried),
            (Mode::Hash { .. }, carried) => {
                let (randomness, policy) = source.unwrap_or((Randomness::LARGEST, Policy::Missing));
                // Whoever sampled before by other rules is not to be overruled by a hash.
                let mut untouched = carried.filter(|carried| *carried == Carried::default());
                if let Some(carried) = &mut untouched
                    && (policy != Policy::Missing || absent == Absent::Marked)
                {
                    carried.randomness = Some(randomness);
                }
                (randomness, policy, untouched)
            }
            (_, Some(carried)) => {
                let own = source.unwrap_or((Randomness::LARGEST, Policy::Missing));
                let came = carried.randomness.map(|came| (came, Policy::Carried));
                let (randomness, policy) = came.unwrap_or(own);
                (randomness, policy, Some(carried))
            }
            (_, None) => (Randomness::LARGEST, Policy::Missing, None),
        }
    }
}

impl Mode {
    fn of(settings: &Settings, precision: u32) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the collector computes with 32 bits"
        )]
        let percent = settings.sampling_percentage.min(100.0) as f32;
        let share = (f64::from(percent) / 100.0).max(f64::from_bits(1));
        let of_share = || Threshold::of_share(share, precision).unwrap_or(Threshold::NEVER);
        match settings.mode {
            _ if percent <= 0.0 => Self::Never,
            Some(SamplerMode::Equalizing) => Self::Equalizing {
                threshold: of_share(),
            },
            Some(SamplerMode::Proportional) => Self::Proportional { share },
            Some(SamplerMode::HashSeed) | None => match Threshold::of_buckets(percent) {
                Threshold::NEVER => Self::Never,
                threshold => Self::Hash { threshold },
            },
        }
    }
}
