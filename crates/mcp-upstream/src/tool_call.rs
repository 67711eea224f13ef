//! `tools/call`, and the headers that go with it.
use bytes::Bytes;
use tokio::time::timeout;

use crate::{
    CallError, CallOptions, Excerpt, RejectedTool, RpcError, Session, ToolResult, Tools,
    message::{Params, Request},
    parameter_headers,
    request::Subject,
};

impl Session {
    /// Calls a tool. `arguments` is the text of a JSON object and is passed on as it is (over stdio, line ends between
    /// its tokens become blanks); it must be valid JSON. Empty means that the request has no `arguments`.
    ///
    /// When the returned future is dropped before the reply came, the server is told that nobody waits.
    ///
    /// A stateless server may want some of the arguments in headers, as [`list_tools`](Self::list_tools) has found out.
    /// When it says that they are missing, the tools are listed anew and the call is made once more.
    ///
    /// # Errors
    /// [`CallError`]. A tool that ran and failed is no error here: see [`ToolResultParts::is_error`](crate::ToolResultParts::is_error).
    pub async fn call_tool(
        &self,
        name: &str,
        arguments: Bytes,
        options: CallOptions,
    ) -> Result<ToolResult, CallError> {
        let after = options.deadline.unwrap_or(self.shared().limits.call_deadline);
        // Whatever it takes: the first try, the list, the second.
        timeout(after, self.try_call(name, &arguments, &options))
            .await
            .unwrap_or(Err(CallError::Timeout { after }))
    }

    async fn try_call(
        &self,
        name: &str,
        arguments: &[u8],
        options: &CallOptions,
    ) -> Result<ToolResult, CallError> {
        let request = Request { method: "tools/call", params: Params::Call { name, arguments } };
        let parameters = self.parameters(name, arguments);
        let subject = Subject { name, parameters: &parameters };
        match self.rounds(request, subject, options).await {
            Err(CallError::Server(RpcError { code: RpcError::HEADER_MISMATCH, .. }))
                if self.has_parameter_headers() =>
            {
                // In memory of its own, which the many calls that go well do without.
                Box::pin(async {
                    self.list_tools().await?;
                    let parameters = self.parameters(name, arguments);
                    let subject = Subject { name, parameters: &parameters };
                    self.rounds(request, subject, options).await
                })
                .await
            }
            result => result,
        }
        .map(ToolResult::new)
    }

    /// Leaves out the tools that ask for headers wrongly, and remembers which headers the others want.
    pub(crate) fn take_note(&self, mut list: Tools) -> Tools {
        if !self.has_parameter_headers() {
            return list;
        }
        let (headers, rejected) = parameter_headers::sort_out(&mut list.tools);
        self.parameter_headers().store(headers.into());
        for (tool, reason) in rejected {
            // "Clients SHOULD log a warning when rejecting a tool definition, including the tool name and the reason".
            tracing::warn!(tool = tool.name, %reason, "the server's tool is left out");
            let definition = Excerpt::of(tool.raw.get().as_bytes(), self.shared().limits.excerpt_bytes);
            list.rejected.push(RejectedTool { name: Some(tool.name), reason, definition });
        }
        list
    }

    fn has_parameter_headers(&self) -> bool {
        self.is_stateless() && self.shared().wire.is_streamable()
    }

    fn parameters(&self, name: &str, arguments: &[u8]) -> Vec<(http::HeaderName, http::HeaderValue)> {
        let headers = self.parameter_headers().load();
        headers.get(name).map(|headers| headers.of_arguments(arguments)).unwrap_or_default()
    }
}
