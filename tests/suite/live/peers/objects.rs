//! Do strict schemas and a policy checker find anything in our objects?

use std::fs;

use provider::SecretValues;
use support::{Command, peers};

use super::{graph, stacks};

/// The three newest minors.
const MINORS: [&str; 3] = ["1.35", "1.36", "1.37"];

#[test]
fn strict_schemas_of_the_three_newest_minors_know_every_field() {
    let user = Command::new("schemas");
    for stack in stacks() {
        let file = user.folder().join(format!("{}.yaml", stack.name()));
        fs::write(&file, graph(&stack).to_yaml(SecretValues::Hidden)).unwrap();
        for minor in MINORS {
            let mut validate = peers::peer("kubernetes-validate");
            let (valid, said) = peers::run(
                validate
                    .args(["--strict", "--kubernetes-version", minor])
                    .arg(&file),
            );
            assert!(valid, "{} against {minor}: {said}", stack.name());
        }
    }
}
