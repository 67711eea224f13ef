use super::*;

fn credentials(id: &str, secret: &str) -> BasicCredentials {
    BasicCredentials::new(ClientId::parse(id).unwrap(), ClientSecret::parse(secret).unwrap())
}

/// C12.4: form-encoded before base64.
#[test]
fn c12_4_form_encoding_before_base64() {
    let header = credentials("client!+ID", "p:s%ö".replace('ö', "o ").as_str()).to_header_value();
    let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
    assert_eq!(STANDARD.decode(encoded).unwrap(), b"client%21%2BID:p%3As%25o+");
    assert!(header.is_sensitive());
}

#[test]
fn hostile_characters_survive_the_round_trip() {
    let all: String = (0x20_u8..0x7f).map(char::from).collect();
    let before = credentials(&all, &all);
    assert_eq!(BasicCredentials::from_header_value(&before.to_header_value()), Ok(before));
}

#[test]
fn both_encodings_of_a_space_are_read() {
    for pair in ["a%20b:c+d", "a+b:c%20d"] {
        let value = HeaderValue::from_str(&format!("bAsIc {}", STANDARD.encode(pair))).unwrap();
        assert_eq!(BasicCredentials::from_header_value(&value), Ok(credentials("a b", "c d")));
    }
}

#[test]
fn refused() {
    for bad in ["Bearer YTpi", "Basic", "Basic !!!", "Basic YWI=", "Basic OmI="] {
        let value = HeaderValue::from_static(bad);
        assert_eq!(BasicCredentials::from_header_value(&value), Err(InvalidBasicCredentials), "{bad}");
    }
}
