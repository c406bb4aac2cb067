//! Whether two objects mean the same, however they are written.

use fields::Quantity;
use serde_json::Value;

use super::types::{self, Field, Type};

/// `new`, with every amount that equals the one in `old` written as it is there.
pub(super) fn aligned(type_name: &str, new: &Value, old: &Value) -> Value {
    let mut aligned = new.clone();
    if let Some(fields) = types::fields(type_name) {
        for (name, Field { holds, .. }) in fields {
            if let (Some(new), Some(old)) = (aligned.get_mut(*name), old.get(*name)) {
                align(holds, new, old);
            }
        }
    }
    aligned
}

fn align(holds: &Type, new: &mut Value, old: &Value) {
    if *new == *old {
        return;
    }
    match (holds, new) {
        (Type::Quantity, new) => {
            let amounts = (Quantity::from_json(new), Quantity::from_json(old));
            if matches!(amounts, (Ok(after), Ok(before)) if after == before) {
                *new = old.clone();
            }
        }
        // No list and an empty one mean the same.
        (Type::List(_), new @ Value::Array(_))
            if old.is_null() && *new == Value::Array(Vec::new()) =>
        {
            *new = Value::Null;
        }
        (Type::Struct(name), new @ Value::Object(_)) => *new = aligned(name, new, old),
        (Type::List(items), Value::Array(list)) => {
            for (item, before) in list.iter_mut().zip(old.as_array().into_iter().flatten()) {
                align(items, item, before);
            }
        }
        (Type::Map(values), Value::Object(map)) => {
            for (key, value) in map.iter_mut() {
                if let Some(before) = old.get(key) {
                    align(values, value, before);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::aligned;

    #[test]
    fn equal_amounts_are_no_difference() {
        let claim =
            |size: &str| json!({ "spec": { "resources": { "requests": { "storage": size } } } });
        let old = claim("1Gi");
        for (size, same) in [("1024Mi", true), ("1073741824", true), ("2Gi", false)] {
            let new = aligned("core.v1.PersistentVolumeClaim", &claim(size), &old);
            assert_eq!(new == old, same, "{size}");
        }
    }
}
