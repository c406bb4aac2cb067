//! Whether the addresses that a Service asks for can be given at all.

use std::collections::BTreeSet;

use super::super::at::At;
use super::super::cause::Causes;
use super::net::ip;

/// What an assignment of addresses must look like before any is taken; the API looks at this first.
pub(crate) fn cluster_ips(spec: &At<'_>, causes: &mut Causes) {
    if spec.field("type").text() == "ExternalName" {
        return;
    }
    let (single, list, families) = (
        spec.field("clusterIP"),
        spec.field("clusterIPs"),
        spec.field("ipFamilies"),
    );
    let first = list.texts().first().copied().unwrap_or_default();
    match (single.is_empty(), list.is_empty()) {
        (false, true) => causes.required(&list, ""),
        (false, false) if first != single.text() => {
            causes.invalid(&list, "first value must match `clusterIP`");
        }
        (true, false) => causes.invalid(&list, "must be empty when `clusterIP` is not specified"),
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for family in families.items() {
        causes.one_of(&family, &["IPv4", "IPv6"]);
        if !seen.insert(family.text()) {
            causes.duplicate(&family);
        }
    }
    if spec.field("ipFamilyPolicy").is_set() {
        causes.one_of(
            &spec.field("ipFamilyPolicy"),
            &["PreferDualStack", "RequireDualStack", "SingleStack"],
        );
    }
    let before = causes.len();
    for (index, address) in list.items().iter().enumerate() {
        if index == 0 && address.text() == "None" {
            if list.len() > 1 {
                causes.invalid(&list, "'None' must be the first and only value");
            }
        } else {
            ip(address, causes);
        }
    }
    if list.len() > 2 {
        causes.invalid(&list, "may only hold up to 2 values");
    }
    if causes.len() > before {
        return;
    }
    let is_v6: Vec<bool> = list.texts().iter().map(|text| text.contains(':')).collect();
    if is_v6.len() == 2 && is_v6[0] == is_v6[1] {
        causes.invalid(&list, "may specify no more than one IP for each IP family");
    }
    if first != "None" {
        for (index, (v6, family)) in is_v6.iter().zip(families.texts()).enumerate() {
            if (family == "IPv6") != *v6 {
                causes.invalid(
                    &list.index(index),
                    &format!("expected an {family} value as indicated by `ipFamilies[{index}]`"),
                );
            }
        }
    }
}
