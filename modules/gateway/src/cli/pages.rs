//! What does a running gateway show? Health for probes, and metrics for Prometheus servers.

use std::{
    sync::{Arc, Weak},
    time::SystemTime,
};

use crate::{
    serve::Gateway,
    settings::{Address, MetricsPage, Settings, Telemetry},
    telemetry::{Ask, Health, PageError, Pages, Process, families, render},
};

/// Text as Prometheus reads it.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Shows everything that the settings ask for.
pub(super) async fn show(
    settings: &Settings,
    gateway: &Arc<Gateway>,
    health: &Arc<Health>,
    process: Process,
) -> Result<Pages, PageError> {
    let mut pages = Pages::default();
    for check in settings.health.values() {
        let (health, check) = (Arc::clone(health), check.clone());
        let Address::Tcp(address) = check.address.clone() else {
            continue;
        };
        let ask: Ask = Arc::new(move |path| {
            let (code, body) = health.answer(&check, SystemTime::now());
            (path == check.path).then_some((code, "application/json", body))
        });
        pages.add(&address, ask).await?;
    }
    let resource = resource(&settings.telemetry);
    for page in settings.telemetry.shown_pages() {
        let ask = metrics(
            page.clone(),
            resource.clone(),
            Arc::downgrade(gateway),
            process,
        );
        pages.add(&page.address(), ask).await?;
    }
    Ok(pages)
}

/// The metrics of a gateway, as long as it is there.
fn metrics(
    page: MetricsPage,
    resource: Vec<(String, String)>,
    gateway: Weak<Gateway>,
    process: Process,
) -> Ask {
    Arc::new(move |path| {
        if path != "/metrics" {
            return None;
        }
        let mut all = process.families();
        if let Some(gateway) = gateway.upgrade() {
            all.extend(families(&gateway));
        }
        Some((200, PROMETHEUS, render(&page, &resource, &all)))
    })
}

/// What the gateway is, as a resource.
fn resource(telemetry: &Telemetry) -> Vec<(String, String)> {
    let own = [
        ("service.name", "gateway".to_owned()),
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", instance()),
    ];
    let mut all: std::collections::BTreeMap<String, String> = own
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    for (key, value) in &telemetry.resource {
        match value {
            Some(value) => all.insert(key.clone(), value.clone()),
            None => all.remove(key),
        };
    }
    all.into_iter().collect()
}

/// A name for this run, as random as a UUID of version 4.
fn instance() -> String {
    let random = (fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}
