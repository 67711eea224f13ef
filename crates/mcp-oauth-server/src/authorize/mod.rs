//! The authorization endpoint (OAuth 2.1 §4.1.1): checks the request, asks the person, sends the answer back.

mod approve;
mod browser;
mod consent;
mod decision;
mod endpoint;
mod page;
mod reply;
mod request;
mod users;

pub use consent::Consent;
pub(crate) use decision::decide;
pub(crate) use endpoint::{from_body, from_query};
pub(crate) use request::named_resources;
pub use users::{Authentication, SingleUser, User, Users};
