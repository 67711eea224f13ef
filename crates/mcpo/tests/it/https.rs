//! `--ssl-certfile` and `--ssl-keyfile`.

use std::fs;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;

use crate::support::{Finished, LOCAL, Proxy, run};

/// A certificate for this machine and its key, in files.
struct Certificate {
    folder: TempDir,
}

impl Certificate {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
            .expect("a certificate");
        fs::write(folder.path().join("cert.pem"), made.cert.pem()).expect("a file");
        fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).expect("a file");
        fs::write(folder.path().join("empty.pem"), "").expect("a file");
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("text").to_owned()
    }

    /// A client that trusts it and nothing else.
    fn client(
        &self,
    ) -> Client<hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>, Empty<Bytes>>
    {
        let mut roots = RootCertStore::empty();
        let der = CertificateDer::from_pem_file(self.path("cert.pem")).expect("a certificate");
        roots.add(der).expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .build();
        Client::builder(TokioExecutor::new()).build(connector)
    }
}

async fn refused(certificate: &str, key: &str) -> Finished {
    let server = ["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"];
    let files = ["--ssl-certfile", certificate, "--ssl-keyfile", key];
    let finished = run(LOCAL.iter().chain(&files).chain(&server)).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(!finished.stdout.contains("Listening"), "{finished:?}");
    finished
}

#[tokio::test]
async fn https_is_served_with_both_versions_of_http() {
    let certificate = Certificate::new();
    let proxy = Proxy::prepared(|command| {
        command.args(LOCAL);
        command.args(["--ssl-certfile", &certificate.path("cert.pem")]);
        command.args(["--ssl-keyfile", &certificate.path("key.pem")]);
        command.args(["--", env!("CARGO_BIN_EXE_mcpo"), "demo-server"]);
    })
    .await;
    assert!(proxy.url().starts_with("https://127.0.0.1:"), "{}", proxy.url());
    let client = certificate.client();
    let served = proxy
        .eventually("the tools are served", async || {
            let answer = client.get(format!("{}/openapi.json", proxy.url()).parse().expect("a URL")).await;
            let answer = answer.expect("an answer over TLS");
            assert_eq!(answer.version(), http::Version::HTTP_2);
            let body = answer.into_body().collect().await.expect("a body").to_bytes();
            String::from_utf8_lossy(&body).contains("/text_statistics").then_some(body)
        })
        .await;
    assert!(!served.is_empty());
    // Plain HTTP to that port gets no answer, and ends nothing.
    assert!(proxy.client().send("GET", "/", Bytes::new()).await.is_err());
    let plain = http::Uri::try_from(proxy.url().replace("https:", "http:")).expect("a URL");
    let http: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    assert!(http.get(plain).await.is_err());
    let again = client.get(format!("{}/docs", proxy.url()).parse().expect("a URL")).await;
    assert_eq!(again.expect("an answer over TLS").status(), 200);
}

#[tokio::test]
async fn wrong_files_are_named_with_their_flags() {
    let certificate = Certificate::new();
    let (cert, key, empty) =
        (certificate.path("cert.pem"), certificate.path("key.pem"), certificate.path("empty.pem"));
    let missing = certificate.path("missing.pem");
    for (cert, key, flag, file) in [
        (&missing, &key, "--ssl-certfile", "missing.pem"),
        (&cert, &missing, "--ssl-keyfile", "missing.pem"),
        (&empty, &key, "--ssl-certfile", "empty.pem"),
        (&cert, &empty, "--ssl-keyfile", "empty.pem"),
        (&key, &cert, "--ssl-certfile", "key.pem"),
    ] {
        let finished = refused(cert, key).await;
        assert!(finished.stderr.contains(flag) && finished.stderr.contains(file), "{finished:?}");
    }
    // Both are good, but not for each other.
    let finished = refused(&cert, &Certificate::new().path("key.pem")).await;
    assert!(finished.stderr.contains("--ssl-keyfile"), "{finished:?}");
}

#[tokio::test]
async fn one_of_the_two_is_not_enough() {
    let certificate = Certificate::new();
    for (flag, file, other) in
        [("--ssl-certfile", "cert.pem", "--ssl-keyfile"), ("--ssl-keyfile", "key.pem", "--ssl-certfile")]
    {
        let finished = run([flag, &certificate.path(file), "--", "x"]).await;
        assert_ne!(finished.code, Some(0));
        assert!(finished.stderr.contains(other), "{finished:?}");
    }
}
