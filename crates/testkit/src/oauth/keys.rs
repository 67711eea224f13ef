//! Keys that sign JSON Web Tokens, and what checks them: not the code under test, but another implementation.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rcgen::KeyPair;
use serde_json::Value;

/// A key pair for one algorithm.
#[derive(Clone)]
pub struct TestKey {
    algorithm: Algorithm,
    pem: String,
    der: Vec<u8>,
    public: DecodingKey,
}

impl TestKey {
    /// Makes a new one for `ES256`, `ES384`, `RS256`, `PS256` or `EdDSA`.
    ///
    /// # Panics
    /// When the algorithm is another one.
    pub fn generate(algorithm: &str) -> Self {
        let algorithm: Algorithm = algorithm.parse().expect("an algorithm");
        let kind = match algorithm {
            Algorithm::ES256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Algorithm::ES384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Algorithm::EdDSA => &rcgen::PKCS_ED25519,
            _ => &rcgen::PKCS_RSA_SHA256,
        };
        let pair = KeyPair::generate_for(kind).expect("a key pair");
        let public = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_der(pair.public_key_raw()),
            Algorithm::EdDSA => DecodingKey::from_ed_der(pair.public_key_raw()),
            _ => DecodingKey::from_rsa_der(pair.public_key_raw()),
        };
        Self { algorithm, pem: pair.serialize_pem(), der: pair.serialize_der(), public }
    }

    /// The private key as PKCS #8 in PEM form.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The public key, in the form in which `jsonwebtoken` reads it.
    pub fn public(&self) -> &DecodingKey {
        &self.public
    }

    /// Signs claims. Elliptic curves only.
    ///
    /// # Panics
    /// When the key is of another kind.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.typ = Some(typ.to_owned());
        let key = EncodingKey::from_ec_der(&self.der);
        jsonwebtoken::encode(&header, claims, &key).expect("a signature")
    }

    /// The header's `typ` and the claims of a token that this key signed. Times are not judged: tests have clocks of their
    /// own.
    pub fn verify(&self, token: &str) -> Option<(Option<String>, Value)> {
        let mut validation = Validation::new(self.algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp"]);
        let token = jsonwebtoken::decode::<Value>(token, &self.public, &validation).ok()?;
        Some((token.header.typ, token.claims))
    }
}

impl fmt::Debug for TestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
