//! What was made is known again, whatever was done to it meanwhile.

use jiff::Timestamp;
use provider_core::{
    Kind, ResourceId,
    certificate::{Certificate, Certified, Making, Signed, Validity},
    k8s_openapi::api::core::v1::Secret,
};
use serde_json::{Value, json};

use super::*;

const YEAR: Validity = Validity {
    valid_days: 365,
    renewed_days_before: 90,
};

fn at(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

fn authority() -> Certificate {
    Certificate::Authority {
        name: "shop".into(),
        validity: YEAR,
        overlap_days: 7,
    }
}

fn leaf(names: &[&str]) -> Certificate {
    Certificate::Leaf {
        authority: ResourceId::new(&Kind::of::<Secret>(), "shop", "authority"),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        validity: YEAR,
    }
}

/// A Secret after something was made in it.
fn after(mut secret: Value, data: Data) -> Value {
    for (key, value) in data {
        match value {
            Some(value) => secret["data"][key] = value.into(),
            None => drop(secret["data"].as_object_mut().unwrap().remove(key)),
        }
    }
    secret
}

fn new_authority(now: Timestamp) -> Value {
    let data = made(&authority(), Making::Whole, None, None, now).unwrap();
    after(json!({}), data)
}

fn new_leaf(names: &[&str], by: &Value, now: Timestamp) -> Value {
    after(
        json!({}),
        made(&leaf(names), Making::Whole, None, Some(by), now).unwrap(),
    )
}

#[test]
fn what_is_made_is_read_again() {
    let now = at("2026-11-22");
    let signer = new_authority(now);
    assert_eq!(
        certified(&authority(), &signer, None),
        Certified::Authority {
            expires: at("2027-11-22"),
            next: None,
            retired: [].into()
        }
    );
    let names = ["api.shop.svc", "*.api.shop.svc", "10.0.0.1", "::1"];
    let secret = new_leaf(&names, &signer, now);
    let found = certified(&leaf(&names[..1]), &secret, Some(&signer));
    assert_eq!(
        found,
        Certified::Leaf {
            expires: at("2027-11-22"),
            lacks: [].into(),
            surplus: ["*.api.shop.svc".to_owned()].into(),
            signed: Signed::ByItsAuthority
        }
    );
    let whole = certified(&leaf(&names), &secret, Some(&signer));
    assert!(
        matches!(&whole, Certified::Leaf { lacks, surplus, .. } if lacks.is_empty() && surplus.is_empty()),
        "{whole:?}"
    );
    let other = new_authority(now);
    let Certified::Leaf { lacks, signed, .. } = certified(
        &leaf(&["api.shop.svc", "10.0.0.1", "10.0.0.2"]),
        &secret,
        Some(&other),
    ) else {
        panic!("it is a leaf")
    };
    assert_eq!(lacks, ["10.0.0.2".to_owned()].into());
    assert_eq!(signed, Signed::ByAnother);
}

#[test]
fn through_all_stages_of_an_exchange_old_and_new_leaves_are_trusted() {
    let (first, second, third) = (at("2026-01-01"), at("2026-10-05"), at("2027-01-05"));
    let old = new_authority(first);
    let old_leaf = new_leaf(&["api"], &old, first);
    let make = |held: &Value, making, now| {
        after(
            held.clone(),
            made(&authority(), making, Some(held), None, now).unwrap(),
        )
    };
    let introduced = make(&old, Making::Introduce, second);
    let Certified::Authority { next, expires, .. } = certified(&authority(), &introduced, None)
    else {
        panic!("it is an authority")
    };
    assert_eq!(expires, at("2027-01-01"));
    assert_eq!(next.unwrap().to_string(), "2026-10-04T23:00:00Z");
    let promoted = make(&introduced, Making::Promote, at("2026-10-12"));
    let Certified::Authority { next, retired, .. } = certified(&authority(), &promoted, None)
    else {
        panic!("it is an authority")
    };
    assert_eq!((next, retired), (None, [at("2027-01-01")].into()));
    let new_leaf = new_leaf(&["api"], &promoted, second);

    let trusts = |authority: &Value, leaf: &Value| {
        let anchors = certificates(authority, "ca.crt").unwrap();
        let anchors: Vec<_> = anchors
            .iter()
            .map(|der| webpki::anchor_from_trusted_cert(der).unwrap())
            .collect();
        let der = certificates(leaf, "tls.crt").unwrap();
        let leaf = webpki::EndEntityCert::try_from(&der[0]).unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            second.as_second().try_into().unwrap(),
        ));
        let algorithms = &[webpki::ring::ECDSA_P256_SHA256];
        [
            webpki::KeyUsage::server_auth(),
            webpki::KeyUsage::client_auth(),
        ]
        .into_iter()
        .all(|usage| {
            leaf.verify_for_usage(algorithms, &anchors, &[], now, usage, None, None)
                .is_ok()
        })
    };
    for (authority, leaf) in [
        (&old, &old_leaf),
        (&introduced, &old_leaf),
        (&introduced, &new_leaf),
        (&promoted, &old_leaf),
        (&promoted, &new_leaf),
    ] {
        assert!(trusts(authority, leaf));
    }
    assert!(!trusts(&old, &new_leaf));
    let retired = make(&promoted, Making::Retire, third);
    assert!(!trusts(&retired, &old_leaf) && trusts(&retired, &new_leaf));
}

#[test]
fn what_was_damaged_is_said_so() {
    let now = at("2026-11-22");
    let signer = new_authority(now);
    let good = new_leaf(&["api"], &signer, now);
    let broken = |key: &str, value: &Value| {
        let mut secret = good.clone();
        secret["data"][key] = value.clone();
        match certified(&leaf(&["api"]), &secret, Some(&signer)) {
            Certified::Damaged { why } => why,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        broken("tls.crt", &json!("bm9uc2Vuc2U=")),
        "`tls.crt` is no certificate"
    );
    assert_eq!(broken("tls.key", &json!("")), "`tls.key` is empty");
    assert_eq!(
        broken("tls.key", &signer["data"]["tls.key"]),
        "`tls.key` does not fit `tls.crt`"
    );
    let mut signer = signer;
    signer["data"]["ca.crt"] = new_authority(now)["data"]["ca.crt"].clone();
    assert_eq!(
        certified(&authority(), &signer, None),
        Certified::Damaged {
            why: "`ca.crt` lacks its own certificate".into()
        }
    );
}

#[test]
fn nobody_signs_who_cannot_and_nothing_that_is_no_name() {
    let now = at("2026-11-22");
    let signer = new_authority(now);
    let refused = |names: &[&str], by: Option<&Value>| {
        let answer = made(&leaf(names), Making::Whole, None, by, now);
        answer.unwrap_err().to_string()
    };
    assert_eq!(
        refused(&["api"], None),
        "the Secret of the authority cannot sign: `tls.key` is empty"
    );
    assert_eq!(
        refused(&["äpi"], Some(&signer)),
        "`äpi` can stand in no certificate"
    );
}
