//! Items that are compiled for tests only, and so are not part of an image.

use syn::punctuated::Punctuated;
use syn::{Attribute, File, Item, Meta, Token};

/// Returns whether `attributes` restrict an item to tests.
pub fn is_tests_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        if path.is_ident("cfg") {
            return attribute
                .parse_args()
                .is_ok_and(|condition| asks_for_tests(&condition));
        }
        path.segments
            .last()
            .is_some_and(|segment| segment.ident == "test" || segment.ident == "bench")
    })
}

/// Returns whether a condition holds only for tests or documentation: `test`, or `all(test, …)`.
pub fn asks_for_tests(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => ["test", "doctest", "doc", "docsrs"]
            .iter()
            .any(|name| path.is_ident(name)),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|parts| parts.iter().any(asks_for_tests)),
        _ => false,
    }
}

/// Returns the attributes of an item.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns whether `file` declares the module `name` for tests only.
pub fn declares_for_tests(file: &File, name: &str) -> bool {
    let mut modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.ident == name && module.content.is_none() => Some(module),
        _ => None,
    });
    let found = modules.next();
    found.is_some_and(|module| is_tests_only(&module.attrs))
        || is_tests_only(&file.attrs) && found.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_only_tests_meet() {
        let table = [
            ("test", true),
            ("all(test, feature = \"x\")", true),
            ("not(test)", false),
            ("any(test, feature = \"testing\")", false),
            ("feature = \"test\"", false),
            ("unix", false),
        ];
        for (shown, expected) in table {
            let condition: Meta = syn::parse_str(shown).unwrap();
            assert_eq!(asks_for_tests(&condition), expected, "{shown}");
        }
    }
}
