use mcp_oauth_client::{AuthorizationManager, DiscoveryError, Error, HttpError};
use mcp_oauth_core::Challenges;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server whose certificate no authority of this machine vouches for, and a file with the one that does. It has nothing.
async fn private_server() -> (String, TempDir) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
    let certificate = CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/mcp", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let nothing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(nothing).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, folder)
}

async fn discover(url: &str, client: Arc<HyperClient>) -> DiscoveryError {
    let mut policy = mcp_oauth_client::Policy::default();
    policy.legacy_servers = false;
    let manager = AuthorizationManager::builder(url).http(client).policy(policy).build().unwrap();
    match manager.discover(&Challenges::default()).await {
        Err(Error::Discovery(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// C16.8: certificates are checked for logins too; a server's own authorities count for its logins.
#[tokio::test]
async fn c16_8_logins_trust_the_servers_authorities() {
    let common = Arc::new(oauth_client(mcp_oauth_client::tls_config()));
    let none = Certificates::default();
    assert!(Arc::ptr_eq(&oauth_client_for(&none, &common).unwrap(), &common));
    let (url, folder) = private_server().await;
    let refused = discover(&url, Arc::clone(&common)).await;
    assert!(matches!(refused, DiscoveryError::Http(HttpError::Connect { .. })), "{refused:?}");
    let own = Certificates { authorities: Some(folder.path().join("ca.pem")), client: None };
    let answered = discover(&url, oauth_client_for(&own, &common).unwrap()).await;
    assert!(matches!(answered, DiscoveryError::NoResourceMetadata), "{answered:?}");
    let missing = Certificates { authorities: Some(folder.path().join("missing.pem")), client: None };
    assert!(matches!(oauth_client_for(&missing, &common), Err(CertificateError::Read { .. })));
}
