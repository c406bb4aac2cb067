//! Which resources, series and values are the same?
//!
//! As the collector's components tell: by 128 bits of XXH64 over values in one order, and FNV-1a over what describes
//! them.

use twox_hash::XxHash64;

use crate::{
    fnv, ottl,
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
    let whole = of_attributes(resource.resource_attributes());
    format!("resource/{:x}", fnv::of_64(&whole))
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
    format!("stream/{:x}", fnv::of_64(&whole))
}

/// The same for the same attributes, in whatever order.
fn of_attributes<'a>(attributes: impl Iterator<Item = Attribute<'a>>) -> [u8; 16] {
    let mut bytes = Vec::new();
    write_map(&mut bytes, &attributes.collect::<Vec<_>>());
    if bytes.is_empty() {
        return [0; 16];
    }
    let first = XxHash64::oneshot(0, &bytes).to_le_bytes();
    bytes.push(0xf3);
    let second = XxHash64::oneshot(0, &bytes).to_le_bytes();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::edit::put_attribute;

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

    #[test]
    fn a_digest_is_the_one_that_collectors_make() {
        let mut map = Vec::new();
        put_attribute(&mut map, 1, "service.name", &Value::Text("shop"));
        let digest = of_attributes(wire::attributes(&map, 1));
        assert_eq!(fnv::of_64(&digest), 0x1ad1_d463_5ed6_5e5f);
    }
}
