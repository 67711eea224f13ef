//! The engine's own HTTP client: which connections it opens, to whom, and what it shows.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use mcp_upstream::{HttpClient, HttpClientError, Proxies};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer, server::WebPkiClientVerifier};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::kit::chain;

fn plain() -> HttpClient {
    HttpClient::builder().only_given_authorities().build().unwrap()
}

fn get(uri: &str) -> Request<Full<Bytes>> {
    Request::get(uri).body(Full::default()).unwrap()
}

async fn ask(client: &HttpClient, uri: &str) -> (Version, String) {
    let answer = client.send(get(uri)).await.unwrap_or_else(|error| panic!("{}", chain(&error)));
    let version = answer.version();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (version, String::from_utf8(body.to_vec()).unwrap())
}

/// Says what was asked, over plain HTTP or TLS; how many connections it took.
async fn echo(tls: Option<TlsAcceptor>) -> (u16, Arc<AtomicUsize>) {
    async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        Ok(Response::new(format!("{} {}", request.method(), request.uri().path()).into()))
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Relaxed);
            let tls = tls.clone();
            tokio::spawn(async move {
                let builder = Builder::new(TokioExecutor::new());
                let _ = match tls {
                    None => builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await,
                    Some(tls) => {
                        let Ok(stream) = tls.accept(stream).await else { return };
                        builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await
                    }
                };
            });
        }
    });
    (port, connections)
}

/// One connection whose first head is told, answered with `answer`, and then closed, if the answer is not what follows.
async fn head(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_connection_is_used_again_and_one_more_is_opened_while_it_is_busy() {
    let (port, connections) = echo(None).await;
    let client = plain();
    let uri = format!("http://127.0.0.1:{port}/one");
    for _ in 0..3 {
        assert_eq!(ask(&client, &uri).await, (Version::HTTP_11, "GET /one".into()));
    }
    assert_eq!(connections.load(Relaxed), 1);
    let unread = client.send(get(&uri)).await.unwrap();
    ask(&client, &uri).await;
    assert_eq!(connections.load(Relaxed), if http_body::Body::is_end_stream(unread.body()) { 1 } else { 2 });
    drop(unread);
    ask(&client, &uri).await;
    assert!(connections.load(Relaxed) <= 2);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_replaced() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            head(&mut stream).await;
            // Nothing says that the connection ends with this.
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    let client = plain();
    assert_eq!(ask(&client, &uri).await.1, "ok");
    // The end of the connection is news that the runtime has to hear first.
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&client, &uri).await.1, "ok");
    server.await.unwrap();
}

/// The same client on two runtimes: each opens its own connection, and a runtime that ends takes nothing from the other.
#[test]
fn each_runtime_has_connections_of_its_own() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let serving = runtime();
    let (port, connections) = serving.block_on(echo(None));
    let thread = std::thread::spawn(move || serving.block_on(std::future::pending::<()>()));
    let client = plain();
    let uri = format!("http://127.0.0.1:{port}/two");
    let (one, other) = (runtime(), runtime());
    for _ in 0..2 {
        one.block_on(ask(&client, &uri));
        other.block_on(ask(&client, &uri));
    }
    assert_eq!(connections.load(Relaxed), 2);
    drop(one);
    other.block_on(ask(&client, &uri));
    assert_eq!(connections.load(Relaxed), 2);
    drop(thread);
}

#[tokio::test]
async fn a_proxy_is_sent_the_whole_address_and_the_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = format!("http://user:se%20cret@{address}");
    let variables = |name: &str| (name == "HTTP_PROXY").then(|| proxy.clone());
    let client = HttpClient::builder()
        .only_given_authorities()
        .proxies(Proxies::from_variables(variables))
        .build()
        .unwrap();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        asked
    });
    assert_eq!(ask(&client, "http://mcp.test:8080/mcp?a=b").await.1, "ok");
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("GET http://mcp.test:8080/mcp?a=b HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("host: mcp.test:8080\r\n"), "{asked}");
    assert!(asked.contains("proxy-authorization: Basic dXNlcjpzZSBjcmV0\r\n"), "{asked}");
}

/// A proxy that opens a tunnel to `port` for whoever asks; what it was asked, once.
async fn tunnel(port: u16) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://user:secret@{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut stream, &mut server).await });
        asked
    });
    (proxy, asked)
}

