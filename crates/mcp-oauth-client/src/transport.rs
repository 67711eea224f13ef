//! Transports for clients made with rmcp: authorized, and with rmcp's own protocol machinery on top.
//!
//! rmcp's client speaks to a server through a transport and knows nothing of tokens then: they are attached, renewed and,
//! where a person may be asked, obtained below it.

mod error;
mod events;
mod http;
mod options;
mod sse;
mod streamable;

use std::borrow::Borrow;
use std::sync::Arc;

use ::rmcp::transport::StreamableHttpClientTransport;
use ::rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;

use crate::AuthorizationManager;

pub use error::TransportError;
pub(crate) use error::hidden_source;
pub use options::{TransportOptions, TransportRetry};
pub use sse::AuthorizedSseTransport;
pub use streamable::AuthorizedStreamableClient;

use self::http::Http;

/// Connects to an MCP server that speaks HTTP+SSE (2024-11-05), with the tokens of `manager`, which may be shared. The
/// result is for rmcp's `serve`.
///
/// `url` is the address of the server's event stream. Servers of later revisions speak streamable HTTP:
/// [`create_authorized_streamable_transport`].
///
/// ```no_run
/// use std::sync::Arc;
/// use mcp_oauth_client::{AuthorizationManager, create_authorized_transport};
/// use rmcp::{ServiceExt, model::ClientConfig};
///
/// # async fn connect(manager: Arc<AuthorizationManager>) -> Result<(), Box<dyn std::error::Error>> {
/// let transport = create_authorized_transport("https://api.example.com/sse", manager.clone(), None).await?;
/// let client = ClientConfig::default().serve(transport).await?;
/// for tool in client.peer().list_all_tools().await? {
///     println!("{}: {}", tool.name, tool.description.unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When there is no stream that names an endpoint at the same origin, or a login is needed that there was not
/// ([`AuthorizationRequired::find`](crate::AuthorizationRequired::find)).
pub async fn create_authorized_transport(
    url: impl AsRef<str>,
    manager: impl Borrow<AuthorizationManager>,
    options: Option<TransportOptions>,
) -> Result<AuthorizedSseTransport, TransportError> {
    let options = options.unwrap_or_default();
    let manager = manager.borrow().clone();
    let http = Http::new(&manager, &options);
    AuthorizedSseTransport::connect(url.as_ref(), http, &manager.policy().limits, &options).await
}

/// A transport to an MCP server that speaks streamable HTTP (2025-03-26 and later), with the tokens of `manager`, which may
/// be shared. The result is for rmcp's `serve`; nothing is sent before that.
///
/// ```no_run
/// use std::sync::Arc;
/// use mcp_oauth_client::{
///     AuthorizationManager, BrowserLoopback, TransportOptions, create_authorized_streamable_transport,
/// };
/// use rmcp::{ServiceExt, model::ClientConfig};
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let manager = AuthorizationManager::new("https://api.example.com/mcp").await?;
/// // With this, the first request that is refused opens the browser. Without it, it ends in an error.
/// let options = TransportOptions::new().interactive(BrowserLoopback::new());
/// let transport =
///     create_authorized_streamable_transport("https://api.example.com/mcp", manager, Some(options)).await?;
/// let client = ClientConfig::default().serve(transport).await?;
/// println!("{} tools", client.peer().list_all_tools().await?.len());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When `url` is no address.
pub async fn create_authorized_streamable_transport(
    url: impl AsRef<str>,
    manager: impl Borrow<AuthorizationManager>,
    options: Option<TransportOptions>,
) -> Result<StreamableHttpClientTransport<AuthorizedStreamableClient>, TransportError> {
    let options = options.unwrap_or_default();
    let manager = manager.borrow();
    let url = url::Url::parse(url.as_ref()).map_err(|error| TransportError::Url(error.into()))?;
    let client = AuthorizedStreamableClient::new(manager, &options);
    let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
        .max_sse_event_size(manager.policy().limits.resource_bytes);
    config.retry_config = Arc::new(options.retry.backoff());
    Ok(StreamableHttpClientTransport::with_client(client, config))
}
