//! Enumerations whose members are label values.

/// Declares an enum whose variants have a fixed text, for JSON and for metric labels alike.
///
/// With `else Variant`, an unknown text reads as that variant, so that an aggregator older than the
/// component stays bounded instead of refusing lines; without it, an unknown text is an error.
#[macro_export]
macro_rules! closed_set {
    (
        $(#[$meta:meta])*
        pub enum $name:ident $(else $other:ident)? {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )+
        }

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The text used in JSON and as a label value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// The member with exactly this text, or the catch-all member where the set has one.
            #[must_use]
            pub fn from_text(text: &str) -> Option<Self> {
                match text {
                    $( $text => Some(Self::$variant), )+
                    _ => $crate::closed_set!(@other $($other)?),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::from_text(&text)
                    .ok_or_else(|| serde::de::Error::custom(concat!("not a known ", stringify!($name))))
            }
        }
    };
    (@other) => { None };
    (@other $other:ident) => { Some(Self::$other) };
}
