use super::*;

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

#[test]
fn reads_what_people_have() {
    let key = SealingKey::parse(HEX).unwrap();
    for same in [
        HEX.to_uppercase(),
        key.to_text().to_string(),
        key.to_text().trim_end_matches('=').to_owned(),
        key.to_text().replace('+', "-").replace('/', "_"),
        format!("  {HEX}\n"),
    ] {
        assert_eq!(SealingKey::parse(&same).unwrap().id(), key.id(), "{same}");
    }
    for wrong in ["", "x", &HEX[1..], &format!("{HEX}00"), &"g".repeat(64), &"é".repeat(32), &"A".repeat(42)]
    {
        assert!(matches!(SealingKey::parse(wrong), Err(SealingKeyError::Text)), "{wrong}");
    }
}

#[test]
fn reads_several_newest_first() {
    let (new, old, older) = (
        SealingKey::generate(&SystemEntropy),
        SealingKey::generate(&SystemEntropy),
        SealingKey::parse(HEX).unwrap(),
    );
    let text = format!("# keys\n\n{} # since June\n{},{HEX}\r\n", *new.to_text(), *old.to_text());
    let keys = SealingKeys::parse(&text).unwrap();
    assert_eq!(keys.newest().id(), new.id());
    for key in [&new, &old, &older] {
        assert_eq!(keys.find(key.id()).unwrap().bytes, key.bytes);
    }
    assert!(keys.find("none").is_none());
    assert!(matches!(SealingKeys::parse(" \n# nothing\n,"), Err(SealingKeyError::None)));
    assert!(matches!(SealingKeys::parse(&format!("{HEX} and more")), Err(SealingKeyError::Text)));
}
