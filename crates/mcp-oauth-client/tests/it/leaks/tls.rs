//! TLS before a scripted peer, so that rustls has something to log.

use std::sync::Arc;

use mcp_oauth_client::HyperClient;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::json;
use testkit::oauth::OAuthPeer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A certificate for `localhost` and who vouches for it.
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    roots: RootCertStore,
}

impl Tls {
    pub(super) fn new() -> Self {
        let authority = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let mut roots = RootCertStore::empty();
        roots.add(params.self_signed(&authority).unwrap().der().clone()).unwrap();
        let issuer = Issuer::new(params, authority);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &issuer).unwrap().der().clone();
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), roots }
    }

    /// A client that trusts the certificate.
    pub(super) fn client(&self) -> HyperClient {
        HyperClient::with_tls(self.config())
    }

    pub(super) fn config(&self) -> ClientConfig {
        ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth()
    }

    /// The origin under which whatever listens at `origin` is found with TLS.
    async fn before(&self, origin: &str) -> String {
        let target = origin.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (acceptor, target) = (acceptor.clone(), target.clone());
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(connection).await else { return };
                    let Ok(mut server) = TcpStream::connect(target).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        format!("https://localhost:{port}")
    }

    /// Puts TLS before both servers of a peer, but for the page that the browser opens. The MCP server's address then.
    pub(super) async fn protect(&self, peer: &OAuthPeer) -> String {
        let resource = self.before(peer.resource_origin()).await;
        let issuer = peer.issuer();
        let authority = self.before(&issuer).await;
        let mcp = peer.mcp_url().replace(peer.resource_origin(), &resource);
        let resource_patch = json!({ "resource": mcp, "authorization_servers": [authority] });
        peer.change(|script| {
            script.iss = false;
            script.resource_patch = resource_patch;
            let metadata = &mut script.metadata_patch;
            metadata["issuer"] = authority.clone().into();
            metadata["authorization_endpoint"] = format!("{issuer}/authorize").into();
            for (endpoint, path) in [
                ("token_endpoint", "token"),
                ("registration_endpoint", "register"),
                ("revocation_endpoint", "revoke"),
                ("pushed_authorization_request_endpoint", "par"),
            ] {
                metadata[endpoint] = format!("{authority}/{path}").into();
            }
        });
        mcp
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
