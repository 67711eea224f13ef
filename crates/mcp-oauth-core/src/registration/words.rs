//! The registered words of RFC 7591 §2.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A word that this crate does not know.
            Other(Box<str>),
        }

        impl $name {
            /// The word as it goes over the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Other(other.into()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Self::from(String::deserialize(deserializer)?.as_str()))
            }
        }
    )*};
}

words! {
    /// How a client authenticates at the token endpoint (`token_endpoint_auth_method`).
    TokenEndpointAuthMethod {
        /// Not at all: a public client.
        None = "none",
        /// The secret in an `Authorization: Basic` header.
        ClientSecretBasic = "client_secret_basic",
        /// The secret in the body.
        ClientSecretPost = "client_secret_post",
        /// A JWT signed by the client's key (RFC 7523 §2.2).
        PrivateKeyJwt = "private_key_jwt",
    }

    /// A grant type (`grant_types`, `grant_type`).
    GrantType {
        /// RFC 6749 §4.1.
        AuthorizationCode = "authorization_code",
        /// RFC 6749 §4.2; OAuth 2.1 dropped it. Here only to name a default of RFC 8414.
        Implicit = "implicit",
        /// RFC 6749 §6.
        RefreshToken = "refresh_token",
        /// RFC 6749 §4.4.
        ClientCredentials = "client_credentials",
        /// RFC 7523 §2.1.
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
        /// RFC 8693 §2.1.
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// RFC 8628 §3.4.
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
    }

    /// What kind of application registers (`application_type`, `OpenID` Connect Dynamic Client Registration §2).
    ApplicationType {
        /// Runs on a person's machine; redirects go to loopback addresses or private-use schemes.
        Native = "native",
        /// Runs on a server; redirects go to https addresses.
        Web = "web",
    }
}