/// A server that wants a client certificate, through a tunnel, over HTTP/2: one connection carries all requests.
#[tokio::test]
async fn client_certificates_and_http2_go_through_a_tunnel() {
    let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (server, me) = (made("mcp.test"), made("me"));
    let mut known = RootCertStore::empty();
    known.add(me.cert.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(known), provider()).build().unwrap();
    let mut tls = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![server.cert.der().clone()],
            PrivateKeyDer::Pkcs8(server.signing_key.serialize_der().into()),
        )
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (port, connections) = echo(Some(TlsAcceptor::from(Arc::new(tls)))).await;
    let (proxy, asked) = tunnel(port).await;
    let client = HttpClient::builder()
        .only_given_authorities()
        .authorities(server.cert.pem().as_bytes())
        .unwrap()
        .client_certificate(me.cert.pem().as_bytes(), me.signing_key.serialize_pem().as_bytes())
        .unwrap()
        .proxies(Proxies::from_variables(|name| (name == "https_proxy").then(|| proxy.clone())))
        .build()
        .unwrap();
    let answers = join_all((0..20).map(|_| ask(&client, "https://mcp.test/mcp"))).await;
    assert!(answers.iter().all(|answer| *answer == (Version::HTTP_2, "GET /mcp".into())), "{answers:?}");
    assert_eq!(connections.load(Relaxed), 1);
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("CONNECT mcp.test:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.to_lowercase().contains("proxy-authorization: basic dxnlcjpzzwnyzxq=\r\n"), "{asked}");

    // Without the certificate the server does not talk to us.
    let (proxy, _) = tunnel(port).await;
    let stranger = HttpClient::builder()
        .only_given_authorities()
        .authorities(server.cert.pem().as_bytes())
        .unwrap()
        .proxies(Proxies::from_variables(|name| (name == "https_proxy").then(|| proxy.clone())))
        .build()
        .unwrap();
    assert!(stranger.send(get("https://mcp.test/mcp")).await.is_err());
}

/// Over HTTP/1.1 each request needs a connection of its own: once that is known, nobody waits for another's.
#[tokio::test]
async fn connections_over_tls_are_opened_side_by_side() {
    const OTHERS: usize = 20;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let tls = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut tls = tls.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let tls = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // After the first one, no connection gets anywhere before all are there.
    let all = Arc::new(tokio::sync::Barrier::new(OTHERS));
    tokio::spawn(async move {
        for accepted in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let (tls, all) = (tls.clone(), Arc::clone(&all));
            tokio::spawn(async move {
                if accepted > 0 {
                    all.wait().await;
                }
                let mut stream = tls.accept(stream).await.unwrap();
                head(&mut stream).await;
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
                    .await
                    .unwrap();
                stream.shutdown().await.unwrap();
            });
        }
    });
    let builder = HttpClient::builder().only_given_authorities();
    let client = builder.authorities(made.cert.pem().as_bytes()).unwrap().build().unwrap();
    let address = format!("https://127.0.0.1:{port}/");
    let answers = join_all((0..=OTHERS).map(|_| ask(&client, &address))).await;
    assert!(answers.iter().all(|answer| *answer == (Version::HTTP_11, "ok".into())), "{answers:?}");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
    });
    let proxy = format!("http://user:secret@{address}");
    let client = HttpClient::builder()
        .only_given_authorities()
        .proxies(Proxies::from_variables(|name| (name == "ALL_PROXY").then(|| proxy.clone())))
        .build()
        .unwrap();
    let error = client.send(get("https://mcp.test/")).await.unwrap_err();
    assert!(matches!(error, HttpClientError::Proxy { .. }), "{error:?}");
    let told = format!("{} {error:?}", chain(&error));
    assert!(told.contains(&format!("the proxy http://{address}")) && !told.contains("secret"), "{told}");
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused() {
    for address in ["ftp://mcp.test/", "/mcp"] {
        let error = plain().send(get(address)).await.unwrap_err();
        assert!(matches!(error, HttpClientError::Address), "{error:?}");
    }
}

/// What is said about TLS by itself counts alone, in whatever order.
#[tokio::test]
async fn a_tls_configuration_counts_only_where_nothing_else_is_said() {
    let provider = || Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let made = || rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (server, other) = (made(), made());
    let key = PrivateKeyDer::Pkcs8(server.signing_key.serialize_der().into());
    let tls = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_no_client_auth().with_single_cert(vec![server.cert.der().clone()], key).unwrap();
    let (port, _) = echo(Some(TlsAcceptor::from(Arc::new(tls)))).await;
    let address = format!("https://127.0.0.1:{port}/");
    let mut trusted = RootCertStore::empty();
    trusted.add(server.cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();

    let builder = || HttpClient::builder().tls_config(config.clone());
    ask(&builder().build().unwrap(), &address).await;
    let pem = (other.cert.pem(), other.signing_key.serialize_pem());
    let (certificate, key) = (pem.0.as_bytes(), pem.1.as_bytes());
    for builder in [
        builder().only_given_authorities(),
        builder().authorities(certificate).unwrap(),
        builder().client_certificate(certificate, key).unwrap(),
        HttpClient::builder().only_given_authorities().tls_config(config.clone()),
    ] {
        let error = builder.build().unwrap().send(get(&address)).await.unwrap_err();
        assert!(matches!(error, HttpClientError::Tls { .. }), "{error:?}");
    }
}

#[test]
fn what_is_no_certificate_is_not_taken_for_one() {
    use mcp_upstream::BuildError;
    let builder = HttpClient::builder;
    assert!(matches!(builder().authorities(b"none"), Err(BuildError::Authority { .. })));
    assert!(matches!(builder().client_certificate(b"", b""), Err(BuildError::Certificate { .. })));
    let one = rcgen::generate_simple_self_signed(["one".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap();
    let pem = one.cert.pem();
    assert!(matches!(builder().client_certificate(pem.as_bytes(), b""), Err(BuildError::Key { .. })));
    let pair = builder()
        .only_given_authorities()
        .client_certificate(pem.as_bytes(), other.signing_key.serialize_pem().as_bytes())
        .unwrap();
    assert!(matches!(pair.build(), Err(BuildError::Pair { .. })));
}
