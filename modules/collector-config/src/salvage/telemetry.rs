//! What of what a collector tells about itself can be read?

use serde_json::{Value, json};

use super::{Fields, Salvage, kind_of};
use crate::{Telemetry, nearest::nearest, telemetry::Level};

impl Salvage {
    /// The parts of it that can be read, where not all can.
    pub(super) fn telemetry(&mut self, value: Option<Value>) -> Telemetry {
        let place = "service.telemetry";
        let written = value.clone().unwrap_or_default();
        if let Ok(telemetry) = serde_json::from_value(written) {
            return telemetry;
        }
        let mut kept = Fields::new();
        for (name, part) in self.fields(value, place) {
            let place = format!("{place}.{name}");
            // A part of which nothing is said is as good as none.
            if part.is_null() {
                continue;
            }
            match (name.as_str(), reads(&json!({ &name: &part }))) {
                (_, Ok(())) => drop(kept.insert(name, part)),
                ("logs" | "metrics" | "resource", Err(_)) => {
                    let part = self.part(&name, part, &place);
                    kept.insert(name, Value::Object(part));
                }
                (_, Err(error)) => self.undescribed(&place, error),
            }
        }
        // Each part of it has been read by itself.
        serde_json::from_value(Value::Object(kept)).unwrap_or_default()
    }

    /// The settings of one part that can be read.
    fn part(&mut self, of: &str, part: Value, place: &str) -> Fields {
        let mut kept = Fields::new();
        for (name, setting) in self.fields(Some(part), place) {
            let place = format!("{place}.{name}");
            if setting.is_null() {
                continue;
            }
            match (name.as_str(), setting) {
                ("readers", Value::Array(readers)) => {
                    let readers = self.readers(readers, &place);
                    kept.insert(name, Value::Array(readers));
                }
                (_, setting) => match reads(&json!({ of: { &name: &setting } })) {
                    Ok(()) => drop(kept.insert(name, setting)),
                    Err(error) => self.setting(&place, &setting, &error),
                },
            }
        }
        kept
    }

    fn readers(&mut self, readers: Vec<Value>, place: &str) -> Vec<Value> {
        let mut kept = Vec::new();
        for (n, reader) in readers.into_iter().enumerate() {
            match reads(&json!({ "metrics": { "readers": [&reader] } })) {
                Ok(()) => kept.push(reader),
                Err(error) => self.undescribed(&format!("{place}.{n}"), error),
            }
        }
        kept
    }

    /// A setting that cannot be read.
    fn setting(&mut self, place: &str, setting: &Value, error: &str) {
        let text = setting.as_str().unwrap_or_default();
        if text.contains("${") {
            let cause = format!("its value, `{text}`, is only known when the collector runs");
            return self.undescribed(place, cause);
        }
        if place != "service.telemetry.metrics.level" {
            let cause = format!("it is {}: {error}", kind_of(setting));
            return self.wrong(place, cause, "write it as the collector reads it");
        }
        let levels = [Level::None, Level::Basic, Level::Normal, Level::Detailed];
        let levels = levels.map(|level| format!("{level:?}").to_lowercase());
        let levels = levels.each_ref().map(String::as_str);
        let repair = match nearest(text, levels) {
            Some(near) => format!("write `{near}`"),
            None => format!("write one of {}", levels.join(", ")),
        };
        let written = setting
            .as_str()
            .map_or_else(|| setting.to_string(), str::to_owned);
        self.wrong(place, format!("there is no level `{written}`"), repair);
    }
}

/// Whether something can be read as telemetry.
fn reads(value: &Value) -> Result<(), String> {
    let read: Result<Telemetry, _> = serde_json::from_value(value.clone());
    read.map(drop).map_err(|error| error.to_string())
}
