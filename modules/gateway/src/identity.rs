//! Which resources, series and values are the same?
//!
//! As the collector's components tell: by 128 bits of XXH64 over values in one order, and FNV-1a over what describes
//! them.

use crate::{
    ottl,
    wire::{self, Attribute, Node, Value},
};

/// The bytes that are the same for values that are.
pub(crate) fn canonical(value: &Value<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    write_value(&mut out, value);
    out
}

/// The name that the collector gives a resource.
pub(crate) fn resource(resource: &Node<'_>) -> String {
    format!(
        "resource/{:x}",
        fnv(&of_attributes(resource.resource_attributes()))
    )
}

/// What the names of a metric's series begin with.
pub(crate) fn metric(resource: &Node<'_>, scope: &Node<'_>, metric: &[u8]) -> Vec<u8> {
    let mut out = of_attributes(resource.resource_attributes()).to_vec();
    for number in [1, 2] {
        let texts = scope.descriptions().map(|of| wire::bytes_of(of, number));
        out.extend(
            texts
                .filter(|text| !text.is_empty())
                .last()
                .unwrap_or_default(),
        );
    }
    out.extend(of_attributes(scope.scope_attributes()));
    out.extend(wire::bytes_of(metric, 1));
    out.extend(wire::bytes_of(metric, 3));
    let data = ottl::data(metric);
    out.extend(data.map_or([0; 3], |data| data.identity()));
    out
}

/// The name that the collector gives a series of such a metric.
pub(crate) fn stream<'a>(metric: &[u8], attributes: impl Iterator<Item = Attribute<'a>>) -> String {
    let whole = [metric, &of_attributes(attributes)].concat();
    format!("stream/{:x}", fnv(&whole))
}

/// The same for the same attributes, in whatever order.
fn of_attributes<'a>(attributes: impl Iterator<Item = Attribute<'a>>) -> [u8; 16] {
    let mut bytes = Vec::new();
    write_map(&mut bytes, &attributes.collect::<Vec<_>>());
    if bytes.is_empty() {
        return [0; 16];
    }
    let first = xxh64(&bytes).to_le_bytes();
    bytes.push(0xf3);
    let second = xxh64(&bytes).to_le_bytes();
    let mut out = [0; 16];
    out[..8].copy_from_slice(&first);
    out[8..].copy_from_slice(&second);
    out
}

fn write_map(out: &mut Vec<u8>, attributes: &[Attribute<'_>]) {
    let mut keys: Vec<&str> = attributes.iter().map(|attribute| attribute.key).collect();
    keys.sort_unstable();
    for key in keys {
        // Of several with one name it is the first that counts, for each of them.
        let found = attributes.iter().find(|attribute| attribute.key == key);
        out.push(0xf4);
        out.extend_from_slice(key.as_bytes());
        write_value(
            out,
            &found.map_or(Value::Empty, |attribute| attribute.value),
        );
    }
}

fn write_value(out: &mut Vec<u8>, value: &Value<'_>) {
    let mut tagged = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match value {
        Value::Empty => tagged(0xf5, &[]),
        Value::Bytes(bytes) => tagged(0xf6, bytes),
        Value::Text(text) => tagged(0xf7, text.as_bytes()),
        Value::Bool(yes) => tagged(if *yes { 0xf8 } else { 0xf9 }, &[]),
        Value::Int(number) => tagged(0xfa, &number.to_le_bytes()),
        Value::Double(number) => tagged(0xfb, &number.to_bits().to_le_bytes()),
        Value::Map(entries) => {
            out.push(0xfc);
            write_map(out, &wire::attributes(entries, 1).collect::<Vec<_>>());
            out.push(0xfd);
        }
        Value::Array(values) => {
            out.push(0xfe);
            let values = wire::Fields::of(values).filter(|field| field.number == 1);
            for value in values.filter_map(|field| field.value.bytes()) {
                write_value(out, &Value::read(value));
            }
            out.push(0xff);
        }
    }
}

/// FNV-1a.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

const PRIMES: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

/// XXH64 with seed 0.
fn xxh64(bytes: &[u8]) -> u64 {
    let round = |lane: u64, input: u64| {
        let mixed = lane.wrapping_add(input.wrapping_mul(PRIMES[1]));
        mixed.rotate_left(31).wrapping_mul(PRIMES[0])
    };
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        PRIMES[4]
    } else {
        let mut lanes = [
            PRIMES[0].wrapping_add(PRIMES[1]),
            PRIMES[1],
            0,
            0_u64.wrapping_sub(PRIMES[0]),
        ];
        for stripe in stripes {
            let (words, _) = stripe.as_chunks::<8>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        let turned = [1, 7, 12, 18].iter().zip(lanes);
        let sum = turned.fold(0_u64, |sum, (by, lane)| {
            sum.wrapping_add(lane.rotate_left(*by))
        });
        lanes.into_iter().fold(sum, |hash, lane| {
            let mixed = (hash ^ round(0, lane)).wrapping_mul(PRIMES[0]);
            mixed.wrapping_add(PRIMES[3])
        })
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash ^= round(0, u64::from_le_bytes(*word));
        hash = hash
            .rotate_left(27)
            .wrapping_mul(PRIMES[0])
            .wrapping_add(PRIMES[3]);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIMES[0]);
        hash = hash
            .rotate_left(23)
            .wrapping_mul(PRIMES[1])
            .wrapping_add(PRIMES[2]);
    }
    for byte in rest {
        hash ^= u64::from(*byte).wrapping_mul(PRIMES[4]);
        hash = hash.rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(PRIMES[1]);
    hash = (hash ^ hash >> 29).wrapping_mul(PRIMES[2]);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::edit::put_attribute;

    #[test]
    fn hashes_are_what_others_say_they_are() {
        for (text, expected) in [
            ("", 0xef46_db37_51d8_e999),
            ("a", 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0x44bc_2cf5_ad77_0999),
            (
                "Nobody inspects the spammish repetition",
                0xfbce_a83c_8a37_8bf1,
            ),
        ] {
            assert_eq!(xxh64(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn the_order_of_attributes_makes_no_difference_and_their_types_do() {
        let of = |pairs: &[(&str, Value<'_>)]| {
            let mut map = Vec::new();
            for (key, value) in pairs {
                put_attribute(&mut map, 1, key, value);
            }
            of_attributes(wire::attributes(&map, 1))
        };
        let (a, b) = (("a", Value::Text("1")), ("b", Value::Double(0.5)));
        assert_eq!(of(&[a, b]), of(&[b, a]));
        assert_ne!(of(&[a]), of(&[("a", Value::Int(1))]));
        assert_eq!(of(&[]), [0; 16]);
    }
}
