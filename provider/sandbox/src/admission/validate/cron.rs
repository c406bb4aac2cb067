//! Whether a text is a cron schedule.

/// The legal range of each field, and the names that stand for numbers.
const FIELDS: [(u32, u32, &[&str]); 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (
        1,
        12,
        &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    ),
    (0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];
const DESCRIPTORS: [&str; 8] = [
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
    "@every",
];

/// Says why it is not.
pub(super) fn check(schedule: &str) -> Result<(), String> {
    let rest = match schedule
        .strip_prefix("TZ=")
        .or_else(|| schedule.strip_prefix("CRON_TZ="))
    {
        Some(zoned) => zoned.split_once(' ').map_or("", |(_, rest)| rest).trim(),
        None => schedule.trim(),
    };
    if rest.starts_with('@') {
        let word = rest.split(' ').next().unwrap_or_default();
        let period = rest.strip_prefix("@every ").is_none_or(is_duration);
        return if DESCRIPTORS.contains(&word) && period {
            Ok(())
        } else {
            Err(format!("unrecognized descriptor: {rest}"))
        };
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "expected exactly 5 fields, found {}: {fields:?}",
            fields.len()
        ));
    }
    fields
        .iter()
        .zip(FIELDS)
        .try_for_each(|(field, (least, most, names))| {
            field
                .split(',')
                .try_for_each(|part| range(part, least, most, names))
        })
}

fn range(part: &str, least: u32, most: u32, names: &[&str]) -> Result<(), String> {
    let (span, step) = match part.split_once('/') {
        Some((span, step)) => (span, Some(step)),
        None => (part, None),
    };
    if step.is_some_and(|step| step.parse::<u32>().map_or(true, |step| step == 0)) {
        return Err(format!("failed to parse the step of {part}"));
    }
    if span == "*" || span == "?" {
        return Ok(());
    }
    let (start, end) = span.split_once('-').unwrap_or((span, span));
    let (start, end) = (number(start, names, least)?, number(end, names, least)?);
    if start < least {
        return Err(format!(
            "beginning of range ({start}) below minimum ({least}): {part}"
        ));
    }
    if end > most {
        return Err(format!(
            "end of range ({end}) above maximum ({most}): {part}"
        ));
    }
    if start > end {
        return Err(format!(
            "beginning of range ({start}) beyond end of range ({end}): {part}"
        ));
    }
    Ok(())
}

fn number(text: &str, names: &[&str], least: u32) -> Result<u32, String> {
    if let Some(index) = names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name))
    {
        return Ok(u32::try_from(index).unwrap_or_default() + least);
    }
    text.parse()
        .map_err(|_| format!("failed to parse int from {text}"))
}

fn is_duration(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    !digits.is_empty()
        && digits.len() < text.len()
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'h' | 'm' | 's' | 'u' | 'n'))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn schedules_have_five_fields_or_a_name() {
        for good in [
            "* * * * *",
            "*/5 0-6,12 1 jan-mar MON",
            "0 0 ? * 6",
            "@daily",
            "@every 1h30m",
            "TZ=Europe/Berlin 0 0 * * *",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "every day",
            "* * * *",
            "60 * * * *",
            "* * 0 * *",
            "* * * * 7",
            "*/0 * * * *",
            "5-1 * * * *",
            "@never",
            "a * * * *",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
