//! Which port, host or folder does a text in a configuration mean?

use super::{Listen, Need, Transport};

/// What is listened on at `endpoint`, or at `default` where nothing is said. Nobody else reaches an address of the
/// Pod itself.
pub(crate) fn listens(name: &str, endpoint: &str, default: u16) -> Option<Need> {
    if is_loopback(host_of(endpoint)) {
        return None;
    }
    let number = if endpoint.is_empty() {
        default
    } else {
        port_of(endpoint)?
    };
    Some(Need::Port(Listen {
        name: name.to_owned(),
        number,
        transport: Transport::Tcp,
    }))
}

/// The port of `host:port`, of `[::]:port` or of a URL.
pub(crate) fn port_of(endpoint: &str) -> Option<u16> {
    authority(endpoint).rsplit_once(':')?.1.parse().ok()
}

/// What stands before the port.
pub(crate) fn host_of(endpoint: &str) -> &str {
    let authority = authority(endpoint);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn authority(endpoint: &str) -> &str {
    let rest = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    // `dns:///name:port` has an empty authority, and the name in its path.
    let rest = rest.trim_start_matches('/');
    rest.split('/').next().unwrap_or(rest)
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

/// The folder that holds everything that a pattern matches.
pub(crate) fn static_folder(pattern: &str) -> &str {
    let fixed = pattern.find(['*', '?', '[', '{', '$']);
    let head = fixed.map_or(pattern, |at| &pattern[..at]);
    match head.rfind('/') {
        Some(0) => "/",
        Some(at) => &head[..at],
        None => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_what_stands_last_in_an_address() {
        for (endpoint, host, port) in [
            ("0.0.0.0:4317", "0.0.0.0", Some(4317)),
            ("${env:POD_IP}:4317", "${env:POD_IP}", Some(4317)),
            ("[${env:POD_IP}]:4317", "[${env:POD_IP}]", Some(4317)),
            ("[::]:4318", "[::]", Some(4318)),
            (":13133", "", Some(13133)),
            (
                "https://${env:NODE_IP}:10250",
                "${env:NODE_IP}",
                Some(10250),
            ),
            ("http://p.x.svc:9090/api/v1/write", "p.x.svc", Some(9090)),
            ("dns:///gateway.x.svc:4317", "gateway.x.svc", Some(4317)),
            ("${env:ENDPOINT}", "${env:ENDPOINT}", None),
            ("", "", None),
        ] {
            assert_eq!(
                (host_of(endpoint), port_of(endpoint)),
                (host, port),
                "{endpoint}"
            );
        }
    }

    #[test]
    fn nobody_else_reaches_what_listens_on_the_loopback_address() {
        for (endpoint, number) in [
            ("localhost:55679", None),
            ("127.0.0.1:1777", None),
            ("[::1]:1777", None),
            ("0.0.0.0:1777", Some(1777)),
            ("", Some(9)),
        ] {
            let port = listens("x", endpoint, 9);
            let found = port.map(|need| match need {
                Need::Port(port) => port.number,
                _ => 0,
            });
            assert_eq!(found, number, "{endpoint}");
        }
    }

    #[test]
    fn a_pattern_lies_below_the_folder_before_its_first_joker() {
        for (pattern, folder) in [
            ("/var/log/pods/*/*/*.log", "/var/log/pods"),
            ("/var/log/syslog", "/var/log"),
            ("/*.log", "/"),
            ("relative.log", "relative.log"),
        ] {
            assert_eq!(static_folder(pattern), folder, "{pattern}");
        }
    }
}
