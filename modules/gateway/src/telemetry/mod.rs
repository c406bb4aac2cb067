//! What does the gateway tell about itself? A log on stderr, metrics on a page, and whether it is well.

mod families;
mod health;
mod logs;
mod metric;
mod pages;
mod process;
mod processing;
mod sampling;
mod seldom;
mod storing;

pub use families::families;
pub use health::Health;
pub use logs::{Color, change, install};
pub use metric::{Family, Kind, Labels, Reading, Spread, render};
pub use pages::{Ask, PageError, Pages};
pub use process::Process;
use sampling::Sums;
pub(crate) use sampling::spread;
pub(crate) use seldom::Seldom;
