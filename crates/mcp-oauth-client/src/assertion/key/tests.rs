use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use rcgen::KeyPair;

use super::*;

/// C12.3: each algorithm's signatures are those that another implementation accepts.
#[tokio::test]
async fn c12_3_signatures_verify() {
    type FromDer = fn(&[u8]) -> DecodingKey;
    let kinds: [(_, _, _, FromDer); 5] = [
        (&rcgen::PKCS_ECDSA_P256_SHA256, SigningAlgorithm::Es256, Algorithm::ES256, DecodingKey::from_ec_der),
        (&rcgen::PKCS_ECDSA_P384_SHA384, SigningAlgorithm::Es384, Algorithm::ES384, DecodingKey::from_ec_der),
        (&rcgen::PKCS_RSA_SHA256, SigningAlgorithm::Rs256, Algorithm::RS256, DecodingKey::from_rsa_der),
        (&rcgen::PKCS_RSA_SHA256, SigningAlgorithm::Ps256, Algorithm::PS256, DecodingKey::from_rsa_der),
        (&rcgen::PKCS_ED25519, SigningAlgorithm::EdDsa, Algorithm::EdDSA, DecodingKey::from_ed_der),
    ];
    for (kind, algorithm, checked_by, read) in kinds {
        let pair = KeyPair::generate_for(kind).unwrap();
        let key = PrivateKey::from_pem(pair.serialize_pem().as_bytes(), algorithm).unwrap();
        let signature = key.sign(b"message").await.unwrap();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let public = read(pair.public_key_raw());
        assert!(
            jsonwebtoken::crypto::verify(&signature, b"message", &public, checked_by).unwrap(),
            "{algorithm}"
        );
        assert!(!jsonwebtoken::crypto::verify(&signature, b"messages", &public, checked_by).unwrap());
        // What is registered is what the signature is checked with.
        let jwks = key.clone().with_key_id("k").jwks().unwrap();
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwks["keys"][0].clone()).unwrap();
        let registered = DecodingKey::from_jwk(&jwk).unwrap();
        assert!(jsonwebtoken::crypto::verify(&signature, b"message", &registered, checked_by).unwrap());
        assert_eq!((jwk.common.key_id.as_deref(), jwks["keys"][0].get("d")), (Some("k"), None));
        let shown = format!("{key:?}");
        assert!(shown.len() < 80, "{shown}");
    }
}

/// A key of another kind or curve, no key at all, a certificate: all are refused when they are read, not when they sign.
#[test]
fn keys_that_do_not_fit() {
    let p256 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
    for algorithm in
        [SigningAlgorithm::Es384, SigningAlgorithm::Rs256, SigningAlgorithm::Ps256, SigningAlgorithm::EdDsa]
    {
        let error = PrivateKey::from_pem(p256.as_bytes(), algorithm).unwrap_err();
        assert!(matches!(error, InvalidKey::Rejected { .. }), "{algorithm}");
    }
    for text in ["", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(
            PrivateKey::from_pem(text.as_bytes(), SigningAlgorithm::Es256),
            Err(InvalidKey::Pem(_))
        ));
    }
}

/// `openssl ecparam -genkey` writes SEC 1, `openssl genrsa -traditional` PKCS #1.
#[test]
fn older_pem_forms() {
    assert!(PrivateKey::from_pem(SEC1.as_bytes(), SigningAlgorithm::Es256).is_ok());
    assert!(PrivateKey::from_pem(PKCS1.as_bytes(), SigningAlgorithm::Rs256).is_ok());
}

/// Made for this test.
const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIFcg36uUygY4lT2jJ6Sc0wD0SUGmuFlW98zxtSRpoIbWoAoGCCqGSM49
AwEHoUQDQgAEkFKrO+0LOe7NNYifu5QECv9ZZAtVT9hEw7NIe4KyNN0DSFvzc964
W5SzRvlWvBDqIdM3DZi1+FXfQVzUQwssIQ==
-----END EC PRIVATE KEY-----
";

