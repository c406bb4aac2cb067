//! The gateway from end to end, over sockets.

mod support;

mod through;
