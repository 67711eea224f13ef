//! The JSON of a key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{EllipticCurve, InvalidJwk, Key, PublicJwk};

/// The members that are read and written. Others (`kid`, `use`, `alg`) say nothing about the key itself.
#[derive(Serialize, Deserialize)]
pub(super) struct Wire {
    kty: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    /// The private part of elliptic curve keys and of RSA keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) d: Option<Zeroizing<String>>,
    /// Private parts of RSA keys (RFC 7518 §6.3.2) and symmetric keys (§6.4.1): never used, only noticed.
    #[serde(default, skip_serializing)]
    p: Option<Value>,
    #[serde(default, skip_serializing)]
    q: Option<Value>,
    #[serde(default, skip_serializing)]
    dp: Option<Value>,
    #[serde(default, skip_serializing)]
    dq: Option<Value>,
    #[serde(default, skip_serializing)]
    qi: Option<Value>,
    #[serde(default, skip_serializing)]
    oth: Option<Value>,
    #[serde(default, skip_serializing)]
    k: Option<Value>,
}

impl Wire {
    pub(super) fn of(key: &PublicJwk) -> Self {
        let mut wire = Self {
            kty: String::new(),
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
            d: None,
            p: None,
            q: None,
            dp: None,
            dq: None,
            qi: None,
            oth: None,
            k: None,
        };
        let encode = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        match &key.0 {
            Key::Ec { curve, x, y } => {
                wire.kty.push_str("EC");
                wire.crv = Some(curve.as_str().to_owned());
                (wire.x, wire.y) = (encode(x), encode(y));
            }
            Key::Ed25519 { x } => {
                wire.kty.push_str("OKP");
                wire.crv = Some("Ed25519".to_owned());
                wire.x = encode(x);
            }
            Key::Rsa { n, e } => {
                wire.kty.push_str("RSA");
                (wire.n, wire.e) = (encode(n), encode(e));
            }
        }
        wire
    }

    /// The key, if there is nothing in it that must be kept secret.
    pub(super) fn public(&self) -> Result<PublicJwk, InvalidJwk> {
        let others = [&self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth, &self.k];
        if self.d.is_some() || others.into_iter().any(Option::is_some) {
            return Err(InvalidJwk::Private);
        }
        self.public_half()
    }

    pub(super) fn public_half(&self) -> Result<PublicJwk, InvalidJwk> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some(name)) => {
                let curve = EllipticCurve::from_name(name).ok_or(InvalidJwk::Kind)?;
                let coordinate = |text, name| {
                    let bytes = decode(text, name)?;
                    if bytes.len() == curve.coordinate_bytes() {
                        Ok(bytes.into_boxed_slice())
                    } else {
                        Err(InvalidJwk::Member(name))
                    }
                };
                let (x, y) = (coordinate(self.x.as_deref(), "x")?, coordinate(self.y.as_deref(), "y")?);
                Ok(PublicJwk(Key::Ec { curve, x, y }))
            }
            ("OKP", Some("Ed25519")) => {
                let x = decode(self.x.as_deref(), "x")?;
                Ok(PublicJwk::ed25519(x.try_into().map_err(|_| InvalidJwk::Member("x"))?))
            }
            ("RSA", _) => PublicJwk::rsa(&decode(self.n.as_deref(), "n")?, &decode(self.e.as_deref(), "e")?),
            _ => Err(InvalidJwk::Kind),
        }
    }
}

pub(super) fn decode(text: Option<&str>, name: &'static str) -> Result<Vec<u8>, InvalidJwk> {
    let text = text.ok_or(InvalidJwk::Member(name))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidJwk::Member(name))
}