/// Made for this test.
const PKCS1: &str = "-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEA5Yu1/K+xVhC9gPtfEKD8LPTUpJHfjoFGz5famJumlAZv2fbt
xjmr25ujEQsFc8njCMsWLGt+b/qkkGsexzf+KpOFfcb0RGuqEvIOI7Fh27Ga/13g
9akNIj6dKKPlhLsGtZZtWHiNOitrcgEaW3TaJd7MGOrTsaRJXl3PtYCOve+TjT73
A0wzJZi/Rnbre2cNPZ8QZX0RB4VyTXOVUG5gg6YVgEwpgdDrV3GLT7FnvWVni5ZN
+HXB5V6iHkXdDwoyBBRqdUX5qpzGus3uQnMpJTASWGRyb33zDMvX1Yi6tnzAV7in
amdkanlcaSuMXIqNjaL1T1Phnh1+KUFLEX0NlQIDAQABAoIBAC3gia+WRLzlDR7r
foFCD4yDpUE792CRpV+lo7aW+0i/7Zh0UerpiVfTqBhmqcEN0z6laknX9RX30+6a
PjVGU1nakJZGDnljRENTlfBbyilguo/5yRWIIzwaJApkkWGBCLL/vNxvAZjj5y5K
mqQ3O0dQ211Kh6NMKK6/1JzbtAuxJoo43X0Y6Vvf3OPQYKZL04C7HxovMq/MX6xn
R6f/9YLhbhuByPZh5gJ5aqHEJn2Oh2SJ4DFO1k5SD0tfcp9OCyyMsD7asEK45ARI
O7vCNN3O6fyFi6xY89hWWSxzxYBYFD2hP+66ACWgHqRf1nwoKcz1e8j+R5K+Cjyv
lo62MQkCgYEA+qJth/lyo3OqugP+HKTn8HRu3EWWM8VSKoOZZ+e+UzzIWU49Vb2X
01IaOIERC4qaahqOkUppt5KEdgaj06y4IucMR+wblHKXksowmgUT38WVhDZOkHix
+sdUiZwP3e8A5uijrASL039pK3ZNhDVx2MnFuA/uGfq3jG0TbfMPXrkCgYEA6nW1
b9ctc9Qg49R+fwOsoX9Z7MBlawaACtkQUdMnlh3Wm0Jddypy6KqzGRGeqN4o2Vni
WTz+4TQgOQM6gk+yOUdvvCuO3LTahIiWpP5HTs56yNssE56C6ImEO+4FcpYX0EXv
lkyNujGl8knxmob1uNy4KcvdAqXajrj97kXtl70CgYBb+Ji66eWQZ1SB+A8akcTu
7rrzp7FrhAAXy7zSbS7hOo/GfbhyKyV4jUtD6tDHbHAneWFRnX3XuDNVYDBj76CO
ZjySc+jW+4n1eq6FBlH5rnakUo1X5IJjJRw3dwY3iYnKMhpFeFGbJckBAuOFHVuO
ktQ0K9xSujb6l9gmY6gDOQKBgQCzsuALBksp+a3zsMv7IZ/Qb8FGeffBXcwJhHDD
pikzH0961BS63ugPd7WpQx3to8h/PisD5oIbrU39JIJVmiupRx1WhbQLaPoKln2P
m+yfdBYbmBBiQR1oiO222SmHt44s7U1CTw5ZZPAhkZcBrurqcxEbx8pu2xt2REcr
tqDxqQKBgGE6IMT9WW5SZaLvCko/D6jbrf5niqLXo6bPJGC7V4+9Fx4EVlRBvOJW
qhetQqiMOCbVyPIszfsxDrgEFTJCQdjXKxnA2Ifit9aVRBtqKpNF2hxDOnvSleHB
lytkuaxEi+zTOsqRX2i6lMNj47Z1CiKwWHohDWgPLwKe1V4iZfCc
-----END RSA PRIVATE KEY-----
";
