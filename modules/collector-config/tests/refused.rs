//! What the real program refuses: each mistake that a component finds in its own settings.

use collector_config::Class;

const ROWS: &str = include_str!("refused.txt");

/// A line of the table: whose settings, which, and what is wrong with them.
fn row(line: &str) -> Option<(Class, &str, &str, &str)> {
    let (whose, mistake) = line.rsplit_once(" => ")?;
    let mut parts = whose.splitn(3, ' ');
    let class = parts.next()?;
    let class = Class::ALL.into_iter().find(|c| c.to_string() == class)?;
    Some((class, parts.next()?, parts.next()?, mistake))
}

#[test]
fn every_mistake_is_told() {
    let lines = ROWS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let (class, name, settings, mistake) = row(line).expect(line);
        let settings: serde_json::Value = serde_saphyr::from_str(settings).expect(line);
        let read = class.find(name).and_then(|kind| kind.read).expect(line);
        assert_eq!(read(&settings).unwrap().mistakes, [mistake], "{line}");
    }
}
