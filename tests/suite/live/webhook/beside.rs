//! How is the program put beside a real API server?

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use modules::{Injector, Sidecar, WhenDown, protocol::Otlp};
use provider::{Endpoint, Scope, Stack};
use rcgen::{CertificateParams, Issuer, KeyPair};
use serde_json::{Value, json};
use support::{Live, Site};

use super::{OURS, has_sidecar, pod};

/// A program that runs beside the plane, and what it was told.
pub(super) struct Beside {
    pub(super) site: Site,
    pub(super) name: String,
    program: Child,
    log: PathBuf,
}

impl Beside {
    /// The injector of a stack in the namespace `NAME`, for Pods of `NAME-shop` and all of `NAME-bank`. The API server
    /// asks it about Pods of these, of `NAME-else` and of `kube-system`, so that tests do not get in each other's way.
    pub(super) fn new(name: &str, when_down: WhenDown) -> Self {
        let name = Live::expected().name(name);
        let namespaces = ["", "-shop", "-bank", "-else"].map(|end| format!("{name}{end}"));
        let site = Site::new("webhook", &namespaces.each_ref().map(String::as_str));
        for namespace in &namespaces {
            let level = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
            let object = json!({ "metadata": { "name": namespace, "labels": level } });
            site.send("POST", "/api/v1/namespaces", Some(&object))
                .unwrap();
        }
        let objects = rendered(&name, when_down);
        let trusted = certificate(&site);
        let (program, url, log) = started(&site, &objects);
        let mut webhook = find(&objects, "MutatingWebhookConfiguration");
        let hook = &mut webhook["webhooks"][0];
        hook["clientConfig"] = json!({ "url": url, "caBundle": trusted });
        let seen = [&namespaces[..], &["kube-system".to_owned()]].concat();
        let seen =
            json!({ "key": "kubernetes.io/metadata.name", "operator": "In", "values": seen });
        let selector = hook["namespaceSelector"]["matchExpressions"].as_array_mut();
        selector.unwrap().push(seen);
        site.send("POST", WEBHOOKS, Some(&webhook)).unwrap();
        let beside = Self {
            site,
            name,
            program,
            log,
        };
        beside.wait_until_asked();
        beside
    }

    pub(super) fn namespace(&self, end: &str) -> String {
        format!("{}{end}", self.name)
    }

    /// What becomes of a Pod: the object as it is stored, or what the API server says against it.
    pub(super) fn make(&self, namespace: &str, pod: &Value) -> Result<Value, String> {
        self.make_with(namespace, pod, "")
    }

    pub(super) fn make_with(
        &self,
        namespace: &str,
        pod: &Value,
        options: &str,
    ) -> Result<Value, String> {
        let path = format!("/api/v1/namespaces/{namespace}/pods{options}");
        let started = Instant::now();
        loop {
            match self.site.send("POST", &path, Some(pod)) {
                Ok(pod) => return Ok(pod),
                Err(error) => {
                    let said = error.to_string();
                    // The namespace's service account comes a moment after the namespace.
                    let later = said.contains("serviceaccount") && started.elapsed().as_secs() < 30;
                    if !later {
                        return Err(said);
                    }
                    sleep(Duration::from_millis(100));
                }
            }
        }
    }

    /// The API server learns of a webhook a moment after it is made.
    fn wait_until_asked(&self) {
        let started = Instant::now();
        let pod = pod("first", &json!({ OURS: "true" }));
        while self
            .make_with(&self.namespace("-shop"), &pod, "?dryRun=All")
            .is_ok_and(|pod| !has_sidecar(&pod))
        {
            assert!(started.elapsed().as_secs() < 30, "it is never asked");
            sleep(Duration::from_millis(100));
        }
    }

