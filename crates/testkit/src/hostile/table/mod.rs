//! The table of misbehaviours.

mod authorization;
mod calls;
mod challenges;
mod device;
mod management;
mod pushed;
mod registration;
mod resource;
mod revocation;
mod server;
mod token;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::answer::Answer;
use super::peer::{Asked, Place};
use crate::oauth::merge;

type Act = dyn Fn(&Asked, Answer) -> Answer + Send + Sync;

/// One way to misbehave: what is wrong with the answer of one place.
#[derive(Clone)]
pub struct Misbehaviour {
    /// Its name, which is also its path.
    pub name: &'static str,
    /// What is wrong, in words.
    pub what: &'static str,
    pub(super) place: Place,
    pub(super) act: Arc<Act>,
}

impl fmt::Debug for Misbehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Misbehaviour").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All of them, in the order of a login.
pub fn misbehaviours() -> Vec<Misbehaviour> {
    [
        challenges::rows(),
        resource::rows(),
        server::rows(),
        registration::rows(),
        pushed::rows(),
        authorization::rows(),
        token::rows(),
        device::rows(),
        calls::rows(),
        management::rows(),
        revocation::rows(),
    ]
    .concat()
}

/// A row: `act` makes the wrong answer out of the right one.
fn row(
    place: Place,
    name: &'static str,
    what: &'static str,
    act: impl Fn(&Asked, Answer) -> Answer + Send + Sync + 'static,
) -> Misbehaviour {
    Misbehaviour { name, what, place, act: Arc::new(act) }
}

/// The right answer's body with this merged in (RFC 7396: null removes). `{base}` and `{origin}` are the path's address and
/// the server's.
fn patched(asked: &Asked, answer: &Answer, patch: &Value) -> Answer {
    let mut body: Value = serde_json::from_slice(answer.content()).unwrap_or_default();
    merge(&mut body, &written(asked, patch));
    Answer::json(200, &body)
}

/// With the addresses written out.
fn written(asked: &Asked, value: &Value) -> Value {
    let text = value.to_string().replace("{base}", &asked.base).replace("{origin}", &asked.origin);
    serde_json::from_str(&text).unwrap_or_default()
}

/// The ways in which any JSON answer can fail to be one, for `place`.
fn broken(place: Place, names: [&'static str; 9]) -> Vec<Misbehaviour> {
    let [html, array, half, endless, promised, drip, silent, cut, closed] = names;
    vec![
        row(place, html, "200 with a web page", |_, _| {
            Answer::text(200, "text/html", "<!doctype html><title>Welcome</title>")
        }),
        row(place, array, "an array in place of an object", |_, answer| {
            let body: Value = serde_json::from_slice(answer.content()).unwrap_or_default();
            Answer::json(200, &Value::Array(vec![body]))
        }),
        row(place, half, "half of the JSON, with a matching length", |_, answer| {
            let content = answer.content();
            Answer::text(200, "application/json", &content[..content.len() / 2])
        }),
        row(place, endless, "a body that never ends, without a length", |_, _| Answer::endless(200, None)),
        row(place, promised, "a body that never ends, with a length of 1 TB", |_, _| {
            Answer::endless(200, Some(1 << 40))
        }),
        row(place, drip, "the right body, a byte every 20 ms", |_, answer| answer.dripping()),
        row(place, silent, "no answer, and the connection stays open", |_, _| Answer::never()),
        row(place, cut, "the connection is cut in the middle of the body", |_, answer| answer.cut()),
        row(place, closed, "the connection is closed without a word", |_, _| Answer::closed()),
    ]
}
