//! Do strict schemas and a policy checker find anything in our objects?

use std::{collections::BTreeSet, fs};

use provider::SecretValues;
use support::{Command, peers};

use super::{FOREIGN, graph, stacks};

/// The three newest minors.
const MINORS: [&str; 3] = ["1.35", "1.36", "1.37"];

/// The kind of an object that could not be judged, where a line tells of one.
fn kind_without_schema(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("Couldn't find schema for kind ")?;
    rest.split(' ').next()
}

#[test]
fn strict_schemas_of_the_three_newest_minors_know_every_field() {
    let user = Command::new("schemas");
    let mut files = Vec::new();
    for stack in stacks() {
        let file = user.folder().join(format!("{}.yaml", stack.name()));
        fs::write(&file, graph(&stack).to_yaml(SecretValues::Hidden)).unwrap();
        files.push(file);
    }
    let mut without_schema = BTreeSet::new();
    for minor in MINORS {
        let mut validate = peers::peer("kubernetes-validate");
        let arguments = ["--strict", "--kubernetes-version", minor];
        let (valid, said) = peers::run(validate.args(arguments).args(&files));
        assert!(valid, "against {minor}: {said}");
        for file in &files {
            let name = file.display().to_string();
            assert!(said.contains(&name), "{name} was not judged: {said}");
        }
        let kinds = said.lines().filter_map(kind_without_schema);
        without_schema.extend(kinds.map(str::to_owned));
    }
    assert_eq!(without_schema, BTreeSet::from(FOREIGN.map(str::to_owned)));
}
