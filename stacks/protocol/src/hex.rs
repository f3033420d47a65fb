//! Octets as a line carries them: two hex digits each.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Octets that are written in hex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// What is no digit.
const NONE: u8 = 0xff;

/// The value of each character as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 16 {
        let digit = DIGITS[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

pub(crate) fn encode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        text.push(char::from(DIGITS[usize::from(octet >> 4)]));
        text.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
    text
}

/// # Errors
///
/// In words, if the text is not hex.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(format!("{} hex digits are no whole octets", digits.len()));
    }
    let mut octets = Vec::with_capacity(digits.len() / 2);
    for (at, pair) in digits.chunks_exact(2).enumerate() {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        if high == NONE || low == NONE {
            let pair = String::from_utf8_lossy(pair);
            return Err(format!("`{pair}` at digit {} is not hex", at * 2 + 1));
        }
        octets.push(high << 4 | low);
    }
    Ok(octets)
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Hex;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("octets in hex")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Hex, E> {
                decode(text).map(Hex).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Digits)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none("", Ok(vec![]))]
    #[case::low("00ff7e", Ok(vec![0, 255, 126]))]
    #[case::high("AB", Ok(vec![0xab]))]
    #[case::half("abc", Err("3 hex digits are no whole octets"))]
    #[case::other("00xy", Err("`xy` at digit 3 is not hex"))]
    fn hex_is_read(#[case] text: &str, #[case] expected: Result<Vec<u8>, &str>) {
        let decoded = decode(text);
        assert_eq!(decoded, expected.map_err(str::to_owned));
        if let Ok(octets) = decoded {
            assert_eq!(encode(&octets), text.to_lowercase());
        }
    }
}
