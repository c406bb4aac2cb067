//! How are values made that nobody chooses?

use provider_core::{Recipe, Sensitive};

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// So many bytes from the operating system.
pub(crate) fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    // Going on with bytes that are not random would make passwords that anybody can guess.
    getrandom::fill(&mut bytes).expect("the operating system has a source of randomness");
    bytes
}

/// A value made after a recipe.
pub(crate) fn cook(recipe: Recipe) -> Sensitive<String> {
    let Recipe::Generate { length } = recipe;
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in random_bytes(length) {
            // 248 is four times 62: larger bytes would make the first letters likelier.
            if byte < 248 && text.len() < length {
                text.push(char::from(LETTERS[usize::from(byte % 62)]));
            }
        }
    }
    Sensitive::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_value_has_its_length_and_no_other_letters() {
        for length in [0, 1, 32, 100] {
            let value = cook(Recipe::Generate { length });
            let text = value.expose().as_bytes();
            assert_eq!(text.len(), length);
            assert!(text.iter().all(u8::is_ascii_alphanumeric));
        }
        let twice = [
            cook(Recipe::Generate { length: 32 }),
            cook(Recipe::Generate { length: 32 }),
        ];
        assert_ne!(twice[0], twice[1]);
    }
}