    /// Gives the program a certificate of another authority, and tells the API server to trust that one alone.
    pub(super) fn exchange_authority(&self) {
        let trusted = certificate(&self.site);
        let started = Instant::now();
        let log = || fs::read_to_string(&self.log).unwrap();
        while !log().contains("there is a new certificate") {
            assert!(started.elapsed().as_secs() < 30, "{}", log());
            sleep(Duration::from_millis(100));
        }
        let path = format!("{WEBHOOKS}/{}-injector", self.name);
        let mut webhook = self.site.send("GET", &path, None).unwrap();
        webhook["webhooks"][0]["clientConfig"]["caBundle"] = json!(trusted);
        self.site.send("PUT", &path, Some(&webhook)).unwrap();
    }

    /// What the program wrote of Pods of that name.
    pub(super) fn written(&self, pod: &str) -> Vec<Value> {
        let log = fs::read_to_string(&self.log).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.filter(|line: &Value| line["pod"] == pod).collect()
    }

    /// What became of Pods of that name, question by question.
    pub(super) fn outcomes(&self, pod: &str) -> Vec<String> {
        let written = self.written(pod);
        let outcomes = written.iter().map(|line| line["outcome"].as_str());
        outcomes
            .map(|outcome| outcome.unwrap().to_owned())
            .collect()
    }

    /// Tells the program to end, and expects that it does.
    pub(super) fn end(&mut self) {
        let told = std::process::Command::new("kill")
            .arg(self.program.id().to_string())
            .status();
        assert!(told.unwrap().success());
        assert!(self.program.wait().unwrap().success());
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let path = format!("{WEBHOOKS}/{}-injector", self.name);
        // It may be gone already, as may the program.
        let _ = self.site.send("DELETE", &path, None);
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

/// What the module makes.
pub(super) fn rendered(name: &str, when_down: WhenDown) -> Vec<Value> {
    let own = name.to_owned();
    let define = move |stack: &mut Scope<'_>| {
        let gateway: Endpoint<Otlp> = Endpoint::outside("gateway.example", 4317);
        let sidecar = Sidecar::new("otel").forward(&gateway);
        let injector = Injector::new("injector", "registry.invalid/injector:1", sidecar)
            .namespaces([format!("{own}-shop")])
            .everyone_in([format!("{own}-bank")])
            .when_down(when_down);
        stack.add(injector);
    };
    let graph = Stack::new(name, define).graph().unwrap();
    graph
        .resources()
        .map(|resource| resource.object.clone())
        .collect()
}

fn find(objects: &[Value], kind: &str) -> Value {
    objects
        .iter()
        .find(|object| object["kind"] == kind)
        .unwrap()
        .clone()
}

/// Writes a certificate for loopback and its key, and says whom to trust.
fn certificate(site: &Site) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let write = |name: &str, text: String| fs::write(site.user.folder().join(name), text).unwrap();
    write("tls.crt", pem("CERTIFICATE", leaf.der()));
    write("tls.key", pem("PRIVATE KEY", &key.serialize_der()));
    STANDARD.encode(pem("CERTIFICATE", authority.der()))
}

fn pem(what: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {what}-----\n{}\n-----END {what}-----\n",
        STANDARD.encode(der)
    )
}

/// Starts the program with the configuration that the module wrote: the child, its URL and its log.
fn started(site: &Site, objects: &[Value]) -> (Child, String, PathBuf) {
    let is_its = |object: &&Value| {
        let name = object["metadata"]["name"].as_str();
        object["kind"] == "ConfigMap" && name.is_some_and(|name| name.starts_with("injector-"))
    };
    let config = objects.iter().find(is_its).unwrap()["data"]["config.yaml"].clone();
    let folder = site.user.folder();
    fs::write(folder.join("config.yaml"), config.as_str().unwrap()).unwrap();
    let log = folder.join("injector.log");
    let arguments = [
        "--config=config.yaml",
        "--certificate=tls.crt",
        "--key=tls.key",
        "--address=127.0.0.1",
        "--port=0",
        "--reload=1",
    ];
    let mut command = site.user.prepared("injector", &arguments);
    command.stderr(Stdio::from(File::create(&log).unwrap()));
    let mut program = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    (program, format!("https://{address}/mutate"), log)
}
