//! The path through the types of an error, as docs/hostile.md writes it.

use std::error::Error as StdError;
use std::sync::Arc;

use mcp_oauth_client::{
    AuthorizationRequired, BuildError, CallbackError, DeviceError, DiscoveryError, Error, HttpError,
    InteractionError, LoginObstacle, ManagementError, PushError, RefreshError, RegistrationError,
    RevocationError, StoreError, TokenError,
};
use mcp_oauth_core::{InvalidResourceMetadata, InvalidServerMetadata, InvalidUrl, OAuthError};

/// `Discovery::Http::TimedOut` and the like. What is not of our own types ends the path.
pub(super) fn path(error: &(dyn StdError + 'static)) -> String {
    let mut path = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(required) = error.downcast_ref::<AuthorizationRequired>() {
            match &required.obstacle {
                // What went wrong with the login is what counts.
                Some(LoginObstacle::Failed(failed)) => {
                    next = Some(&**failed);
                    continue;
                }
                Some(obstacle) => path.push(format!("{:?}::{}", required.reason, name(obstacle))),
                None => path.push(format!("{:?}", required.reason)),
            }
            break;
        }
        if let Some(refusal) = error.downcast_ref::<OAuthError>() {
            path.push(refusal.code().to_string());
            break;
        }
        path.extend(variant(error));
        // The enum that folds all others shows what is in it as its own cause.
        next = match error.downcast_ref::<Error>() {
            Some(folded) => Some(unfolded(folded)),
            None => error.source(),
        };
    }
    if path.is_empty() { "the HTTP client's own error".to_owned() } else { path.join("::") }
}

fn unfolded(error: &Error) -> &(dyn StdError + 'static) {
    match error {
        Error::Build(error) => error,
        Error::Discovery(error) => error,
        Error::Registration(error) => error,
        Error::Interaction(error) => error,
        Error::Callback(error) => error,
        Error::Token(error) => error,
        Error::Refresh(error) => error,
        Error::Store(error) => error,
        Error::Push(error) => error,
        Error::Device(error) => error,
        Error::Management(error) => error,
        Error::Scope(error) => error,
        other => panic!("a new kind of error: {other:?}"),
    }
}

/// The name of the variant, of our own enums.
fn variant(error: &(dyn StdError + 'static)) -> Option<String> {
    is_ours(error).then(|| name(error))
}

fn name(error: &(dyn StdError + 'static)) -> String {
    format!("{error:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

fn is_ours(error: &(dyn StdError + 'static)) -> bool {
    macro_rules! any {
        ($($kind:ty),*) => { false $(|| error.is::<$kind>() || error.is::<Arc<$kind>>())* };
    }
    any!(
        Error,
        BuildError,
        DiscoveryError,
        HttpError,
        RegistrationError,
        InteractionError,
        CallbackError,
        DeviceError,
        ManagementError,
        TokenError,
        PushError,
        RevocationError,
        RefreshError,
        StoreError,
        InvalidUrl,
        InvalidResourceMetadata,
        InvalidServerMetadata
    )
}
