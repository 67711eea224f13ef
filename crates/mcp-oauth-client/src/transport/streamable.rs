//! Streamable HTTP for rmcp: its transport, over our authorized client.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::rmcp::model::{ClientJsonRpcMessage, ClientRequest, ErrorData, JsonRpcMessage, ServerJsonRpcMessage};
use ::rmcp::transport::streamable_http_client::{
    AuthRequiredError, HttpStatusError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use sse_stream::{Error as SseError, Sse};

use super::error::shown;
use super::events::events;
use super::http::{Http, ResponseBody, is_of_kind, read};
use super::{TransportError, TransportOptions};
use crate::AuthorizationManager;

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";
const SESSION_ID: &str = "mcp-session-id";

type Failure = StreamableHttpError<TransportError>;

/// What [`create_authorized_streamable_transport`](super::create_authorized_streamable_transport) puts below rmcp's
/// transport. The token that rmcp would add itself is not used.
///
/// For a configuration of rmcp's transport that is the program's own:
///
/// ```
/// use mcp_oauth_client::{AuthorizationManager, AuthorizedStreamableClient, TransportOptions};
/// use rmcp::transport::StreamableHttpClientTransport;
/// use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let manager = AuthorizationManager::new("https://mcp.example/mcp").await?;
/// let client = AuthorizedStreamableClient::new(&manager, &TransportOptions::new());
/// let config = StreamableHttpClientTransportConfig::with_uri("https://mcp.example/mcp").reinit_on_expired_session(false);
/// let transport = StreamableHttpClientTransport::with_client(client, config);
/// # drop(transport);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AuthorizedStreamableClient {
    http: Http,
    json_bytes: usize,
    error_bytes: usize,
    error_time: Duration,
}

impl AuthorizedStreamableClient {
    /// A client with the tokens of `manager`. [`TransportOptions::retry`] is not looked at: how streams are resumed is a part
    /// of the transport's configuration.
    pub fn new(manager: &AuthorizationManager, options: &TransportOptions) -> Self {
        let limits = &manager.policy().limits;
        Self {
            http: Http::new(manager, options),
            json_bytes: limits.resource_bytes,
            error_bytes: limits.answer_bytes,
            error_time: limits.request_time,
        }
    }

    fn request(
        &self,
        method: Method,
        uri: &str,
        session: Option<&str>,
        headers: HashMap<HeaderName, HeaderValue>,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let uri: Uri = uri.parse().map_err(|_| StreamableHttpError::Client(TransportError::Endpoint))?;
        let mut request = self.http.request(method, &uri, body);
        request.headers_mut().extend(headers);
        if let Some(session) = session.and_then(|session| HeaderValue::from_str(session).ok()) {
            request.headers_mut().insert(SESSION_ID, session);
        }
        Ok(request)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<ResponseBody>, Failure> {
        self.http.send(request).await.map_err(StreamableHttpError::Client)
    }

    /// An answer that is no success: as much of it as rmcp can make use of.
    async fn failure(
        &self,
        uri: &str,
        message: &ClientJsonRpcMessage,
        in_session: bool,
        response: Response<ResponseBody>,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let status = response.status();
        if status == StatusCode::NOT_FOUND && in_session {
            return Err(StreamableHttpError::SessionExpired);
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let is_json = is_of_kind(&response, JSON);
        // What a server says about a failure is worth no longer a wait.
        let body = read(response.into_body(), self.error_bytes);
        let body = tokio::time::timeout(self.error_time, body).await;
        let body = body.unwrap_or(Ok(Bytes::new())).unwrap_or_default();
        let said = match serde_json::from_slice::<ServerJsonRpcMessage>(&body) {
            Ok(JsonRpcMessage::Error(error)) => Some(error),
            _ => None,
        };
        // A server of an older revision refuses the question for its revisions in ways of its own. rmcp goes on with
        // `initialize` then, if it is told by an error with the question's id.
        let discovery = match message {
            JsonRpcMessage::Request(request) => {
                matches!(request.request, ClientRequest::DiscoverRequest(_)).then(|| request.id.clone())
            }
            _ => None,
        };
        if let (Some(id), true) = (discovery, status.is_client_error() && !in_session && !is_refusal(status))
        {
            let error = said.map_or_else(
                || ErrorData::invalid_request(format!("server/discover answered with {status}"), None),
                |said| said.error,
            );
            return Ok(StreamableHttpPostResponse::Json(ServerJsonRpcMessage::error(error, Some(id)), None));
        }
        match said {
            Some(error) if is_json && !is_refusal(status) => {
                Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), None))
            }
            _ if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Err(HttpStatusError::new(status.as_u16(), retry_after).into())
            }
            _ => Err(StreamableHttpError::Client(TransportError::Status { url: shown(uri), status })),
        }
    }
}

