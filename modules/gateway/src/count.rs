//! How many items does a request have?

use crate::Signal;

/// The number of spans, data points or log records; none if the bytes are no message.
pub(crate) fn items(signal: Signal, body: &[u8]) -> Option<u64> {
    let mut count = 0;
    // Request → resource → scope → item; a metric has its points one or two levels deeper.
    each(body, 1, &mut |resource| {
        each(resource, 2, &mut |scope| {
            each(scope, 2, &mut |item| {
                count += if signal == Signal::Metrics {
                    points(item)?
                } else {
                    1
                };
                Some(())
            })
        })
    })?;
    Some(count)
}

fn points(metric: &[u8]) -> Option<u64> {
    let mut count = 0;
    for kind in [5, 7, 9, 10, 11] {
        each(metric, kind, &mut |data| {
            each(data, 1, &mut |_| {
                count += 1;
                Some(())
            })
        })?;
    }
    Some(count)
}

fn each<'a>(
    mut message: &'a [u8],
    wanted: u64,
    found: &mut dyn FnMut(&'a [u8]) -> Option<()>,
) -> Option<()> {
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let skip = match key & 7 {
            0 => {
                varint(&mut message)?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (value, rest) = message.split_at_checked(skip)?;
        if key == wanted << 3 | 2 {
            found(value)?;
        }
        message = rest;
    }
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
