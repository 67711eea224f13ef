//! The list of all public types, from the sources, and those of them that can hold no secret.

use std::collections::BTreeSet;
use std::path::Path;

/// The public types of both crates that are not among these must have their `Debug` searched (`each.rs`). What is listed
/// here holds no secret, whatever it is made from; each line says why.
const WITHOUT: [(&str, &[&str]); 11] = [
    (
        "published by servers for everybody",
        &[
            "AuthorizationServer",
            "AuthorizationServerMetadata",
            "BearerChallenge",
            "Challenge",
            "Challenges",
            "DpopChallenge",
            "InvalidResourceMetadata",
            "InvalidServerMetadata",
            "Issuer",
            "ProtectedResource",
            "ProtectedResourceMetadata",
            "ResourceUri",
        ],
    ),
    ("what a server says is wrong, for the person to read", &["OAuthError", "OAuthErrorCode"]),
    (
        "what a client says of itself to everybody",
        &[
            "ApplicationType",
            "ClientId",
            "ClientMetadata",
            "ClientMetadataDocument",
            "GrantType",
            "InvalidClientId",
            "InvalidClientMetadataDocument",
            "RedirectUri",
            "TokenEndpointAuthMethod",
        ],
    ),
    (
        "what is made public of a secret",
        &[
            "AssertionAudience",
            "CodeChallenge",
            "DpopNonce",
            "EllipticCurve",
            "KeyMaterial",
            "PublicJwk",
            "SigningAlgorithm",
            "Thumbprint",
            "VerifiedProof",
            "Version",
        ],
    ),
    ("what is asked for", &["InvalidScope", "ScopeError", "ScopeSet", "ScopeToken"]),
    (
        "choices and numbers",
        &[
            "AddressPolicy",
            "ChallengeLimits",
            "ConnectionRules",
            "DpopPolicy",
            "FakeClock",
            "IssuerException",
            "Limits",
            "LoopbackOptions",
            "PkcePolicy",
            "PlainHttp",
            "Policy",
            "PushedRequests",
            "ResourceParameter",
            "SystemClock",
            "SystemEntropy",
            "TransportRetry",
        ],
    ),
    (
        "names of what happened",
        &[
            "AuthorizationReason",
            "ClientOrigin",
            "GrantKind",
            "LoginOccasion",
            "ResourceSource",
            "ServerSource",
            "TokenType",
        ],
    ),
    (
        "errors of what the application brings, as it made them; ours have no text in them",
        &["AssertionError", "BoxError", "DpopError", "KeyringError"],
    ),
    (
        "where things are kept, not what; `KeyringStore` is only there with a feature",
        &["AssertionFile", "KeyringStore", "StoreKey"],
    ),
    ("rmcp keeps it and shows it to nobody; it shows its name", &["AuthorizedStreamableClient"]),
    (
        "names for boxes of tower and http-body, which show their own names",
        &["StreamedBody", "StreamingClient"],
    ),
];

/// What `lib.rs` of both crates makes public, without traits and functions.
fn public() -> BTreeSet<String> {
    let mut public = BTreeSet::new();
    for source in ["../mcp-oauth-core/src", "src"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let mut all = String::new();
        read(&source, &mut all);
        let root = std::fs::read_to_string(source.join("lib.rs")).unwrap();
        let uses = root.split("\npub use ").skip(1).filter_map(|rest| rest.split(';').next());
        let names = uses.flat_map(|names| names.split(|c: char| !(c.is_alphanumeric() || c == '_')));
        let types = names.filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
        let is_trait = |name: &str| {
            let declared = format!("pub trait {name}");
            all.match_indices(&declared).any(|(at, _)| {
                !all[at + declared.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        };
        public.extend(types.filter(|name| !is_trait(name)).map(str::to_owned));
    }
    assert!(public.len() > 100, "{public:?}");
    public
}

fn read(folder: &Path, all: &mut String) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            read(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Every public type was either shown with a secret in it, or is listed as one that can hold none.
pub(super) fn are_all(shown: &BTreeSet<String>) {
    let public = public();
    let without: BTreeSet<String> =
        WITHOUT.iter().flat_map(|(_, names)| *names).map(|name| (*name).to_owned()).collect();
    let unknown: Vec<_> = without.difference(&public).collect();
    assert!(unknown.is_empty(), "these are not public types: {unknown:?}");
    let unseen: Vec<_> =
        public.iter().filter(|name| !shown.contains(*name) && !without.contains(*name)).collect();
    assert!(unseen.is_empty(), "C15.4: nobody looked at what `Debug` of these shows: {unseen:?}");
}
