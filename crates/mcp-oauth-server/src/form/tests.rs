use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::{BodyError, Parameters, Repeated};

#[test]
fn a_parameter_is_there_once_and_an_empty_one_is_not_there() {
    let parameters = Parameters::parse(b"a=1&b=&c=%26+%C3%BC&d=1&d=2&e=&e=3");
    assert_eq!(parameters.one("a"), Ok(Some("1")));
    assert_eq!(parameters.one("b"), Ok(None));
    assert_eq!(parameters.one("c"), Ok(Some("& ü")));
    assert_eq!(parameters.one("d"), Err(Repeated("d")));
    assert_eq!(parameters.one("e"), Ok(Some("3")));
    assert_eq!(parameters.all("d").collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn only_a_small_form_is_read() {
    let mut headers = HeaderMap::new();
    let refused = Parameters::read(&headers, Body::from("a=1"), 10).await;
    assert!(matches!(refused, Err(BodyError::ContentType)));
    headers.insert(CONTENT_TYPE, "Application/X-www-form-urlencoded; charset=utf-8".parse().unwrap());
    assert_eq!(Parameters::read(&headers, Body::from("a=1"), 10).await.unwrap().one("a"), Ok(Some("1")));
    let refused = Parameters::read(&headers, Body::from("a=123456789"), 10).await;
    assert!(matches!(refused, Err(BodyError::Size { limit: 10 })));
}
