//! Is the gateway well, and how is that said? With the words and codes of the collector's `health_check`.

use std::{
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde_json::json;

use crate::settings::HealthCheck;

/// Whether the gateway takes telemetry now.
#[derive(Debug)]
pub struct Health {
    state: AtomicU8,
    since: SystemTime,
}

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Health {
    /// Not yet: it starts.
    pub fn starting(since: SystemTime) -> Self {
        Self {
            state: AtomicU8::new(STARTING),
            since,
        }
    }

    /// It takes telemetry from now on.
    pub fn ready(&self) {
        self.state.store(READY, Relaxed);
    }

    /// It takes no more: what it has is sent, and then it ends.
    pub fn draining(&self) {
        self.state.store(DRAINING, Relaxed);
    }

    /// Whether it takes telemetry.
    pub fn is_ready(&self) -> bool {
        self.state.load(Relaxed) == READY
    }

    /// What a probe is answered at this time: the status code and the body.
    pub fn answer(&self, settings: &HealthCheck, now: SystemTime) -> (u16, String) {
        let (code, own) = if self.is_ready() {
            (200, settings.healthy_body.as_ref())
        } else {
            (503, settings.unhealthy_body.as_ref())
        };
        (code, own.cloned().unwrap_or_else(|| self.status(now)))
    }

    fn status(&self, now: SystemTime) -> String {
        if !self.is_ready() {
            // The collector's words; it says nothing more while it is not available.
            let never = "0001-01-01T00:00:00Z";
            return json!({"status": "Server not available", "upSince": never, "uptime": ""})
                .to_string();
        }
        let since = Timestamp::try_from(self.since).unwrap_or(Timestamp::UNIX_EPOCH);
        let up = now.duration_since(self.since).unwrap_or(Duration::ZERO);
        let up = collector_config::Duration::from(Duration::from_millis(millis(up)));
        json!({
            "status": "Server available",
            "upSince": since.to_string(),
            "uptime": up.to_string(),
        })
        .to_string()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Address;

    #[test]
    fn readiness_is_said_as_the_collector_says_it() {
        let mut settings = HealthCheck {
            address: Address::Tcp("localhost:0".to_owned()),
            path: "/".to_owned(),
            healthy_body: None,
            unhealthy_body: None,
        };
        let start = SystemTime::UNIX_EPOCH + Duration::from_mins(1);
        let now = start + Duration::from_millis(61_500);
        let health = Health::starting(start);
        let never =
            r#"{"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""}"#;
        assert_eq!(health.answer(&settings, now), (503, never.to_owned()));
        health.ready();
        let up = r#"{"status":"Server available","upSince":"1970-01-01T00:01:00Z","uptime":"1m1s500ms"}"#;
        assert_eq!(health.answer(&settings, now), (200, up.to_owned()));
        health.draining();
        settings.unhealthy_body = Some("no".to_owned());
        assert_eq!(health.answer(&settings, now), (503, "no".to_owned()));
    }
}
