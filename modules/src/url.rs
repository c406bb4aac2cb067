//! Where does a URL lead?

/// The host and the port of a URL of HTTP.
pub(crate) fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // An IPv6 address stands in brackets, and its colons are its own.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, usual),
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    let valid = !host.is_empty() && port > 0 && host.chars().all(allowed);
    valid.then(|| (host.to_owned(), port))
}

/// The same for a URL that has nothing else: no path, no question.
pub(crate) fn bare(url: &str) -> Option<(String, u16)> {
    let (_, rest) = url.split_once("://")?;
    (!rest.contains(['/', '?', '#'])).then(|| host_and_port(url))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_to_a_host_and_a_port() {
        for (url, expected) in [
            (
                "https://garage.example:3900",
                Some(("garage.example", 3900)),
            ),
            (
                "http://rustfs.storage.svc",
                Some(("rustfs.storage.svc", 80)),
            ),
            ("https://[fd00::1]", Some(("[fd00::1]", 443))),
            ("http://[fd00::1]:9000", Some(("[fd00::1]", 9000))),
            ("garage.example:3900", None),
            ("ftp://garage.example", None),
            ("https://", None),
            ("https://a:b@c", None),
            ("https://garage.example:0", None),
            ("https://garage.example:99999", None),
        ] {
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(host_and_port(url), expected, "{url}");
            assert_eq!(bare(url), expected, "{url}");
        }
        let path = "https://id.example/realms/shop?a=b";
        assert_eq!(host_and_port(path), Some(("id.example".to_owned(), 443)));
        assert_eq!(bare(path), None);
    }
}
