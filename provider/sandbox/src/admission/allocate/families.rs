//! Which families of addresses a Service has. This cluster knows IPv4 only.

use serde_json::{Value, json};

use super::super::cause::{Cause, Causes};
use super::super::edit::{child, or_set};
use super::super::validate::cluster_ips;
use super::{has_address, spec_of};

/// This cluster knows IPv4 only.
pub(super) fn families(new: &mut Value, old: Option<&Value>) -> Result<(), Vec<Cause>> {
    if !has_address(new) {
        return Ok(());
    }
    let selects = !spec_of(new).field("selector").is_empty();
    let headless = spec_of(new).field("clusterIP").text() == "None";
    let bare = headless && !selects;
    let kept = old
        .map(|old| spec_of(old).field("ipFamilyPolicy").text().to_owned())
        .filter(|policy| !policy.is_empty());
    let policy = kept.unwrap_or_else(|| {
        if bare {
            "RequireDualStack"
        } else {
            "SingleStack"
        }
        .to_owned()
    });
    or_set(child(new, "spec"), "ipFamilyPolicy", policy);
    let mut causes = Causes::default();
    cluster_ips(&spec_of(new), &mut causes);
    if causes.len() > 0 {
        return Err(causes.into_vec());
    }
    dual_stack(new, bare, &mut causes);
    if causes.len() > 0 {
        return Err(causes.into_vec());
    }
    let both = bare && spec_of(new).field("ipFamilyPolicy").text() != "SingleStack";
    or_set(
        child(new, "spec"),
        "ipFamilies",
        if both {
            json!(["IPv4", "IPv6"])
        } else {
            json!(["IPv4"])
        },
    );
    Ok(())
}

fn dual_stack(new: &Value, bare: bool, causes: &mut Causes) {
    let spec = spec_of(new);
    let (policy, addresses, families) = (
        spec.field("ipFamilyPolicy"),
        spec.field("clusterIPs"),
        spec.field("ipFamilies"),
    );
    if policy.text() == "SingleStack" {
        if addresses.len() == 2 {
            causes.invalid(&policy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
        }
        if families.len() == 2 {
            causes.invalid(&policy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
        }
    }
    for (index, address) in addresses.items().iter().enumerate() {
        if address.text().contains(':') && index >= families.len() {
            causes.invalid_as(
                address,
                addresses.value(),
                "IPv6 is not configured on this cluster",
            );
        }
    }
    if causes.len() > 0 || bare {
        return;
    }
    if policy.text() == "RequireDualStack" {
        causes.invalid(
            &policy,
            "this cluster is not configured for dual-stack services",
        );
    }
    for family in families.items() {
        if family.text() == "IPv6" {
            causes.invalid(&family, "not configured on this cluster");
        }
    }
}
