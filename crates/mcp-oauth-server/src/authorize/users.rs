//! How people are recognized.

use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use http::request::Parts;

/// Tells who sits in front of the browser.
///
/// Called when an authorization request arrives and again when the decision is made; both must come from the same
/// person. An application with logins looks at its session cookie, and without one answers with a redirect to its login
/// page, which leads back to the request's address (`parts.uri`) afterwards:
///
/// ```
/// use axum::response::{IntoResponse, Redirect};
/// use futures_util::future::{BoxFuture, FutureExt, ready};
/// use http::{header::COOKIE, request::Parts};
/// use mcp_oauth_server::{Authentication, User, Users};
///
/// struct Sessions;
///
/// impl Users for Sessions {
///     fn authenticate<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Authentication> {
///         let answer = match request.headers.get(COOKIE) {
///             Some(_) => Authentication::User(User::new("alice").with_name("Alice")),
///             None => Authentication::Respond(Redirect::to("/login").into_response()),
///         };
///         ready(answer).boxed()
///     }
/// }
/// ```
pub trait Users: Send + Sync + 'static {
    /// Recognizes the person, or says how to.
    fn authenticate<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Authentication>;
}

/// What is known about the person. These two are all there can be.
#[derive(Debug)]
pub enum Authentication {
    /// This is the person.
    User(User),
    /// Nobody knows yet: send this to the browser, such as a redirect to a login page.
    Respond(Response),
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    subject: String,
    name: Option<String>,
}

impl User {
    /// A person by the identifier that tokens carry (`sub`): stable, never given to anybody else.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), name: None }
    }

    /// Sets the name to show.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The identifier.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The name to show.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.subject)
    }
}

/// Everybody is the same person: for a server that only one person can reach.
#[derive(Debug, Clone)]
pub struct SingleUser(User);

impl SingleUser {
    /// The person by identifier.
    pub fn new(subject: impl Into<String>) -> Self {
        Self(User::new(subject))
    }
}

impl From<User> for SingleUser {
    fn from(user: User) -> Self {
        Self(user)
    }
}

impl Users for SingleUser {
    fn authenticate<'a>(&'a self, _: &'a Parts) -> BoxFuture<'a, Authentication> {
        ready(Authentication::User(self.0.clone())).boxed()
    }
}
