//! The route of the protected resource metadata (RFC 9728 §3).

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use http::header::CACHE_CONTROL;
use mcp_oauth_core::{ProtectedResourceMetadata, protected_resource_metadata_url};

use crate::server::cors;

pub(super) fn router<S: Clone + Send + Sync + 'static>(metadata: &ProtectedResourceMetadata) -> Router<S> {
    let url = protected_resource_metadata_url(&metadata.resource);
    let document = axum::Json(metadata.clone());
    let answer = async move || ([(CACHE_CONTROL, "public, max-age=300")], document.clone()).into_response();
    Router::new().route(url.path(), get(answer)).layer(cors())
}
