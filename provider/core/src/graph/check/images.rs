//! Is it certain what will run?

use super::{Finding, View};
use crate::graph::{rules, walk::text};

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pods in &view.templates {
        for container in pods.containers() {
            let path = format!("{}.image", container.path);
            let Some(image) = text(container.value, "image") else {
                let message = format!("`{path}` of {} is missing", pods.id());
                findings.push(pods.owner.finding(rules::MISSING_IMAGE, message));
                continue;
            };
            if !is_fixed(image) {
                let message = format!(
                    "`{path}` of {} is `{image}`: what runs changes with every push",
                    pods.id()
                );
                let finding = pods.owner.finding(rules::UNTAGGED_IMAGE, message);
                findings.push(finding.hint("name a version, or better a digest"));
            }
        }
    }
    findings
}

/// Whether an image is named with a digest, or with a tag that is a version.
fn is_fixed(image: &str) -> bool {
    if image.contains("@sha256:") || image.contains("@sha512:") {
        return true;
    }
    // A colon before the last slash belongs to the registry's port.
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.split_once(':') {
        Some((_, tag)) => !tag.is_empty() && tag != "latest",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_fixed_by_a_version_or_a_digest() {
        for (image, expected) in [
            ("nginx", false),
            ("nginx:latest", false),
            ("nginx:", false),
            ("localhost:5000/nginx", false),
            ("nginx:1.29.1", true),
            ("localhost:5000/nginx:1.29.1", true),
            ("nginx@sha256:0123", true),
            ("nginx:latest@sha256:0123", true),
        ] {
            assert_eq!(is_fixed(image), expected, "{image}");
        }
    }
}
