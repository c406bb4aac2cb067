//! A package of somebody else's, outside the workspace, that imports the engine and the catalogue.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const MANIFEST: &str = r#"
[package]
name = "outside"
version = "0.0.0"
edition = "2024"

[dependencies]
provider = { path = "@ROOT/provider" }
modules = { path = "@ROOT/modules" }
collector-config = { path = "@ROOT/modules/collector-config" }

[workspace]

# As in the workspace, so that this package builds nothing twice.
[profile.dev]
debug = "line-tables-only"
[profile.dev.package."*"]
debug = false
"#;

/// A package in a folder of its own, with the versions that this workspace was tested with.
pub(crate) struct Outside {
    folder: PathBuf,
}

impl Outside {
    pub(crate) fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("otelier-{name}-{}", std::process::id()));
        let manifest = MANIFEST.replace("@ROOT", root().to_str().unwrap());
        fs::create_dir_all(folder.join("src/bin")).unwrap();
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        Self { folder }
    }

    /// Adds a program.
    pub(crate) fn program(&self, name: &str, text: &str) {
        fs::write(self.folder.join(format!("src/bin/{name}.rs")), text).unwrap();
    }

    /// Builds or runs a program, in the workspace's own target folder.
    pub(crate) fn cargo(&self, verb: &str, program: &str) -> Output {
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
        Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args([verb, "--offline", "--quiet", "--bin", program])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", target)
            .output()
            .unwrap()
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary folder, where it does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
