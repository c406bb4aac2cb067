//! What passes while somebody waits? Real time, or in a simulation what its seed makes of it.
//!
//! Whatever is simulated waits with this module; all else may use tokio's own.

#[cfg(not(test))]
mod real {
    pub(crate) use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
}
#[cfg(test)]
pub(crate) mod simulated;

#[cfg(not(test))]
pub(crate) use real::*;
#[cfg(test)]
pub(crate) use simulated::{Instant, sleep, sleep_until, timeout, timeout_at};
