//! Whether a path stays where it belongs.

use super::names::Broken;

/// The path does not climb.
pub(crate) fn without_backsteps(path: &str) -> Broken {
    if path.split('/').any(|part| part == "..") {
        vec!["must not contain '..'".to_owned()]
    } else {
        Vec::new()
    }
}

/// The path is relative and does not climb.
pub(crate) fn descending(path: &str) -> Broken {
    let mut broken = Vec::new();
    if path.starts_with('/') {
        broken.push("must be a relative path".to_owned());
    }
    broken.extend(without_backsteps(path));
    broken
}

/// The path is relative, does not climb, and is not one of those the kubelet keeps for itself.
pub(crate) fn not_reserved(path: &str) -> Broken {
    let mut broken = descending(path);
    if path.starts_with("..") && !path.starts_with("../") && path != ".." {
        broken.push("must not start with '..'".to_owned());
    }
    broken
}
