//! Why a login did not succeed, told to a person who can change the configuration: the error's own words and, where a setting
//! helps, its name.

use mcp_oauth_client::{DiscoveryError, Error, InteractionError, RegistrationError};
use mcp_oauth_core::{InvalidResourceMetadata, InvalidServerMetadata};

use super::explain::explain;
use super::login::LoginError;

/// The story of a login that did not succeed, with what to change.
pub(super) fn told(error: &LoginError) -> String {
    match error {
        LoginError::Login(Error::Interaction(InteractionError::PortInUse { address })) => format!(
            "port {} is already in use: end the program that uses it, or choose another \"callback_port\" in the \"oauth\" \
             section (and in \"redirect_uris\", where they are set)",
            address.port()
        ),
        LoginError::Login(Error::Registration(
            RegistrationError::NotOffered { .. } | RegistrationError::Refused(_),
        )) => format!(
            "{}. Have a client registered by the server's operator, and set its \"client_id\" in the \"oauth\" section",
            explain(error)
        ),
        LoginError::Login(Error::Discovery(DiscoveryError::PkceNotAdvertised { .. })) => format!(
            "{}. Where the provider is known to check PKCE all the same, set \"pkce\": \"assume\" in \"policy\" of the \"oauth\" \
             section",
            explain(error)
        ),
        LoginError::Login(Error::Discovery(DiscoveryError::Server {
            source: InvalidServerMetadata::OtherIssuer { found },
            ..
        })) => format!(
            "{}. Where the provider is known to do that, set \"issuer_exceptions\" in \"policy\" of the \"oauth\" section, from what \
             the MCP server lists to \"{found}\"",
            explain(error)
        ),
        LoginError::Login(Error::Discovery(DiscoveryError::Resource {
            source: InvalidResourceMetadata::OtherResource { found, .. },
            ..
        })) => format!(
            "{}. No login helps here: write the server's \"url\" as it names itself, which begins with {found}, if that is this server",
            explain(error)
        ),
        LoginError::Login(Error::Interaction(InteractionError::Console(_))) => format!(
            "{}. Start the proxy once in a terminal for this login; or take \"use_loopback\": false away and open the address that is \
             printed in a browser that reaches this machine",
            explain(error)
        ),
        _ => explain(error),
    }
}

#[cfg(test)]
mod tests;
