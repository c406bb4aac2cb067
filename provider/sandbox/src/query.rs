//! What does a query string ask for?

/// The pairs of a query string, decoded, in order. Empty pairs (`?&a=b`) are skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decode(&key.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        });
        Self(pairs.collect())
    }

    /// The first value of `key`, unless empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Every value of `key`.
    pub(crate) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Whether `key` is there at all, also without a value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }

    /// A flag as the API server reads it: absent, `false` and `0` say no, all else says yes.
    pub(crate) fn flag(&self, key: &str) -> bool {
        match self.0.iter().find(|(name, _)| name == key) {
            None => false,
            Some((_, value)) => !matches!(value.to_ascii_lowercase().as_str(), "false" | "0"),
        }
    }

    /// A number, where there is a readable one.
    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        self.get(key)?.parse().ok()
    }
}

/// Undoes percent-encoding; what is not well encoded stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = hex {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Query, decode};

    #[test]
    fn empty_pairs_and_escapes_are_read_leniently() {
        let query = Query::parse("&fieldManager=stacks%2Fprod&force&dryRun=All&limit=5");
        assert_eq!(query.get("fieldManager"), Some("stacks/prod"));
        assert!(query.flag("force") && query.has("force"));
        assert_eq!(query.number("limit"), Some(5));
        assert_eq!(query.get("absent"), None);
    }

    #[test]
    fn a_broken_escape_stays_as_it_is() {
        for (text, decoded) in [
            ("a%2", "a%2"),
            ("%zz", "%zz"),
            ("co%6Ef", "conf"),
            ("%", "%"),
        ] {
            assert_eq!(decode(text), decoded);
        }
    }
}
