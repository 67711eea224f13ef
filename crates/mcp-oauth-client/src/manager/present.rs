//! Tokens in requests of programs that do without the layer.

use http::{HeaderMap, Request, Uri};

use super::AuthorizationManager;
use crate::Error;
use crate::layer::{attach, is_for};

impl AuthorizationManager {
    /// Puts a token that is valid now into a request for the MCP server: its `Authorization` header, and a proof of
    /// possession if the token is bound to a key ([`Grant::dpop_key`](crate::Grant::dpop_key)). The request must have its
    /// final method and its whole address, and the proof is good for one sending. A request for another origin is left as
    /// it is (C13.3).
    ///
    /// [`AuthorizationLayer`](crate::AuthorizationLayer) does this, and answers what the server says to it.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let manager = mcp_oauth_client::AuthorizationManager::builder("https://mcp.example/mcp").build()?;
    /// let mut request = http::Request::post("https://mcp.example/mcp").body("{}")?;
    /// manager.present(&mut request).await?;
    /// // Send it; then let the manager know what the server wants to see in the next proof:
    /// # let answer = http::Response::new(());
    /// manager.heed(request.uri(), answer.headers());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token); or the key cannot sign.
    pub async fn present<B: Send>(&self, request: &mut Request<B>) -> Result<(), Error> {
        if is_for(request.uri(), self.server()) {
            let grant = self.fresh_grant().await?;
            attach(request, grant, self).await?;
        }
        Ok(())
    }

    /// Remembers the nonce of an answer from `uri`, if it has one, for the next proof (RFC 9449 §8.2). After a 401 with
    /// `use_dpop_nonce`, send the request once more with what [`present`](Self::present) then makes.
    pub fn heed(&self, uri: &Uri, answer: &HeaderMap) {
        self.prover().learn(uri, answer);
    }
}
