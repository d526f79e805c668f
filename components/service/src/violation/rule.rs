//! The rules, named and worded as pydantic 2.5 does where it has them: clients of the services that this
//! replaces parse them.

use std::borrow::Cow;

/// A rule that a value can break.
#[derive(Debug)]
pub(crate) enum Rule {
    Missing,
    Syntax(&'static str),
    NotAnObject,
    NotAList,
    Integer,
    IntegerText,
    IntegerSize,
    Fraction,
    Number,
    NumberText,
    Finite,
    AtLeast(f64),
    AtMost(f64),
    Text,
    Boolean,
    /// A rule that pydantic does not have: its type and its message, which never contains a value.
    Own(&'static str, Cow<'static, str>),
}

impl Rule {
    /// A rule of our own.
    pub(crate) fn own(kind: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Own(kind, message.into())
    }

    /// Values that are finite, but whose weighted sum is not a number.
    pub(crate) fn overflow() -> Self {
        Self::own("overflow", "Values too large to score")
    }

    pub(crate) fn repeated() -> Self {
        Self::own("duplicate_key", "Field given twice")
    }

    /// Type of the error.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Syntax(_) => "json_invalid",
            Self::NotAnObject => "model_attributes_type",
            Self::NotAList => "list_type",
            Self::Integer => "int_type",
            Self::IntegerText => "int_parsing",
            Self::IntegerSize => "int_parsing_size",
            Self::Fraction => "int_from_float",
            Self::Number => "float_type",
            Self::NumberText => "float_parsing",
            Self::Finite => "finite_number",
            Self::AtLeast(_) => "greater_than_equal",
            Self::AtMost(_) => "less_than_equal",
            Self::Text => "string_type",
            Self::Boolean => "bool_parsing",
            Self::Own(kind, _) => kind,
        }
    }

    /// Whether pydantic has a page on errors of this type.
    pub(crate) fn is_pydantic(&self) -> bool {
        !matches!(self, Self::Syntax(_) | Self::Own(..))
    }

    /// The rule, for people.
    pub(crate) fn message(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            Self::Missing => "Field required",
            Self::Syntax(_) => "JSON decode error",
            Self::NotAnObject => "Input should be a valid dictionary or object to extract fields from",
            Self::NotAList => "Input should be a valid list",
            Self::Integer => "Input should be a valid integer",
            Self::IntegerText => "Input should be a valid integer, unable to parse string as an integer",
            Self::IntegerSize => "Unable to parse input string as an integer, exceeded maximum size",
            Self::Fraction => "Input should be a valid integer, got a number with a fractional part",
            Self::Number => "Input should be a valid number",
            Self::NumberText => "Input should be a valid number, unable to parse string as a number",
            Self::Finite => "Input should be a finite number",
            Self::AtLeast(bound) => {
                return format!("Input should be greater than or equal to {}", shown(*bound)).into();
            }
            Self::AtMost(bound) => {
                return format!("Input should be less than or equal to {}", shown(*bound)).into();
            }
            Self::Text => "Input should be a valid string",
            Self::Boolean => "Input should be a valid boolean, unable to interpret input",
            Self::Own(_, message) => message,
        })
    }
}

/// A bound as people write it: with an exponent where there would be a row of zeros.
fn shown(bound: f64) -> String {
    if bound.abs() < 1e16 { bound.to_string() } else { format!("{bound:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_shown_as_people_write_them() {
        assert_eq!(Rule::AtMost(120.0).message(), "Input should be less than or equal to 120");
        assert_eq!(Rule::AtLeast(-1e100).message(), "Input should be greater than or equal to -1e100");
    }
}
