//! Disks that fail under the real program: one that is full, one that may not be written, one with errors.
//!
//! They are in a namespace of their own, which needs `unshare` and somebody who may use it; errors are made by `strace`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;

use crate::{
    killed::{config, end, message, settle},
    program::running::free,
    support::{
        Backend,
        crash::{Load, Program},
        needs::works,
        until,
    },
};

fn namespaces() -> bool {
    let mount = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"];
    works(&mount, "Debian's util-linux and mount")
}

/// The program on a disk of its own, made by a line of shell in which `$1` is where its files are.
fn apart(folder: &Path, disk: &str) -> Command {
    let files = folder.join("files");
    fs::create_dir_all(&files).unwrap();
    let mut command = Command::new("unshare");
    command
        .args(["-rm", "sh", "-c"])
        .arg(format!("{disk} && exec \"$0\" --config \"$2\""))
        .arg(env!("CARGO_BIN_EXE_gateway"))
        .arg(files)
        .arg(folder.join("gateway.yaml"));
    command
}

/// Runs a command where the program sees its disk.
fn inside(program: &Program, command: &[&str]) {
    let id = program.child.id().to_string();
    let status = Command::new("nsenter")
        .args([
            "--target",
            &id,
            "--user",
            "--preserve-credentials",
            "--mount",
        ])
        .args(command)
        .status()
        .unwrap();
    assert!(status.success(), "{command:?}");
}

/// The files of the program's log, as they are seen from outside.
fn segments(program: &Program) -> Vec<PathBuf> {
    let mut files = PathBuf::from(format!("/proc/{}/root", program.child.id()));
    files.push(program.files().strip_prefix("/").unwrap());
    let logs = fs::read_dir(files).into_iter().flatten().flatten();
    logs.flat_map(|log| fs::read_dir(log.path()).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "segment"))
        .collect()
}

/// Requests of about a hundred kilobytes.
fn large(nth: u64) -> Vec<u8> {
    let mut request = ExportTraceServiceRequest::decode(&*message(nth)).unwrap();
    let scopes = request
        .resource_spans
        .iter_mut()
        .flat_map(|one| &mut one.scope_spans);
    for span in scopes.flat_map(|scope| &mut scope.spans) {
        span.name = "x".repeat(5000);
    }
    request.encode_to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_without_room_refuses_delivers_deletes_and_takes_again() {
    if !namespaces() {
        return;
    }
    let nobody = free();
    let config = config(nobody, "process", None);
    let mut program = Program::start_by("no-room", config, |folder| {
        apart(folder, "mount -t tmpfs -o size=20m tmpfs \"$1\"")
    });
    let (load, senders) = Load::start(program.address, large);
    load.some_more(50).await;
    // There is room for one file of the log, and not for two.
    load.is_refused().await;
    let full = segments(&program).len();

    let backend = Backend::start_on(nobody).await;
    settle(&backend, &load).await;
    // It takes again by itself, more than would fit if nothing were deleted.
    load.some_more(50).await;
    let twice = end(&load, senders, &backend).await;
    assert_eq!(twice, 0, "nobody was killed");
    until("what arrived is gone", || {
        segments(&program).len() <= full + 1
    })
    .await;
    assert!(program.child.try_wait().unwrap().is_none(), "it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_may_not_be_written_is_delivered_from_and_taken_again_once_it_may() {
    if !namespaces() {
        return;
    }
    let nobody = free();
    let config = config(nobody, "process", None);
    // As it is after errors: mounted to be read alone. While a file is open to be written nobody can do that.
    let mut program = Program::start_by("read-only", config, |folder| {
        let spoilt = folder.join("spoilt").exists();
        let mount = if spoilt {
            "mount -o remount,bind,ro \"$1\""
        } else {
            "true"
        };
        apart(folder, &format!("mount --bind \"$1\" \"$1\" && {mount}"))
    });
    let (load, senders) = Load::start(program.address, message);
    load.some_more(50).await;
    program.kill();
    let files = program.files();
    fs::write(files.with_file_name("spoilt"), "").unwrap();
    program.again();
    load.is_refused().await;
    let backend = Backend::start_on(nobody).await;
    settle(&backend, &load).await;
    inside(
        &program,
        &["mount", "-o", "remount,bind,rw", files.to_str().unwrap()],
    );
    load.some_more(50).await;
    fs::remove_file(files.with_file_name("spoilt")).unwrap();
    // What it noted since holds.
    program.kill();
    program.again();
    end(&load, senders, &backend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_where_nothing_may_be_written_refuses_and_takes_once_it_may() {
    if !namespaces() {
        return;
    }
    let nobody = free();
    let config = config(nobody, "power", None);
    let mut program = Program::start_by("never-written", config, |folder| {
        let command = apart(
            folder,
            "cd \"${1%/*}\" && mount --bind . . && mount -o remount,bind,ro .",
        );
        // It is left where something is in it.
        let _ = fs::remove_dir(folder.join("files"));
        command
    });
    let (load, senders) = Load::start(program.address, message);
    load.is_refused().await;
    assert!(!program.files().exists());
    let folder = program.files().with_file_name("");
    inside(
        &program,
        &["mount", "-o", "remount,bind,rw", folder.to_str().unwrap()],
    );
    load.some_more(50).await;
    let mode = fs::metadata(program.files()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750, "it is made for those whom it is for");
    program.kill();
    program.again();
    let backend = Backend::start_on(nobody).await;
    end(&load, senders, &backend).await;
}

/// Calls to the disk fail as long as this lives.
struct Failing(Child);

impl Failing {
    /// The program's threads are told `EIO` by these calls.
    async fn begin(program: &Program, calls: &str) -> Self {
        let id = program.child.id();
        let tracer = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-e",
                &format!("trace={calls}"),
                "-e",
                &format!("inject={calls}:error=EIO"),
            ])
            .args(["-o", "/dev/null", "-p", &id.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("it is traced", || {
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
            !status.contains("TracerPid:\t0\n")
        })
        .await;
        Self(tracer)
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        // Told to end it lets go of what it traces.
        let id = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

async fn with_errors(durability: &str, calls: &str) {
    if !works(&["strace", "-o", "/dev/null", "true"], "Debian's strace") {
        return;
    }
    let nobody = free();
    let mut program = Program::start(
        &format!("errors-{durability}"),
        config(nobody, durability, None),
    );
    let (load, senders) = Load::start(program.address, message);
    load.some_more(50).await;
    let failing = Failing::begin(&program, calls).await;
    load.is_refused().await;
    // What was acknowledged arrives nevertheless.
    let backend = Backend::start_on(nobody).await;
    settle(&backend, &load).await;
    drop(failing);
    load.some_more(50).await;
    // And is not forgotten by who is killed after that.
    program.kill();
    program.again();
    load.some_more(10).await;
    end(&load, senders, &backend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_with_errors_refuses_and_delivers_and_takes_again_once_it_has_none() {
    with_errors("process", "pwritev,pwrite64,pwritev2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_one_whose_medium_has_errors() {
    with_errors("power", "fdatasync,fsync").await;
}
