//! Base32 (RFC 4648, section 6), in which apps show and accept secrets.

pub(super) const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Every five bytes are eight characters, so that no padding is needed.
pub(super) fn encode(groups: &[[u8; 5]]) -> String {
    let characters = groups.iter().flat_map(|group| {
        let bits = group
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8).rev().map(move |place| {
            let [.., last] = (bits >> (5 * place)).to_be_bytes();
            char::from(ALPHABET[usize::from(last & 31)])
        })
    });
    characters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_encoded_as_the_standard_says() {
        // RFC 4648, section 10.
        assert_eq!(encode(&[*b"fooba"]), "MZXW6YTB");
        assert_eq!(
            encode(&[[0; 5], [255; 5], [0, 0, 0, 0, 1]]),
            "AAAAAAAA77777777AAAAAAAB"
        );
    }
}
