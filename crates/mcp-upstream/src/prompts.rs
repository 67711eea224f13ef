//! Prompts: getting one, and learning that there are others (server/prompts).
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::{
    CallError, CallOptions, Session, list, message,
    message::{Params, Request},
    params,
    request::Subject,
};

impl Session {
    /// Gets a prompt (`prompts/get`; server/prompts, "Getting a Prompt"). `arguments` is the text of a JSON object, whose
    /// values the protocol wants to be strings, and is passed on as it is; empty means that the request has none.
    ///
    /// ```no_run
    /// # use bytes::Bytes;
    /// # use mcp_upstream::{CallError, CallOptions, Session};
    /// # async fn run(session: Session) -> Result<(), CallError> {
    /// let arguments = Bytes::from_static(br#"{"language":"Rust"}"#);
    /// let prompt = session.get_prompt("code_review", arguments, CallOptions::default()).await?;
    /// for message in prompt.parts()?.messages {
    ///     println!("{message}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Server`] with -32602 (invalid params) for a prompt that is not there or an argument
    /// that is missing (server/prompts, "Error Handling").
    pub async fn get_prompt(
        &self,
        name: &str,
        arguments: Bytes,
        options: CallOptions,
    ) -> Result<PromptResult, CallError> {
        let mut members = br#""name":"#.to_vec();
        message::json(&mut members, name);
        if !arguments.is_empty() {
            params::object(&arguments).map_err(CallError::InvalidParams)?;
            members.extend_from_slice(br#","arguments":"#);
            members.extend_from_slice(&arguments);
        }
        let request = Request { method: "prompts/get", params: Params::Members(&members) };
        let subject = Subject { name, parameters: &[] };
        self.request_about(request, subject, &options).await.map(PromptResult)
    }

    /// How often the server has said that its prompts changed (`notifications/prompts/list_changed`; server/prompts, "List
    /// Changed Notification"). Take it before [`list_prompts`](Self::list_prompts), and no change of that list is missed.
    pub fn prompts_changed(&self) -> watch::Receiver<u64> {
        self.shared().changes.prompts.subscribe()
    }
}

/// The result of `prompts/get`, byte for byte. It is valid JSON; its shape is checked by [`parts`](Self::parts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptResult(Bytes);

impl PromptResult {
    /// The whole result as text.
    pub fn as_str(&self) -> &str {
        // It came out of a JSON parser, so it is UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The whole result as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The whole result; passing it on copies nothing.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The members of the result, each as it came. One pass over the text, so keep what it returns.
    ///
    /// # Errors
    /// [`CallError::Malformed`] if the result is not an object with the members of a `GetPromptResult`.
    pub fn parts(&self) -> Result<PromptResultParts<'_>, CallError> {
        message::object(&self.0).map_err(|source| CallError::Malformed { source })
    }
}

/// The members of a prompt's result, borrowed from it (schema, `GetPromptResult`).
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct PromptResultParts<'a> {
    /// `messages`: each a `PromptMessage` with `role` and `content`, known and unknown kinds alike.
    #[serde(borrow)]
    pub messages: Vec<&'a RawValue>,
    /// `_meta`.
    #[serde(borrow, default, rename = "_meta")]
    pub meta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
}

impl PromptResultParts<'_> {
    /// `description`.
    pub fn description(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.description.and_then(list::text)
    }
}
