use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request};
use mcp_oauth_core::Challenges;

use super::*;
use crate::AuthorizationRequired;
use crate::attendance::Operation;

fn need(reason: AuthorizationReason, scope: &str, path: &str) -> Need {
    let mut headers = HeaderMap::new();
    let line = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    headers.insert("www-authenticate", HeaderValue::from_str(&line).expect("a header"));
    let challenges = Challenges::from_headers(&headers);
    let required = AuthorizationRequired { reason, challenges, scopes: ScopeSet::empty(), obstacle: None };
    let request = Request::post(path).body(()).expect("a request");
    Need { required, operation: Operation::of(&request), refused: None }
}

fn more(scope: &str) -> Need {
    need(AuthorizationReason::InsufficientScope, scope, "/mcp")
}

fn is_allowed(memory: &mut Memory, need: &Need) -> bool {
    !matches!(memory.judge(need, &Limits::default()), Judgement::No(_))
}

/// C11.5: refused scopes, and sets that hold them, are not asked for again for a while; others are.
#[tokio::test(start_paused = true)]
async fn c11_5_refused_scopes() {
    let (mut memory, limits) = (Memory::default(), Limits::default());
    memory.refused(&more("write"), &limits);
    assert!(!is_allowed(&mut memory, &more("write")));
    assert!(!is_allowed(&mut memory, &more("read write")));
    assert!(is_allowed(&mut memory, &more("read")));
    assert!(is_allowed(&mut memory, &more("")), "which scopes, nobody knows");
    assert!(is_allowed(&mut memory, &need(AuthorizationReason::Unauthorized, "write", "/mcp")));
    tokio::time::advance(limits.refusal_memory.checked_sub(Duration::from_secs(1)).unwrap()).await;
    let Judgement::No(LoginObstacle::RefusedLately { again_in }) = memory.judge(&more("write"), &limits)
    else {
        panic!("refused")
    };
    assert_eq!(again_in, Duration::from_secs(1));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(is_allowed(&mut memory, &more("write")));
}

/// C11.5: a login that the application asked for shows that the person is willing.
#[test]
fn c11_5_willing_again() {
    let mut memory = Memory::default();
    memory.refused(&more("write"), &Limits::default());
    memory.forget_refusals();
    assert!(is_allowed(&mut memory, &more("write")));
}

/// C11.4: logins are counted per operation and scopes, and all together.
#[tokio::test(start_paused = true)]
async fn c11_4_counts() {
    let (mut memory, limits) = (Memory::default(), Limits::default());
    assert!(matches!(memory.judge(&more("write"), &limits), Judgement::First));
    for _ in 0..limits.logins_per_operation {
        assert!(is_allowed(&mut memory, &more("write")));
        memory.asked(&more("write"));
    }
    assert!(!is_allowed(&mut memory, &more("write")));
    assert!(is_allowed(&mut memory, &need(AuthorizationReason::InsufficientScope, "write", "/other")));
    assert!(matches!(memory.judge(&more("read"), &limits), Judgement::Again));
    for count in limits.logins_per_operation..limits.logins {
        memory.asked(&more(&format!("scope-{count}")));
    }
    assert!(!is_allowed(&mut memory, &more("read")));
    tokio::time::advance(limits.login_window).await;
    assert!(matches!(memory.judge(&more("write"), &limits), Judgement::First));
}

/// What is remembered has a limit.
#[test]
fn a_bounded_memory() {
    let (mut memory, limits) = (Memory::default(), Limits::default());
    for count in 0..=limits.remembered_refusals {
        memory.refused(&more(&format!("scope-{count}")), &limits);
    }
    assert_eq!(memory.refusals.len(), limits.remembered_refusals);
    assert!(is_allowed(&mut memory, &more("scope-0")));
}

/// The standard headers tell operations apart that go to the same address.
#[test]
fn operations() {
    let of = |builder: http::request::Builder| Operation::of(&builder.body(()).expect("a request"));
    assert_eq!(of(Request::post("http://h.test/mcp?x=1")).as_str(), "POST /mcp");
    let call = Request::post("/mcp").header("mcp-method", "tools/call").header("mcp-name", "write");
    assert_eq!(of(call).as_str(), "tools/call write");
    assert_eq!(of(Request::post("/mcp").header("mcp-method", "tools/list")).as_str(), "tools/list");
}
