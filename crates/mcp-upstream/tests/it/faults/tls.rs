//! Servers whose certificate is not to be trusted. What TLS says about it must be found in the error.
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use mcp_upstream::{CallError, ConnectError, HttpClient, HttpService, Session, StreamableTransport};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{CertificateError, ServerConfig, pki_types::PrivateKeyDer};
use testkit::mcp::{Framing, Script, ScriptedServer, reply};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::network;
use crate::kit::{ANY, chain, limits, options, text};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A client that trusts this authority alone.
    fn client(&self) -> HttpClient {
        let builder = HttpClient::builder().only_given_authorities();
        builder.authorities(self.pem.as_bytes()).unwrap().build().unwrap()
    }

    /// Puts TLS before a server, with a certificate for `name` made by this authority.
    async fn before(&self, server: &ScriptedServer, name: &str, expired: bool) -> url::Url {
        self.before_port(server.address().port(), name, expired, &[]).await
    }

    /// The same before whatever listens at `port`, with these protocols on offer.
    async fn before_port(&self, port: u16, name: &str, expired: bool, protocols: &[&[u8]]) -> url::Url {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/mcp", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(connection).await else { return };
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        url.parse().unwrap()
    }
}

/// What is wrong with the certificate, wherever in the chain rustls says it. An I/O error's source is that of the error
/// within it, which has to be asked for.
fn certificate_error(error: &(dyn std::error::Error + 'static)) -> Option<CertificateError> {
    if let Some(rustls::Error::InvalidCertificate(error)) = error.downcast_ref() {
        return Some(error.clone());
    }
    let within = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    within.and_then(|within| certificate_error(within)).or_else(|| certificate_error(error.source()?))
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_named_and_nothing_is_sent() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Script::new().tool("echo", ANY, reply::echo()).serve_streamable(Framing::Json).await;
    for (case, url) in [
        ("unknown", other.before(&server, "127.0.0.1", false).await),
        ("expired", authority.before(&server, "127.0.0.1", true).await),
        ("wrong host", authority.before(&server, "other.example", false).await),
    ] {
        let transport = StreamableTransport::new(url, authority.client());
        let error = Session::connect(transport, options(limits())).await.unwrap_err();
        assert!(matches!(error, ConnectError::Transport { .. }), "{case}: {error:?}");
        let found = certificate_error(&error).unwrap_or_else(|| panic!("{case}: {}", chain(&error)));
        assert!(
            match case {
                "unknown" =>
                    matches!(found, CertificateError::UnknownIssuer | CertificateError::BadSignature),
                "expired" =>
                    matches!(found, CertificateError::Expired | CertificateError::ExpiredContext { .. }),
                _ => matches!(
                    found,
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
                ),
            },
            "{case}: {found:?}"
        );
        // A person reads it, too.
        assert!(chain(&error).contains("certificate"), "{case}: {}", chain(&error));
    }
    assert!(server.recorded().is_empty() && server.probes().is_empty());
    let transport =
        StreamableTransport::new(authority.before(&server, "127.0.0.1", false).await, authority.client());
    let session = Session::connect(transport, options(limits())).await.unwrap();
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}");
}

#[tokio::test]
async fn plain_http_where_tls_is_spoken_and_the_other_way_round() {
    let authority = Authority::new();
    let server = Script::new().serve_streamable(Framing::Json).await;
    let mut as_https = server.url();
    as_https.set_scheme("https").unwrap();
    let transport = StreamableTransport::new(as_https, authority.client());
    let error = Session::connect(transport, options(limits())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport { .. }), "{error:?}");

    let mut as_http = authority.before(&server, "127.0.0.1", false).await;
    as_http.set_scheme("http").unwrap();
    let transport = StreamableTransport::new(as_http, crate::kit::http());
    let error = Session::connect(transport, options(limits())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Transport { .. } | ConnectError::NotMcp { .. }), "{error:?}");
}

#[tokio::test]
async fn a_certificate_that_goes_bad_fails_the_calls_and_not_the_session() {
    // The certificate is changed under a session that stands: each new connection is refused by this side.
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Script::new()
        .without_get_stream()
        .tool("echo", ANY, reply::echo())
        .serve_streamable(Framing::Json)
        .await;
    let good = authority.before(&server, "127.0.0.1", false).await;
    let bad = other.before(&server, "127.0.0.1", false).await;
    let place = Arc::new(std::sync::Mutex::new(good.clone()));
    let (client, switch) = (authority.client(), Arc::clone(&place));
    let http = HttpService::new(tower::service_fn(move |mut request: http::Request<Full<Bytes>>| {
        *request.uri_mut() = place.lock().unwrap().as_str().parse().unwrap();
        let client = client.clone();
        async move { client.send(request).await }
    }));
    let transport = StreamableTransport::new(good.clone(), http);
    let session = Session::connect(transport, options(limits())).await.unwrap();
    *switch.lock().unwrap() = bad;
    let error = text(&session, "echo", "{}").await.unwrap_err();
    assert!(matches!(error, CallError::Transport { .. }), "{error:?}");
    assert!(certificate_error(&error).is_some(), "{}", chain(&error));
    *switch.lock().unwrap() = good;
    assert_eq!(text(&session, "echo", "{}").await.unwrap(), "{}", "the same session");
}

#[tokio::test]
async fn goaway_over_tls_lets_calls_finish_and_later_ones_take_a_new_connection() {
    let (address, connections) = network::leaving_server().await;
    let authority = Authority::new();
    let url = authority.before_port(address.port(), "127.0.0.1", false, &[b"h2"]).await;
    let transport = StreamableTransport::new(url, authority.client());
    network::calls_survive_goaway(transport, &connections).await;
}
