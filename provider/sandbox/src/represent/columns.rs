//! Which columns does a kind have?

use serde_json::{Value, json};

use crate::registry::Resource;

/// Makes one cell of an object.
type Cell = Box<dyn Fn(&Value) -> Value>;

/// One column of a table.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) format: String,
    pub(super) description: String,
    pub(super) priority: i64,
    pub(super) cell: Cell,
}

impl Column {
    fn new(name: &str, kind: &str, cell: impl Fn(&Value) -> Value + 'static) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            cell: Box::new(cell),
        }
    }
}

/// The columns of a kind, in their order.
pub(super) fn of(_resource: &Resource) -> Vec<Column> {
    let mut name = Column::new("Name", "string", |object| {
        object["metadata"]["name"].clone()
    });
    "name".clone_into(&mut name.format);
    vec![
        name,
        Column::new("Age", "string", |object| {
            age(&object["metadata"]["creationTimestamp"])
        }),
    ]
}

/// How long ago a time was, as `kubectl` writes it.
pub(super) fn age(time: &Value) -> Value {
    let Some(then) = time
        .as_str()
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
    else {
        return json!("<unknown>");
    };
    json!(human(jiff::Timestamp::now().as_second() - then.as_second()))
}

/// A span of seconds with the two or fewer units that matter.
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
