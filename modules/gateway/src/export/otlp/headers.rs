//! Which headers does every request have?

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, header::USER_AGENT};

use super::super::MakeError;
use crate::settings::Secret;

/// What it says it is called if nothing else is wanted.
const NAME: &str = concat!("otelier-gateway/", env!("CARGO_PKG_VERSION"));

/// The headers that a configuration names, and who sends them.
pub(crate) fn headers(
    named: &BTreeMap<String, Secret>,
    user_agent: Option<&str>,
) -> Result<HeaderMap, MakeError> {
    let mut headers = HeaderMap::new();
    let name = user_agent.unwrap_or(NAME);
    let value = HeaderValue::from_str(name);
    headers.insert(
        USER_AGENT,
        value.map_err(|_| MakeError::Header("user-agent".to_owned()))?,
    );
    for (name, value) in named {
        let wrong = || MakeError::Header(name.clone());
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value.reveal()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}
