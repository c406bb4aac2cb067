//! Does the core of HTTP/2 say and hear what RFC 9113 means?

mod books;
mod frames;
mod writing;
