//! Does curl hear why its upload is not taken, though it has not sent all of it?

use std::process::Command;

use gateway::settings::{Http2, WireCompression};

use crate::{
    program::running::File,
    support::{Backend, Running, over_grpc, settings_on},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_not_taken_is_answered_and_not_reset() {
    let (_, backend) = Backend::start().await;
    let gateway = Running::start(&settings_on(
        Http2::Own,
        over_grpc(backend, WireCompression::None),
    ));
    let file = File::new(&"x".repeat(30 << 20));
    let upload = format!("@{}", file.path());
    let url = format!("http://{}/v1/traces", gateway.http);
    for (kind, encoding, status) in [
        ("application/x-protobuf", "identity", "413"),
        ("application/json", "identity", "413"),
        ("application/x-protobuf", "br", "400"),
        ("text/plain", "identity", "415"),
    ] {
        let mut command = Command::new("curl");
        command.args(["--http2-prior-knowledge", "--silent", "--show-error"]);
        command.args(["--max-time", "60", "--write-out", "%{http_code}"]);
        command.args(["--output", "/dev/null", "--data-binary", &upload]);
        command.args(["--header", &format!("content-type: {kind}")]);
        command.args(["--header", &format!("content-encoding: {encoding}"), &url]);
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{kind} {encoding}: {said}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), status, "{kind}");
    }
    gateway.stop().await;
}
