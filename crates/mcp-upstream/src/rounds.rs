//! Results that are questions: the server needs to know something before it can answer (2026-07-28, basic/patterns/mrtr).
use std::{borrow::Cow, collections::BTreeMap, fmt};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use serde::{Deserialize, de::Deserializer as _, de::IgnoredAny, de::MapAccess, de::Visitor};
use serde_json::value::RawValue;

use crate::{
    CallError, Excerpt, ServerRequest, ServerRequests,
    message::{self, Request},
    questions,
    shared::Shared,
};

/// What the server needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputRequired<'a> {
    #[serde(borrow, default)]
    input_requests: BTreeMap<Cow<'a, str>, InputRequest<'a>>,
    /// "Clients MUST NOT inspect, parse, modify" it.
    #[serde(borrow, default)]
    request_state: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct InputRequest<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

impl<'a> InputRequired<'a> {
    /// What a result asks for; `None` if it is final.
    ///
    /// # Errors
    /// [`CallError`], if it is of a kind that nobody knows, or asks in a form that nobody can read.
    pub(crate) fn read(result: &'a [u8], excerpt_bytes: usize) -> Result<Option<Self>, CallError> {
        let kind = result_type(result);
        match kind.as_deref() {
            None | Some("complete") => Ok(None),
            Some("input_required") => {
                message::object(result).map(Some).map_err(|source| CallError::Malformed { source })
            }
            Some(kind) => Err(CallError::UnknownResult { kind: Excerpt::of(kind.as_bytes(), excerpt_bytes) }),
        }
    }

    /// The members of the params with which `request` is made again.
    pub(crate) async fn answered(
        &self,
        shared: &Shared,
        requests: Option<&dyn ServerRequests>,
        request: &Request<'_>,
    ) -> Result<Vec<u8>, CallError> {
        let asked: Vec<BoxFuture<'_, Result<_, CallError>>> = self
            .input_requests
            .iter()
            .map(|(key, asked)| async move { Ok((key, asked.answer(shared, requests).await?)) }.boxed())
            .collect();
        let at_once = shared.limits.server_requests.max(1);
        let answers: Vec<_> = stream::iter(asked).buffered(at_once).try_collect().await?;
        let mut members = Vec::new();
        request.encode_members(&mut members);
        if !answers.is_empty() {
            message::comma(&mut members, 0);
            members.extend_from_slice(br#""inputResponses":{"#);
            let start = members.len();
            for (key, answer) in answers {
                message::comma(&mut members, start);
                message::json(&mut members, &**key);
                members.push(b':');
                members.extend_from_slice(answer.get().as_bytes());
            }
            members.push(b'}');
        }
        if let Some(state) = self.request_state {
            message::comma(&mut members, 0);
            members.extend_from_slice(br#""requestState":"#);
            members.extend_from_slice(state.get().as_bytes());
        }
        Ok(members)
    }
}

impl InputRequest<'_> {
    async fn answer(
        &self,
        shared: &Shared,
        requests: Option<&dyn ServerRequests>,
    ) -> Result<Box<RawValue>, CallError> {
        let excerpt = || Excerpt::of(self.method.as_bytes(), shared.limits.excerpt_bytes);
        let Some(requests) = requests else { return Err(CallError::InputRequired { method: excerpt() }) };
        let params = self.params.map(|params| Bytes::copy_from_slice(params.get().as_bytes()));
        let request = ServerRequest { method: (*self.method).into(), params: params.unwrap_or_default() };
        let answer = questions::answer(shared, requests, request).await;
        answer.map_err(|source| CallError::InputRefused { method: excerpt(), source })
    }
}

/// `resultType`. The text is read only as far as that.
fn result_type(result: &[u8]) -> Option<String> {
    let mut found = None;
    // The error with which the reading stops is certain.
    let _ = serde_json::Deserializer::from_slice(result).deserialize_map(Seeker(&mut found));
    found
}

/// A kind that is no text is none that anybody knows; one that is `null` was left out.
fn kind(value: &RawValue) -> Option<String> {
    match serde_json::from_str(value.get()) {
        Ok(kind) => kind,
        Err(_) => Some(value.get().to_owned()),
    }
}

struct Seeker<'f>(&'f mut Option<String>);

impl<'de> Visitor<'de> for Seeker<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "resultType" {
                *self.0 = kind(map.next_value()?);
                return Ok(());
            }
            let _ = map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}
