//! Which known name may have been meant?

/// The name that is nearest to `given`, if one is near at all; or the one that begins so.
pub(crate) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let known: Vec<&str> = known.into_iter().collect();
    let limit = (given.chars().count() / 3).clamp(1, 3);
    let near = known
        .iter()
        .map(|name| (distance(given, name), *name))
        .filter(|(distance, _)| *distance <= limit);
    near.min()
        .map(|(_, name)| name)
        .or_else(|| begun(given, &known))
}

/// The only name of which `given` is the beginning, and no mere letter or two.
fn begun<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut begun = known.iter().filter(|name| name.starts_with(given));
    let only = begun.next().filter(|_| given.len() > 3)?;
    begun.next().is_none().then_some(*only)
}

/// How many letters have to be put in, left out or exchanged; the case of letters does not count.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_understood_and_a_guess_is_not_made() {
        let known = ["attributes", "name", "kind", "IsMatch", "file_log"];
        for (given, meant) in [
            ("atributes", Some("attributes")),
            ("nmae", None),
            ("nam", Some("name")),
            ("isMatch", Some("IsMatch")),
            ("filelog", Some("file_log")),
            ("attr", Some("attributes")),
            ("file", Some("file_log")),
            ("att", None),
            ("something", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known), meant, "{given}");
        }
    }
}
