//! A proof that a client makes (RFC 9449 §4.2).

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Uri};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::DpopNonce;
use crate::{AccessToken, PublicJwk, SigningAlgorithm, UnsignedJwt};

/// What a proof is for: one request.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{Method, Uri};
/// use mcp_oauth_core::{AccessToken, DpopProof, PublicJwk, SigningAlgorithm};
///
/// # let key: PublicJwk = serde_json::from_str(
/// #     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// # )?;
/// let uri = Uri::from_static("https://mcp.example/mcp?session=1");
/// let token = AccessToken::parse("a-token")?;
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_562_262_618);
/// let proof = DpopProof::new(&Method::POST, &uri).with_token(&token);
/// let unsigned = proof.write(SigningAlgorithm::EdDsa, &key, "an-id-used-once", now)?;
/// let header = unsigned.with_signature(&[/* of unsigned.message() */]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DpopProof<'a> {
    method: &'a Method,
    uri: &'a Uri,
    token: Option<&'a AccessToken>,
    nonce: Option<&'a DpopNonce>,
}

impl<'a> DpopProof<'a> {
    /// The header that carries it.
    pub const HEADER: &'static str = "dpop";

    /// The `typ` of its header.
    pub const TYPE: &'static str = "dpop+jwt";

    /// For a request with this method to this address.
    pub fn new(method: &'a Method, uri: &'a Uri) -> Self {
        Self { method, uri, token: None, nonce: None }
    }

    /// For a request that carries this access token (RFC 9449 §7): `ath`.
    #[must_use]
    pub fn with_token(mut self, token: &'a AccessToken) -> Self {
        self.token = Some(token);
        self
    }

    /// With the server's nonce.
    #[must_use]
    pub fn with_nonce(mut self, nonce: Option<&'a DpopNonce>) -> Self {
        self.nonce = nonce;
        self
    }

    /// Writes it. `id` is used once, and by nobody else: 96 random bits at the least (RFC 9449 §4.2, `jti`).
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn write(
        &self,
        algorithm: SigningAlgorithm,
        key: &PublicJwk,
        id: &str,
        now: SystemTime,
    ) -> Result<UnsignedJwt, serde_json::Error> {
        let header = Header { typ: Self::TYPE, alg: algorithm.as_str(), jwk: key };
        let claims = Claims {
            jti: id,
            htm: self.method.as_str(),
            htu: &target_uri(self.uri),
            iat: now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
            ath: self.token.map(access_token_hash),
            nonce: self.nonce.map(DpopNonce::as_str),
        };
        UnsignedJwt::new(&header, &claims)
    }
}

/// The `htu` of a request: its address without query and fragment (RFC 9449 §4.2), normalized as far as the scheme
/// allows (RFC 3986 §6.2.2.1, §6.2.3): scheme and host in lower case, no default port. The path is what is sent.
///
/// ```
/// use http::Uri;
/// use mcp_oauth_core::target_uri;
///
/// assert_eq!(target_uri(&Uri::from_static("https://MCP.example:443/mcp?a=b")), "https://mcp.example/mcp");
/// assert_eq!(target_uri(&Uri::from_static("http://127.0.0.1:8000")), "http://127.0.0.1:8000/");
/// ```
pub fn target_uri(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    match uri.port_u16().filter(|port| Some(*port) != default_port) {
        Some(port) => format!("{scheme}://{host}:{port}{}", uri.path()),
        None => format!("{scheme}://{host}{}", uri.path()),
    }
}

/// The `ath` of a token (RFC 9449 §4.2).
pub fn access_token_hash(token: &AccessToken) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose()))
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    jwk: &'a PublicJwk,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}
