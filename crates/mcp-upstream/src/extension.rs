//! A way out for methods that the engine does not know.
use bytes::Bytes;

use crate::{
    CallError, CallOptions, Session,
    message::{Params, Request},
    params,
};

impl Session {
    /// Makes a request of any method and returns the text of its result, for extensions that the server
    /// declares (2026-07-28, schema, `ServerCapabilities.extensions`) and for methods newer than this engine. `params` is the text of a JSON object and goes to the
    /// server as it is; empty means that the request has none. What belongs into `_meta` is given with
    /// [`CallOptions::meta`].
    ///
    /// ```no_run
    /// # use bytes::Bytes;
    /// # use mcp_upstream::{CallError, CallOptions, Session};
    /// # async fn run(session: Session) -> Result<(), CallError> {
    /// let params = Bytes::from_static(br#"{"taskId":"786512e2"}"#);
    /// let result = session.call("tasks/get", params, CallOptions::default()).await?;
    /// println!("{}", String::from_utf8_lossy(&result));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cautions
    /// - Nobody checks that the method makes sense at this time of the session, to a server of its revision, or at all.
    ///   One that has a method of its own here, such as `tools/call`, belongs there; `initialize`, `server/discover` and
    ///   `subscriptions/listen` belong to the engine, and a second one of them confuses the server.
    /// - Nobody checks the result either. In 2026-07-28 it may be a question (`resultType` `input_required`): it is
    ///   returned as it is, and not answered.
    /// - Whether the request may be sent again after [`CallError::Closed`] with `sent` is for the caller to know.
    /// - A method that comes from a person or a peer must be compared with a list of those allowed first.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::InvalidParams`], if `params` cannot be sent.
    pub async fn call(&self, method: &str, params: Bytes, options: CallOptions) -> Result<Bytes, CallError> {
        let params = match &params[..] {
            [] => Params::None,
            text => Params::Members(params::members(text).map_err(CallError::InvalidParams)?),
        };
        self.request(Request { method, params }, options).await
    }
}
