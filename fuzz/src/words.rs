//! What has to hold of every text that a peer may send, whatever it is. The fuzz targets and the property tests of
//! `mcp-oauth-core` ask the same of it.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use mcp_oauth_core::{
    AccessToken, AuthorizationServerMetadata, BasicCredentials, ChallengeLimits, Challenges,
    ClientInformation, ClientMetadataDocument, ClientSecret, CodeVerifier, DpopNonce, EndpointUrl,
    ExpectedProof, Issuer, OAuthError, ProtectedResourceMetadata, PublicJwk, ReceivedProof, RedactedUrl,
    RedirectUri, RefreshToken, ResourceUri, ScopeSet, Thumbprint, TokenResponse,
    authorization_server_metadata_urls, is_loopback, protected_resource_metadata_urls,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// Header lines, split at line feeds: nothing is read past the limits, and a challenge of ours that is made from what was
/// read says the same and nothing more.
pub fn challenges(data: &[u8]) {
    let limits = ChallengeLimits::default();
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append(WWW_AUTHENTICATE, line);
        }
    }
    let read = Challenges::from_headers(&headers);
    assert!(read.iter().count() <= limits.challenges + limits.lines);
    for challenge in &read {
        assert!(challenge.parameters().count() <= limits.parameters);
        assert!(challenge.parameters().all(|(name, _)| !name.is_empty()));
        assert!(
            challenge.token68().is_none()
                || challenge.parameters().count() == 0
                || !challenge.scheme().is_empty()
        );
    }
    let Some(bearer) = read.bearer() else { return };
    // Of each parameter, the first challenge that has it.
    let first = |name| {
        let mut all = read.iter().filter(|challenge| challenge.is("Bearer"));
        all.find_map(|challenge| challenge.parameter(name))
    };
    assert_eq!(bearer.realm.as_deref(), first("realm"));
    assert_eq!(bearer.resource_metadata.as_deref(), first("resource_metadata"));
    assert_eq!(bearer.error.is_some(), first("error").is_some());
    assert!(bearer.error_description.iter().all(|text| !text.contains(char::is_control)));
    assert!(bearer.scope.iter().all(|scope| !scope.is_empty()));
    let mut again = HeaderMap::new();
    again.append(WWW_AUTHENTICATE, bearer.to_header_value());
    let again = Challenges::from_headers(&again);
    assert!(again.iter().all(|challenge| challenge.is("Bearer")) && again.iter().count() == 1);
    if data.len() < limits.line_bytes / 2 {
        assert_eq!(again.bearer().and_then(|again| again.scope), bearer.scope);
    }
}

/// A protected resource's document: one that is accepted speaks for the server that was asked.
pub fn resource_metadata(data: &[u8]) {
    let server = url("https://h.test/public/mcp");
    if let Ok(metadata) = ProtectedResourceMetadata::parse(data, &server) {
        assert!(metadata.resource.covers(&server));
        assert_eq!(metadata.resource.url().origin(), server.origin());
        writes_back(&metadata);
    }
}

/// An authorization server's document: one that is accepted is the issuer's that was asked.
pub fn server_metadata(data: &[u8]) {
    let issuer = Issuer::parse("https://as.test/tenant").unwrap();
    let Ok(metadata) = AuthorizationServerMetadata::parse(data, &issuer) else { return };
    assert_eq!(metadata.issuer, issuer);
    if let Ok((authorization, token)) = metadata.code_flow_endpoints() {
        endpoint(authorization.as_bytes());
        endpoint(token.as_bytes());
    }
    let _ = (metadata.auth_methods(), metadata.grant_types(), metadata.supports_s256(), metadata.sends_iss());
    writes_back(&metadata);
}

/// The address of an endpoint: one that is accepted is https or on this machine, and is sent as it was written.
pub fn endpoint(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(endpoint) = EndpointUrl::parse(text) {
        let url = endpoint.url();
        assert_eq!(endpoint.as_str(), text);
        assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)), "{url}");
        assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
        assert!(url.has_host());
    }
    if let Ok(issuer) = Issuer::parse(text) {
        assert_eq!(issuer.as_str(), text);
        let places = authorization_server_metadata_urls(&issuer);
        assert!((2..=3).contains(&places.len()));
        assert!(
            places.iter().all(|place| place.origin() == issuer.url().origin() && place.query().is_none())
        );
    }
    if let Ok(resource) = ResourceUri::parse(text) {
        assert_eq!(resource.as_str(), text);
        assert!(resource.covers(resource.url()));
        let places = protected_resource_metadata_urls(resource.url());
        assert!((1..=2).contains(&places.len()));
        assert!(places.iter().all(|place| place.origin() == resource.url().origin()));
        let canonical = ResourceUri::of_server(resource.url()).unwrap();
        assert!(canonical.covers(resource.url()), "{canonical:?} covers {text}");
    }
    let _ = ClientMetadataDocument::check_client_id(text);
}

/// A redirect URI: one that is accepted can run nothing, and permits itself.
pub fn redirect_uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(uri) = RedirectUri::parse(text) else { return };
    assert_eq!(uri.as_str(), text);
    assert!(uri.permits(&uri));
    let scheme = uri.url().scheme();
    assert!(scheme == "https" || uri.is_loopback() || scheme.contains('.'), "{text}");
    assert!(uri.url().fragment().is_none());
}

