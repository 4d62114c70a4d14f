//! Lists of words that a provider may add to.

/// An enum of a provider's words. Unknown words become `Other`, with their text.
///
/// A word with a second spelling names it after the first, `"a" | "b"`; the first
/// is the one that is written.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$doc:meta])* $variant:ident = $word:literal $(| $spelling:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$doc])*
                ///
                #[doc = concat!("On the wire: `", $word, "`" $(, " or `", $spelling, "`")*, ".")]
                $variant,
            )+
            /// A word that is not in the list, as it came.
            Other(Box<str>),
        }

        impl $name {
            /// Every word of the list, in its order.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the provider writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word $(| $spelling)* => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        /// The word as the provider writes it, with control characters escaped.
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::wire::text::printable(self.as_str()))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        /// From text, or from a whole number, which is kept as its digits.
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::lenient::text(deserializer)
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro makes public enums")]
mod tests {
    open_enum! {
        /// For the tests.
        pub enum Fruit {
            /// An apple.
            Apple = "apple",
            /// A mango.
            Mango = "mango" | "mangue",
        }
    }

    #[test]
    fn known_words_are_variants_in_every_spelling() {
        assert_eq!(Fruit::from("apple"), Fruit::Apple);
        assert_eq!(Fruit::from("mangue"), Fruit::Mango);
        assert_eq!(Fruit::from("mangue").as_str(), "mango");
        assert_eq!(Fruit::KNOWN, [Fruit::Apple, Fruit::Mango]);
    }

    #[test]
    fn another_word_keeps_its_text_and_prints_harmless() {
        let fruit = Fruit::from("Apple\n\x1b[2J");
        assert_eq!(fruit, Fruit::Other("Apple\n\x1b[2J".into()));
        assert_eq!(fruit.as_str(), "Apple\n\x1b[2J");
        assert_eq!(fruit.to_string(), "Apple\\n\\u{1b}[2J");
        assert_eq!(format!("{:>6}", Fruit::Apple), " apple");
    }

    #[test]
    fn every_word_comes_back_from_serde() {
        for word in ["\"apple\"", "\"mango\"", "\"pear\"", "\"\""] {
            let fruit: Fruit = serde_json::from_str(word).unwrap();
            assert_eq!(serde_json::to_string(&fruit).unwrap(), word);
        }
        assert_eq!(serde_json::from_str::<Fruit>("7").unwrap(), Fruit::Other("7".into()));
        assert!(serde_json::from_str::<Fruit>("null").is_err());
    }
}
