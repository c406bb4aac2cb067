//! What a real API server refuses: rights that are missing, and a quota that is full.

use std::fs;

use serde_json::json;
use support::{Live, Site};

use super::kubectl::Kubectl;

#[test]
fn missing_rights_are_said_all_at_once_with_the_role_that_would_give_them() {
    if Live::expected().audit.is_none() {
        return; // the catalogue's names are not ours in a given cluster
    }
    let site = Site::new("rights", &["dev"]);
    let kubectl = Kubectl::on(&site);
    let _ = site
        .run(&["up", "dev", "--yes", "--only", "Namespace/dev"])
        .expect(0);
    let dev = |arguments: &str| {
        let words = arguments.split(' ');
        kubectl.run(&["-n", "dev"].into_iter().chain(words).collect::<Vec<_>>())
    };
    dev("create serviceaccount poor");
    dev("create role some --verb=get,list --resource=services,configmaps");
    dev("create rolebinding some --role=some --serviceaccount=dev:poor");
    let token = dev("create token poor");
    let file = as_bearer(&fs::read_to_string(&site.kubeconfig).unwrap(), token.trim());
    let poor = site.user.folder().join("poor.kubeconfig");
    fs::write(&poor, file).unwrap();

    let poor = poor.to_str().unwrap();
    let ran = site
        .user
        .run(&["up", "dev", "--yes", "--kubeconfig", poor])
        .expect(1);
    let role = ran.err.split_once("this Role would allow it").unwrap().1;
    for words in [
        "`system:serviceaccount:dev:poor` lacks permission",
        "`get` on `secrets` in namespace `dev`",
        "`patch` on `services` in namespace `dev`",
        "`list` on `statefulsets` of `apps` in namespace `dev`",
        "kind: Role\n",
        "resources: [\"statefulsets\"]\n    verbs: [\"list\", \"patch\"]",
    ] {
        assert!(role.contains(words), "`{words}` is not said:\n{}", ran.err);
    }
    assert!(
        !role.contains("`list` on `services`"),
        "it has that:\n{}",
        ran.err
    );

    // The Role as it is printed makes the plan possible.
    let role = role
        .split_once("\n\n")
        .unwrap()
        .1
        .split_once("\n\n")
        .unwrap()
        .0;
    fs::write(site.user.folder().join("role.yaml"), role).unwrap();
    kubectl.run(&["apply", "-f", "role.yaml"]);
    dev("create rolebinding more --role=stacks --serviceaccount=dev:poor");
    dev("wait --for=create rolebinding/more");
    let again = site.user.run(&["plan", "dev", "--kubeconfig", poor]);
    assert!(
        !again.err.contains("`patch` on `services`"),
        "{}",
        again.err
    );
}

/// The kubeconfig of a token instead of a certificate.
fn as_bearer(kubeconfig: &str, token: &str) -> String {
    let mut file: serde_json::Value = serde_saphyr::from_str(kubeconfig).unwrap();
    file["users"][0]["user"] = json!({ "token": token });
    file.to_string()
}

#[test]
fn a_full_quota_is_named_and_the_run_after_it_is_raised_converges() {
    if Live::expected().audit.is_none() {
        return;
    }
    let site = Site::new("quota", &["dev"]);
    let kubectl = Kubectl::on(&site);
    let _ = site
        .run(&["up", "dev", "--yes", "--only", "Namespace/dev"])
        .expect(0);
    kubectl.run(&[
        "-n",
        "dev",
        "create",
        "quota",
        "few",
        "--hard=count/configmaps=2",
    ]);
    let full = "jsonpath={.status.used.count/configmaps}";
    kubectl.run(&[
        "-n",
        "dev",
        "wait",
        &format!("--for={full}"),
        "quota/few",
        "--timeout=30s",
    ]);

    let ran = site.run(&["up", "dev", "--yes"]).expect(1);
    for words in [
        "ConfigMap/dev/",
        "a resource quota is exhausted",
        "exceeded quota: few",
        "raise the quota",
    ] {
        assert!(
            ran.err.contains(words),
            "`{words}` is not said:\n{}",
            ran.err
        );
    }
    kubectl.run(&["-n", "dev", "delete", "quota", "few"]);
    let _ = site.run(&["up", "dev", "--yes"]).expect(0);
    let plan = site.run(&["plan", "dev", "--detailed-exitcode"]).expect(0);
    assert!(plan.out.contains("plan: nothing to do"), "{}", plan.out);
}