/// A scope: what is read is within the grammar, and reads back.
pub fn scopes(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lossy = ScopeSet::parse_lossy(&text);
    assert_eq!(ScopeSet::parse(&lossy.to_string()).unwrap(), lossy);
    assert!(lossy.iter().all(|token| {
        !token.as_str().contains(|c: char| !matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e'))
    }));
    if let Ok(strict) = ScopeSet::parse(&text) {
        assert_eq!(strict, lossy);
        assert!(
            strict.covers(&lossy) && strict.union(&lossy) == strict && strict.difference(&lossy).is_empty()
        );
    }
}

/// A token answer: one that is accepted holds tokens that fit into a header, and shows none.
pub fn token_answer(data: &[u8]) {
    if let Ok(error) = serde_json::from_slice::<OAuthError>(data) {
        let shown = error.to_string();
        assert!(
            !shown.contains(|c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}')),
            "{shown:?}"
        );
        assert!(shown.chars().count() <= 2 * OAuthError::TEXT_CHARS + 2);
    }
    let Ok(answer) = serde_json::from_slice::<TokenResponse>(data) else { return };
    let token = answer.access_token.expose();
    assert!(HeaderValue::from_str(token).is_ok() && !token.contains(' '));
    shows_the_same(&answer, |answer| {
        answer.access_token = AccessToken::parse(OTHER_SECRET).unwrap();
        answer.refresh_token =
            answer.refresh_token.take().map(|_| RefreshToken::parse(OTHER_SECRET).unwrap());
    });
    for now in [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40)] {
        assert!(answer.expires_at(now).is_none_or(|end| end >= now));
    }
    writes_back(&answer);
}

/// The answer to a registration.
pub fn registration(data: &[u8]) {
    if let Ok(information) = serde_json::from_slice::<ClientInformation>(data) {
        let other = |_| ClientSecret::parse(OTHER_SECRET).unwrap();
        shows_the_same(&information, |information| {
            information.client_secret = information.client_secret.take().map(other);
            information.registration_access_token = information.registration_access_token.take().map(other);
        });
        // serde_json reads a fraction to within its last bit only. No key has one.
        if information.metadata.jwks.as_ref().is_none_or(has_no_fraction) {
            writes_back(&information);
        }
    }
    if let Ok(document) = ClientMetadataDocument::parse(data, "https://app.test/client.json") {
        assert_eq!(document.client_id().as_str(), "https://app.test/client.json");
    }
}

/// `Authorization: Basic`: what is read can be written, and reads back.
pub fn basic(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    if let Ok(credentials) = BasicCredentials::from_header_value(&value) {
        let again = BasicCredentials::from_header_value(&credentials.to_header_value()).unwrap();
        assert_eq!(again, credentials);
    }
}

/// A verifier: one that is accepted meets its challenge.
pub fn verifier(data: &[u8]) {
    let Ok(text) = String::from_utf8(data.to_vec()) else { return };
    if let Ok(verifier) = CodeVerifier::parse(text) {
        assert!(verifier.challenge().is_met_by(&verifier));
        assert!((43..=128).contains(&verifier.expose().len()));
    }
}

/// A proof of possession: one that is taken apart shows nothing of itself, and without a right signature proves nothing.
pub fn proof(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(nonce) = DpopNonce::parse(text) {
        assert_eq!(nonce.to_header_value().to_str().unwrap(), text);
    }
    if let Ok(key) = serde_json::from_slice::<PublicJwk>(data) {
        assert_eq!(Thumbprint::parse(key.thumbprint().as_str()), Some(key.thumbprint()));
        writes_back(&key);
    }
    let Ok(received) = ReceivedProof::parse(text) else { return };
    assert!(text.len() <= ReceivedProof::MAX_BYTES);
    let uri = http::Uri::from_static("https://h.test/mcp");
    let now = SystemTime::UNIX_EPOCH;
    let tolerance = Duration::from_secs(60);
    let method = http::Method::POST;
    let expected =
        ExpectedProof { method: &method, uri: &uri, token: None, key: None, nonce: None, now, tolerance };
    assert!(received.verify(&expected, |_, _, message, _| message.is_empty()).is_err());
}

/// An address in a log: whatever a parameter that may be secret holds, the same is shown, however it is written.
pub fn redacted(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in ["code", "state", "access_token", "anything"] {
        let shown = ["5ecr3tValue", "another one"].map(|secret| {
            let url = format!("https://{secret}:{secret}@h.test/cb?{text}&{name}={secret}#{name}={secret}");
            Url::parse(&url).ok().map(|url| RedactedUrl(&url).to_string())
        });
        assert_eq!(shown[0], shown[1], "{text:?}");
    }
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn has_no_fraction(json: &Value) -> bool {
    match json {
        Value::Number(number) => !number.is_f64(),
        Value::Array(items) => items.iter().all(has_no_fraction),
        Value::Object(members) => members.values().all(has_no_fraction),
        _ => true,
    }
}

const OTHER_SECRET: &str = "an0therS3cret";

/// With other secrets, `Debug` shows the same. It may well hold the text of a secret: nothing keeps a peer from using it for
/// something else as well.
fn shows_the_same<T: Clone + Debug>(value: &T, with_other_secrets: impl FnOnce(&mut T)) {
    let mut other = value.clone();
    with_other_secrets(&mut other);
    assert_eq!(format!("{value:?}"), format!("{other:?}"));
}

/// What was read, written as JSON and read again, is the same.
fn writes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
}
