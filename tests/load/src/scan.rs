//! Which spans are in a message? Walks the protobuf encoding and reads nothing but ids.

/// Calls back with trace id and span id of every span; says how many there were, or none if it is no trace request.
pub fn spans(request: &[u8], mut each: impl FnMut([u8; 16], [u8; 8])) -> Option<u64> {
    let mut count = 0;
    fields(request, 1, |resource| {
        fields(resource, 2, |scope| {
            fields(scope, 2, |span| {
                let (trace, id) = ids(span)?;
                each(trace, id);
                count += 1;
                Some(())
            })
        })
    })?;
    Some(count)
}

/// Trace and span id. Nearly everyone writes them first; whoever does not is read in full.
fn ids(span: &[u8]) -> Option<([u8; 16], [u8; 8])> {
    if let [0x0a, 16, rest @ ..] = span
        && let Some((trace, [0x12, 8, rest @ ..])) = rest.split_first_chunk::<16>()
        && let Some((id, _)) = rest.split_first_chunk::<8>()
    {
        return Some((*trace, *id));
    }
    let (mut trace, mut id) = (None, None);
    fields(span, 1, |bytes| {
        trace = bytes.try_into().ok();
        Some(())
    })?;
    fields(span, 2, |bytes| {
        id = bytes.try_into().ok();
        Some(())
    })?;
    Some((trace?, id?))
}

/// Calls back with each length-delimited field of that number; none if the bytes are no message.
pub fn fields<'a>(
    mut bytes: &'a [u8],
    wanted: u64,
    mut each: impl FnMut(&'a [u8]) -> Option<()>,
) -> Option<()> {
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let skip = match key & 7 {
            0 => {
                varint(&mut bytes)?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (field, rest) = bytes.split_at_checked(skip)?;
        bytes = rest;
        if key >> 3 == wanted && key & 7 == 2 {
            each(field)?;
        }
    }
    Some(())
}

/// Takes a varint off the front.
pub fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::Ids,
        layout::Layout,
        template::{Size, Template},
    };

    #[test]
    fn the_spans_that_were_written_are_found() {
        let (ids, template) = (Ids::new(4), Template::new(100, Size::Large));
        let run = Layout {
            spans: 100,
            spread: 1,
        }
        .run(3);
        let mut bytes = template.bytes().to_vec();
        template.write(&mut bytes, ids, run);
        let mut found = Vec::new();
        assert_eq!(
            spans(&bytes, |_, id| found.push(ids.counter(id))),
            Some(100)
        );
        assert_eq!(found, run.spans().collect::<Vec<_>>());
    }

    #[test]
    fn ids_are_found_in_any_order_of_fields() {
        let trace = [&[0x0a, 16][..], &[7; 16]].concat();
        let id = [&[0x12, 8][..], &[9; 8]].concat();
        for span in [
            [&trace[..], &id].concat(),
            [&id[..], &[0x30, 2], &trace].concat(),
        ] {
            assert_eq!(ids(&span), Some(([7; 16], [9; 8])));
        }
        assert_eq!(ids(&trace), None);
    }

    #[test]
    fn what_is_cut_off_is_no_request() {
        let bytes = Template::new(3, Size::Small).bytes().to_vec();
        assert!((1..bytes.len()).all(|end| spans(&bytes[..end], |_, _| {}).is_none()));
    }
}
