//! Which fields do both sides know beforehand (RFC 7541, appendix A)?

/// How many there are; the dynamic table begins behind them.
pub(super) const COUNT: usize = FIELDS.len();

#[rustfmt::skip]
const FIELDS: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"), (":method", "POST"),
    (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"),
    (":status", "200"), (":status", "204"), (":status", "206"), (":status", "304"),
    (":status", "400"), (":status", "404"), (":status", "500"),
    ("accept-charset", ""), ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""),
    ("accept", ""), ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
    ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
    ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""),
    ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""),
    ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""),
    ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""),
    ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""),
    ("set-cookie", ""), ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""),
    ("via", ""), ("www-authenticate", ""),
];

/// How a field can be written with this table.
pub(super) enum Known {
    /// It stands at this index.
    Field(usize),
    /// Its name does.
    Name(usize),
    /// It does not.
    No,
}

/// The field at an index, of which the first is 1.
pub(super) fn field(index: usize) -> Option<(&'static [u8], &'static [u8])> {
    let (name, value) = FIELDS.get(index.checked_sub(1)?)?;
    Some((name.as_bytes(), value.as_bytes()))
}

/// Where a field stands.
pub(super) fn find(name: &[u8], value: &[u8]) -> Known {
    let mut known = Known::No;
    for (index, field) in (1..).zip(FIELDS) {
        if field.0.as_bytes() != name {
            continue;
        }
        if field.1.as_bytes() == value {
            return Known::Field(index);
        }
        if matches!(known, Known::No) {
            known = Known::Name(index);
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_where_the_specification_has_them() {
        let cases = [
            (1, ":authority", ""),
            (8, ":status", "200"),
            (14, ":status", "500"),
            (15, "accept-charset", ""),
            (16, "accept-encoding", "gzip, deflate"),
            (23, "authorization", ""),
            (31, "content-type", ""),
            (38, "host", ""),
            (54, "server", ""),
            (58, "user-agent", ""),
            (61, "www-authenticate", ""),
        ];
        for (index, name, value) in cases {
            assert_eq!(field(index), Some((name.as_bytes(), value.as_bytes())));
        }
        assert_eq!((field(0), field(62)), (None, None));
    }
}
