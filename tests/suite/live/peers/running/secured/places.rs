//! To whom do collectors send over TLS, and who are they on this machine?

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use super::{
    caller::{Files, is_for},
    made::Made,
};

/// Whoever has a name in the cluster, and whether they ask who calls.
pub(super) type Place = (String, bool);

/// The host of `https://host:port/path` or `dns:///host:port`.
fn host(endpoint: &str) -> String {
    let rest = endpoint
        .rsplit_once("//")
        .map_or(endpoint, |(_, rest)| rest);
    let rest = rest.trim_start_matches('/');
    rest.split([':', '/']).next().unwrap().to_owned()
}

/// Lets exporters send to places of a net on this machine that have the names of those in the cluster. Gives the ids of
/// those exporters.
pub(super) fn redirect(config: &mut Value, places: &mut Vec<Place>, net: &str) -> BTreeSet<String> {
    let mut led = BTreeSet::new();
    for (id, exporter) in config["exporters"].as_object_mut().into_iter().flatten() {
        let spoken = if id.starts_with("load_balancing") {
            &mut exporter["protocol"]["otlp"]
        } else {
            &mut *exporter
        };
        let tls = spoken["tls"].clone();
        assert!(tls["ca_file"].is_string(), "{id} trusts nobody: {tls}");
        let name = match tls["server_name_override"].as_str() {
            Some(name) => name.to_owned(),
            None => host(spoken["endpoint"].as_str().unwrap()),
        };
        spoken["tls"]["server_name_override"] = json!(name);
        let place = (name, tls["cert_file"].is_string());
        let number = places.iter().position(|known| *known == place);
        let number = number.unwrap_or_else(|| {
            places.push(place);
            places.len() - 1
        });
        let to = format!("{net}.{}", number + 1);
        match id.split('/').next().unwrap() {
            "otlp_http" => exporter["endpoint"] = json!(format!("https://{to}:4318")),
            "otlp_grpc" => exporter["endpoint"] = json!(format!("{to}:4317")),
            "load_balancing" => {
                exporter["resolver"] = json!({ "static": { "hostnames": [format!("{to}:4317")] } });
            }
            kind => panic!("nothing is known of {kind}"),
        }
        led.insert(id.clone());
    }
    led
}

/// The files of whoever has that name.
pub(super) fn of(made: &Made, name: &str) -> Files {
    let mut all = made.certificates();
    all.find(|files| is_for(files, name))
        .unwrap_or_else(|| panic!("nobody has a certificate for {name}"))
}

/// Receivers with the certificates of those who have these names in the cluster.
pub(super) fn receivers(made: &Made, places: &[Place], folder: &Path, net: &str) -> Value {
    let mut receivers = json!({});
    for (number, (name, asks)) in places.iter().enumerate() {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (file, content) in of(made, name) {
            fs::write(folder.join(file), content).unwrap();
        }
        let [cert, key, trusted] =
            ["tls.crt", "tls.key", "ca.crt"].map(|file| folder.join(file).display().to_string());
        let asked = asks.then_some(trusted);
        let tls = json!({ "cert_file": cert, "key_file": key, "client_ca_file": asked });
        let at = |port| json!({ "endpoint": format!("{net}.{}:{port}", number + 1), "tls": tls });
        receivers[format!("otlp/{number}")] =
            json!({ "protocols": { "grpc": at(4317), "http": at(4318) } });
    }
    receivers
}
