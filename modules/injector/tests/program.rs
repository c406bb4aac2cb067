//! Does the program say what is wrong before it begins, and end when it is told to?
#![expect(clippy::unwrap_used, reason = "tests may")]

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{self, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

const CONFIG: &str = r#"
name: otel
namespace: obs
stack: prod
annotations: [sidecar.otelier.dev/inject]
namespaces: { shop: {} }
sidecar:
  container: { name: otel-sidecar, image: "registry.invalid/otelcol:1", startupProbe: { tcpSocket: { port: 13133 } } }
  application: { grpc: "http://127.0.0.1:4317", http: "http://127.0.0.1:4318" }
"#;

/// A folder with the program's files.
struct Folder(PathBuf);

impl Folder {
    fn new(config: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("otelier-injector-program-{}-{number}", process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.yaml"), config).unwrap();
        Self(folder)
    }

    fn certificate(&self) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let write = |file: &str, what: &str, der: &[u8]| {
            let text = STANDARD.encode(der);
            let text = format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n");
            fs::write(self.0.join(file), text).unwrap();
        };
        write("tls.crt", "CERTIFICATE", certificate.der());
        write("tls.key", "PRIVATE KEY", &key.serialize_der());
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_injector"));
        let files = [
            "--config=config.yaml",
            "--certificate=tls.crt",
            "--key=tls.key",
        ];
        command.current_dir(&self.0).args(files).args(more);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary folder, where it does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_configuration_is_checked_without_a_certificate() {
    let folder = Folder::new(CONFIG);
    let output = folder.command(&["--check"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output), "");
}

#[test]
fn what_keeps_it_from_beginning_is_said_in_one_go() {
    let nobody = CONFIG
        .replace("{ shop: {} }", "{}")
        .replace("name: otel\n", "name: Otel\n");
    for (config, words) in [
        (
            nobody.as_str(),
            &[
                "injector: could not use config.yaml: the configuration has mistakes:",
                "\n  name: `Otel` is no name of Kubernetes",
                "\n  namespaces: nobody may ask",
            ][..],
        ),
        (
            "name: [",
            &["could not use config.yaml: the configuration cannot be read: "],
        ),
        (
            &format!("{CONFIG}colour: red\n"),
            &["the configuration cannot be read", "colour"],
        ),
        (
            CONFIG,
            &["there is no certificate to show: could not read tls.crt: "],
        ),
    ] {
        let output = Folder::new(config).command(&["--port=0"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        for words in words {
            assert!(said(&output).contains(words), "{words}:\n{}", said(&output));
        }
    }
}

#[test]
fn told_to_end_it_ends_well() {
    let folder = Folder::new(CONFIG);
    folder.certificate();
    let mut program = folder
        .command(&["--address=127.0.0.1", "--port=0", "--open-port=0"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("listening on 127.0.0.1:"), "{line}");
    let told = Command::new("kill")
        .arg(program.id().to_string())
        .status()
        .unwrap();
    assert!(told.success());
    assert!(program.wait().unwrap().success());
}
