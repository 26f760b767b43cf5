/// What a keyword of JSON Schema holds, in 2020-12 or an older draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Schemas by name.
    Named,
    /// A list of schemas.
    Listed,
    /// A schema; `items` may be a list of them up to draft-07.
    One,
    /// No schema.
    Data,
}

impl Holds {
    pub(crate) fn of(keyword: &str) -> Self {
        match keyword {
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
            | "dependencies" => Self::Named,
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => Self::Listed,
            "items"
            | "additionalProperties"
            | "additionalItems"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "contentSchema" => Self::One,
            _ => Self::Data,
        }
    }
}