impl fmt::Debug for AuthorizedStreamableClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizedStreamableClient").finish_non_exhaustive()
    }
}

impl StreamableHttpClient for AuthorizedStreamableClient {
    type Error = TransportError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limit = self.json_bytes;
        self.post_message_with_max_sse_event_size(uri, message, session, token, headers, limit).await
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        event_bytes: usize,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let body = serde_json::to_vec(&message)?;
        let mut request = self.request(Method::POST, &uri, session.as_deref(), headers, body.into())?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        let response = self.send(request).await?;
        let status = response.status();
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if !status.is_success() {
            return self.failure(&uri, &message, session.is_some(), response).await;
        }
        let named = response.headers().get(SESSION_ID).and_then(|value| value.to_str().ok());
        let named = named.map(str::to_owned);
        if is_of_kind(&response, EVENTS) {
            return Ok(StreamableHttpPostResponse::Sse(events(response.into_body(), event_bytes), named));
        }
        // Only a request has an answer to wait for; what else comes back after anything else is of no use.
        let is_request = matches!(message, JsonRpcMessage::Request(_));
        let is_json = is_of_kind(&response, JSON);
        let body = read(response.into_body(), self.json_bytes).await.map_err(StreamableHttpError::Client)?;
        match serde_json::from_slice(&body) {
            Ok(answer) if is_json => Ok(StreamableHttpPostResponse::Json(answer, named)),
            _ if !is_request => Ok(StreamableHttpPostResponse::Accepted),
            Err(error) if is_json => Err(error.into()),
            _ => Err(StreamableHttpError::UnexpectedContentType(None)),
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failure> {
        let request = self.request(Method::DELETE, &uri, Some(&session), headers, Bytes::new())?;
        let status = self.send(request).await?.status();
        // A server may keep its sessions to itself (405).
        if status.is_success() || status == StatusCode::METHOD_NOT_ALLOWED {
            return Ok(());
        }
        Err(StreamableHttpError::Client(TransportError::Status { url: shown(&uri), status }))
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        token: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        let limit = self.json_bytes;
        self.get_stream_with_max_sse_event_size(uri, session, last_event_id, token, headers, limit).await
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
        event_bytes: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failure> {
        let mut request = self.request(Method::GET, &uri, session.as_deref(), headers, Bytes::new())?;
        if let Some(id) = last_event_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            request.headers_mut().insert("last-event-id", id);
        }
        let response = match self.send(request).await {
            // This error, and no other, keeps rmcp from trying again and again: nothing changes without a person.
            Err(StreamableHttpError::Client(TransportError::Authorization(required))) => {
                return Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(required.to_string())));
            }
            other => other?,
        };
        match response.status() {
            StatusCode::METHOD_NOT_ALLOWED => Err(StreamableHttpError::ServerDoesNotSupportSse),
            status if !status.is_success() => {
                Err(StreamableHttpError::Client(TransportError::Status { url: shown(&uri), status }))
            }
            _ if is_of_kind(&response, EVENTS) => Ok(events(response.into_body(), event_bytes)),
            _ => Err(StreamableHttpError::UnexpectedContentType(None)),
        }
    }
}

fn is_refusal(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}
