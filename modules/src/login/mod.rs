//! Who may look at a user interface, and who says so?

mod oidc;
mod proxy;

pub use oidc::Oidc;
pub use proxy::{BehindLogin, LoginProxy, LoginProxyOutputs};

use provider_core::Protocol;

/// Says that who comes to a user interface has to log in there, so that it may be opened to people.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` lets everyone in who reaches it",
    label = "this has no login of its own",
    note = "put a `LoginProxy` in front of it, and open that"
)]
pub trait HasLogin: Protocol {}
