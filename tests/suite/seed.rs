//! Does `docs/seed.md` have a row for each item of the seed, and does everything exist that its rows name?

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use collector_config::lint::{LINTS, Lint};

use crate::outside::root;

/// One item of the table.
#[derive(Default)]
struct Row {
    item: String,
    whereabouts: Vec<String>,
    lints: Vec<String>,
    tests: Vec<String>,
    text: String,
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    let odd = cell.split('`').skip(1).step_by(2);
    odd.map(str::to_owned).collect()
}

fn rows(page: &str) -> Vec<Row> {
    let lines = page.lines().filter(|line| line.starts_with("| "));
    let cells = lines.map(|line| line.trim_matches('|').split('|').collect::<Vec<_>>());
    let rows = cells.filter(|cells| cells[0].trim() != "Item");
    rows.map(|cells| {
        assert_eq!(cells.len(), 6, "{cells:?}");
        Row {
            item: cells[0].trim().to_owned(),
            whereabouts: quoted(cells[3]),
            lints: quoted(cells[4]),
            tests: quoted(cells[5]),
            text: cells.concat(),
        }
    })
    .collect()
}

fn page() -> Vec<Row> {
    rows(&fs::read_to_string(root().join("docs/seed.md")).unwrap())
}

fn is_path(name: &str) -> bool {
    name.contains('/') || name == "Makefile"
}

/// Whether a file has that function, with an attribute that makes a test of it.
fn has_test(file: &str, name: &str) -> bool {
    let Some((before, _)) = file.split_once(&format!("fn {name}(")) else {
        return false;
    };
    let above = before.trim_end().trim_end_matches("async").trim_end();
    let lines = above.lines().rev();
    let mut attributes = lines.take_while(|line| line.trim_start().starts_with("#["));
    attributes.any(|line| line.contains("test"))
}

fn all_lints() -> impl Iterator<Item = &'static Lint> {
    LINTS.iter().copied().flatten()
}

/// The program texts below a folder, but for those of tests.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !["tests", "target"].contains(&&*name) {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
            into.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// Everything that is declared somewhere: types, functions, and variants that stand on a line of their own.
fn declared(sources: &[String]) -> BTreeSet<&str> {
    let name = |text| -> &str {
        let text: &str = text;
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        &text[..end.unwrap_or(text.len())]
    };
    let mut names = BTreeSet::new();
    for line in sources.iter().flat_map(|text| text.lines()) {
        for keyword in ["fn ", "struct ", "enum ", "trait "] {
            let after = line.split_once(keyword).map(|(_, after)| after);
            names.extend(after.map(name));
        }
        let variant = line.trim().trim_end_matches(',');
        if variant.starts_with(char::is_uppercase) {
            names.insert(name(variant));
        }
    }
    names
}

#[test]
fn each_item_of_the_seed_has_one_row() {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for row in page() {
        *counts.entry(row.item).or_default() += 1;
    }
    let modes = (1..=39).map(|number| format!("M{number}"));
    let chapters = (2..=9).map(|number| format!("1.{number}"));
    let items: Vec<String> = modes.chain(chapters).collect();
    for item in &items {
        assert_eq!(counts.get(item), Some(&1), "{item}");
    }
    for (item, count) in counts {
        let chapter = item.rsplit_once('.').map(|(chapter, _)| chapter.to_owned());
        let known = items.contains(&item) || chapter.is_some_and(|above| items.contains(&above));
        assert!(known && count == 1, "{item} stands there {count} times");
    }
}

#[test]
fn every_path_and_every_test_that_is_named_exists() {
    for Row {
        item,
        whereabouts,
        tests,
        text,
        ..
    } in page()
    {
        for path in whereabouts.iter().filter(|name| is_path(name)) {
            assert!(root().join(path).exists(), "{item}: {path}");
        }
        let mut file = None;
        let mut named = 0;
        for name in &tests {
            if is_path(name) {
                let path = root().join(name);
                assert!(path.exists(), "{item}: {name}");
                file = fs::read_to_string(path).ok();
                named += 1;
                continue;
            }
            let file = file.as_ref().unwrap_or_else(|| panic!("{item}: {name}"));
            assert!(has_test(file, name), "{item}: there is no test {name}");
        }
        let honest = text.contains("planned") || text.to_lowercase().contains("missing");
        assert!(named > 0 || honest, "{item}: nothing tests it");
    }
}

#[test]
fn every_lint_that_is_named_exists_and_stands_at_its_items() {
    let known: BTreeSet<&str> = all_lints().map(|lint| lint.id).collect();
    let page = page();
    for row in &page {
        for id in &row.lints {
            assert!(known.contains(id.as_str()), "{}: {id}", row.item);
        }
    }
    for lint in all_lints() {
        for item in lint.items {
            let row = page.iter().find(|row| row.item == *item);
            let said = row.is_none_or(|row| row.lints.iter().any(|id| id == lint.id));
            assert!(said, "{item} does not name `{}`", lint.id);
        }
    }
}

#[test]
fn everything_that_is_called_and_every_finding_is_in_the_code() {
    let mut texts = Vec::new();
    for folder in ["modules", "provider", "stacks"] {
        sources(&root().join(folder), &mut texts);
    }
    let declared = declared(&texts);
    for Row {
        item, whereabouts, ..
    } in page()
    {
        for name in whereabouts.iter().filter(|name| !is_path(name)) {
            if name.contains('-') {
                let literal = format!("\"{name}\"");
                let found = texts.iter().any(|text| text.contains(&literal));
                assert!(found, "{item}: there is no finding {name}");
            } else {
                for part in name.split("::") {
                    assert!(declared.contains(part), "{item}: {part} of {name}");
                }
            }
        }
    }
}

#[test]
fn a_row_is_read_as_it_is_written() {
    let page = "| Item | a | b | c | d | e |\n|---|---|---|---|---|---|\n| M1 | x | `y` | `Sidecar::new`, `a/b.rs` | | `t.rs`: `one`, `two` |\n";
    let read = rows(page);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].item, "M1");
    assert_eq!(read[0].whereabouts, ["Sidecar::new", "a/b.rs"]);
    assert!(read[0].lints.is_empty());
    assert_eq!(read[0].tests, ["t.rs", "one", "two"]);
    assert_eq!(declared(&["    Kept,\npub fn new(".to_owned()]).len(), 2);
    let file = "#[tokio::test]\nasync fn one() {}\n\nfn two() {}\n";
    assert_eq!(
        ["one", "two", "three"].map(|name| has_test(file, name)),
        [true, false, false]
    );
}
