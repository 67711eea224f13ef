//! Resources: reading one, and learning that there are others (server/resources).
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::{
    CallError, CallOptions, Session, message,
    message::{Params, Request},
    request::Subject,
};

impl Session {
    /// Reads a resource (`resources/read`; server/resources, "Reading Resources"). `uri` goes to the server as it is: what
    /// it means, and whether it is one, is for the server to say.
    ///
    /// ```no_run
    /// # use mcp_upstream::{CallError, CallOptions, Session};
    /// # async fn run(session: Session) -> Result<(), CallError> {
    /// let result = session.read_resource("file:///srv/motd", CallOptions::default()).await?;
    /// println!("{} parts: {}", result.parts()?.contents.len(), result.as_str());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Server`] with -32602 for a resource that is not there, or
    /// [`RpcError::RESOURCE_NOT_FOUND`](crate::RpcError::RESOURCE_NOT_FOUND) by revisions up to 2025-11-25 (server/resources, "Error Handling").
    pub async fn read_resource(
        &self,
        uri: &str,
        options: CallOptions,
    ) -> Result<ResourceContents, CallError> {
        let members = members(uri);
        let request = Request { method: "resources/read", params: Params::Members(&members) };
        let subject = Subject { name: uri, parameters: &[] };
        self.request_about(request, subject, &options).await.map(ResourceContents)
    }

    /// How often the server has said that its resources changed (`notifications/resources/list_changed`; server/resources,
    /// "List Changed Notification"). Take it before [`list_resources`](Self::list_resources), and no change of that list
    /// is missed. That one resource has other contents is told by [`subscribe_resource`](Self::subscribe_resource).
    pub fn resources_changed(&self) -> watch::Receiver<u64> {
        self.shared().changes.resources.subscribe()
    }

    /// Asks to be told when a resource changes, with [`Event::ResourceUpdated`](crate::Event::ResourceUpdated)
    /// (`resources/subscribe`; 2025-11-25, server/resources, "Subscriptions"). To a server of 2026-07-28 the URI is one
    /// more in the filter of `subscriptions/listen` (basic/patterns/subscriptions).
    ///
    /// It holds as long as the session. What changed before the server knew of it is not told, so read afterwards.
    ///
    /// # Errors
    /// [`CallError`], if the server refuses; [`CallError::NotOffered`] if it is known beforehand that it would.
    pub async fn subscribe_resource(&self, uri: &str) -> Result<(), CallError> {
        if self.is_stateless() {
            if !self.server().declares_feature("resources", "subscribe") {
                return Err(CallError::NotOffered { feature: "resources.subscribe" });
            }
            let wanted = &self.shared().subscriptions.resources;
            wanted.send_if_modified(|wanted| wanted.insert(uri.into()));
            return Ok(());
        }
        self.about_subscription("resources/subscribe", uri).await
    }

    /// Asks not to be told any more (`resources/unsubscribe`; 2025-11-25, server/resources, "Subscriptions").
    ///
    /// # Errors
    /// [`CallError`], if the server refuses.
    pub async fn unsubscribe_resource(&self, uri: &str) -> Result<(), CallError> {
        if self.is_stateless() {
            self.shared().subscriptions.resources.send_if_modified(|wanted| wanted.remove(uri));
            return Ok(());
        }
        self.about_subscription("resources/unsubscribe", uri).await
    }

    async fn about_subscription(&self, method: &str, uri: &str) -> Result<(), CallError> {
        let members = members(uri);
        let request = Request { method, params: Params::Members(&members) };
        self.request(request, CallOptions::default()).await.map(drop)
    }
}

/// The result of `resources/read`, byte for byte. It is valid JSON; its shape is checked by [`parts`](Self::parts).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceContents(Bytes);

impl ResourceContents {
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
    /// [`CallError::Malformed`] if the result is not an object with the members of a `ReadResourceResult`.
    pub fn parts(&self) -> Result<ResourceContentsParts<'_>, CallError> {
        message::object(&self.0).map_err(|source| CallError::Malformed { source })
    }
}

/// The members of what reading a resource came to, borrowed from it (schema, `ReadResourceResult`).
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct ResourceContentsParts<'a> {
    /// `contents`: each with `uri`, perhaps `mimeType`, and `text` or `blob` (Base64).
    #[serde(borrow)]
    pub contents: Vec<&'a RawValue>,
    /// `_meta`.
    #[serde(borrow, default, rename = "_meta")]
    pub meta: Option<&'a RawValue>,
}

fn members(uri: &str) -> Vec<u8> {
    let mut members = br#""uri":"#.to_vec();
    message::json(&mut members, uri);
    members
}
