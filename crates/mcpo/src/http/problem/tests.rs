use super::*;

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.into()).unwrap()
}

#[test]
fn codes_have_the_statuses_of_the_contract() {
    for (code, status) in
        [(-32700, 400), (-32600, 400), (-32601, 404), (-32602, 422), (-32603, 500), (-32000, 500), (1, 500)]
    {
        assert_eq!(rpc_error(code, "m", None).status, status, "{code}");
    }
}

#[test]
fn data_goes_through_byte_for_byte() {
    let data = raw("{\"z\": 1.10, \"a\": 18446744073709551616}");
    let answer = rpc_error(-32602, "bad \"x\"", Some(&data));
    assert_eq!(
        answer.body,
        r#"{"detail":{"message":"bad \"x\"","data":{"z": 1.10, "a": 18446744073709551616}}}"#
    );
    assert_eq!(answer.content_type, "application/json");
    assert_eq!(rpc_error(-32602, "m", Some(&raw("null"))).body, r#"{"detail":{"message":"m"}}"#);
    assert_eq!(rpc_error(-32602, "m", None).body, r#"{"detail":{"message":"m"}}"#);
}

#[test]
fn details_are_fastapis() {
    assert_eq!(not_found(), detail(StatusCode::NOT_FOUND, "Not Found"));
    assert_eq!(not_found().body, r#"{"detail":"Not Found"}"#);
    assert_eq!(message(StatusCode::BAD_GATEWAY, "x").body, r#"{"detail":{"message":"x"}}"#);
}
