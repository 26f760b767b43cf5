use std::borrow::Cow;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Takes what servers send: without padding, and with bits behind the last byte.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text as one line, if it is base64 of at least one byte (RFC 4648 §4). Line breaks, as MIME has them, are taken out.
pub(super) fn clean(data: &str) -> Option<Cow<'_, str>> {
    let data: Cow<'_, str> = if data.bytes().any(|byte| byte.is_ascii_whitespace()) {
        data.split_ascii_whitespace().collect::<String>().into()
    } else {
        data.into()
    };
    let digits = data.trim_end_matches('=');
    let padding = data.len() - digits.len();
    let length =
        if padding == 0 { digits.len() % 4 != 1 } else { padding <= 2 && data.len().is_multiple_of(4) };
    let sound = digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/');
    (length && sound && !digits.is_empty()).then_some(data)
}

/// The bytes that it stands for.
pub(super) fn decoded(data: &str) -> Option<Vec<u8>> {
    FORGIVING.decode(&*clean(data)?).ok()
}

/// How many bytes it stands for.
pub(super) fn decoded_size(data: &str) -> usize {
    data.trim_end_matches('=').len() * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_base64_and_what_is_not() {
        for (data, expected) in [
            ("AAEC", Some("AAEC")),
            ("AA==", Some("AA==")),
            ("AA", Some("AA")),
            ("AAEC\nAAEC\r\n", Some("AAECAAEC")),
            ("", None),
            ("====", None),
            ("A", None),
            ("AA=", None),
            ("AAE$", None),
            ("AA-_", None),
            ("AA==AA==", None),
            ("A\u{e4}==", None),
        ] {
            assert_eq!(clean(data).as_deref(), expected, "{data}");
            assert_eq!(decoded(data).is_some(), expected.is_some(), "{data}");
        }
        assert_eq!(decoded("AAEC"), Some(vec![0, 1, 2]));
    }
}
