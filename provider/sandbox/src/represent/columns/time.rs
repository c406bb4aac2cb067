//! How long ago was something, as `kubectl` writes it?

use serde_json::{Value, json};

/// How old an object is.
pub(super) fn age_of(object: &Value) -> Value {
    since(&object["metadata"]["creationTimestamp"])
}

/// How long ago a time was.
pub(super) fn since(time: &Value) -> Value {
    match parse(time) {
        Some(then) => json!(human(jiff::Timestamp::now().as_second() - then.as_second())),
        None => json!("<unknown>"),
    }
}

/// How long it took from one time to another, or until now.
pub(super) fn between(start: &Value, end: &Value) -> Value {
    let Some(start) = parse(start) else {
        return json!("");
    };
    let end = parse(end).unwrap_or_else(jiff::Timestamp::now);
    json!(human(end.as_second() - start.as_second()))
}

fn parse(time: &Value) -> Option<jiff::Timestamp> {
    time.as_str()?.parse().ok()
}

/// A span of seconds in the one or two units that matter.
fn human(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let pair = |whole: i64, unit: &str, rest: i64, small: &str| match rest {
        0 => format!("{whole}{unit}"),
        _ => format!("{whole}{unit}{rest}{small}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => pair(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn spans_show_the_units_that_matter() {
        for (seconds, shown) in [
            (0, "0s"),
            (119, "119s"),
            (125, "2m5s"),
            (600, "10m"),
            (10_860, "3h1m"),
            (172_800, "2d"),
            (700_000, "8d"),
            (63_072_000, "2y"),
        ] {
            assert_eq!(human(seconds), shown);
        }
    }
}
