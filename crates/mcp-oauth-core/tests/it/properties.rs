//! The properties of the fuzz targets, asked of bytes of all kinds and of good texts with a few bytes changed.

use std::path::Path;

use proptest::prelude::*;

use crate::words;

const CHALLENGES: &str = r#"Basic realm="a, \"b\"", Bearer error="invalid_token", scope="a b", resource_metadata="https://h.test/prm"
DPoP algs="ES256", Negotiate YWJj==, Bearer realm=x ,c	=	"d""#;
const RESOURCE: &str = r#"{"resource":"https://h.test/public","authorization_servers":["https://as.test"],"scopes_supported":["a"],
"bearer_methods_supported":["header"],"dpop_bound_access_tokens_required":true}"#;
const SERVER: &str = r#"{"issuer":"https://as.test/tenant","authorization_endpoint":"https://as.test/a","token_endpoint":
"https://as.test/t","response_types_supported":["code"],"code_challenge_methods_supported":["S256"],"scopes_supported":["x"],
"authorization_response_iss_parameter_supported":true,"grant_types_supported":["authorization_code"]}"#;
const TOKENS: &str = r#"{"access_token":"a-token-of-more-than-twenty-characters","token_type":"Bearer","expires_in":"3600",
"refresh_token":"another-of-more-than-twenty-characters","scope":"a b"}"#;
const ERROR: &str =
    r#"{"error":"invalid_grant","error_description":"why \u001b[2J not","error_uri":"https://as.test/e"}"#;
const REGISTRATION: &str = r#"{"client_id":"https://app.test/client.json","client_secret":"a-secret-of-more-than-20-characters",
"client_secret_expires_at":0,"redirect_uris":["http://127.0.0.1/cb"],"client_name":"x","token_endpoint_auth_method":"none"}"#;
/// RFC 9449 §4.1.
const PROOF: &str = concat!(
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo",
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq",
    "dGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijox",
    "NTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
);
const KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":
"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
const URL: &str = "https://user:p@h.test:8443/a/../b%2f?q=1&code=x#frag";
const LOOPBACK: &str = "http://127.0.0.1:3030/callback?x=y";

/// A good text with up to six pieces replaced.
fn nearly(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        "[ -~\n\t]{0,6}".prop_map(String::into_bytes),
        prop::sample::select(vec![
            "\"",
            "\\",
            ",",
            "null",
            "[",
            "{",
            "1e999",
            "-1",
            "\u{202e}",
            "é",
            "%00",
            "//",
            "javascript:"
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
    ];
    let change = (0..text.len(), 0..4_usize, piece);
    prop::collection::vec(change, 0..6).prop_map(move |changes| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, removed, piece) in changes {
            let at = at.min(bytes.len());
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, piece);
        }
        bytes
    })
}

macro_rules! hold {
    ($($name:ident: $property:path => $($text:expr),*;)*) => {
        proptest! {
            $(
                #[test]
                fn $name(
                    bytes in prop_oneof![
                        prop::collection::vec(any::<u8>(), 0..200),
                        "[ -~\n]{0,120}".prop_map(String::into_bytes),
                        $(nearly($text)),*
                    ]
                ) {
                    $property(&bytes);
                }
            )*
        }
    };
}

hold! {
    c1_4_challenges: words::challenges => CHALLENGES;
    c2_5_resource_metadata: words::resource_metadata => RESOURCE;
    c3_6_server_metadata: words::server_metadata => SERVER;
    c3_11_endpoints: words::endpoint => URL, LOOPBACK;
    c8_6_redirect_uris: words::redirect_uri => URL, LOOPBACK, "com.example.app:/cb";
    c9_6_scopes: words::scopes => "mcp:read mcp:write offline_access";
    c12_6_token_answers: words::token_answer => TOKENS, ERROR;
    c6_10_registrations: words::registration => REGISTRATION;
    c12_4_basic: words::basic => "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW";
    c4_6_verifiers: words::verifier => "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    c17_10_proofs: words::proof => PROOF, KEY;
    c15_4_addresses_in_logs: words::redacted => "a=b&scope=c&code=d", "code=1;2&%63ode=3";
}

type Property = fn(&[u8]);

/// What the fuzz targets begin with: texts of the standards, and whatever once broke one.
#[test]
fn the_seeds_hold() {
    let properties: [(&str, Property); 12] = [
        ("basic", words::basic),
        ("challenges", words::challenges),
        ("endpoint", words::endpoint),
        ("proof", words::proof),
        ("redacted", words::redacted),
        ("redirect_uri", words::redirect_uri),
        ("registration", words::registration),
        ("resource_metadata", words::resource_metadata),
        ("scopes", words::scopes),
        ("server_metadata", words::server_metadata),
        ("token_answer", words::token_answer),
        ("verifier", words::verifier),
    ];
    for (target, property) in properties {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
        let mut count = 0;
        for seed in std::fs::read_dir(seeds).unwrap() {
            property(&std::fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 3, "{target}");
    }
}
