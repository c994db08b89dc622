//! Checks of the tags of images.

use super::check::Check;
use super::image_name::{self, Fault};
use super::raw::RawConfig;
use super::raw_tags::RawTags;
use super::spanned::Spanned;
use super::valid::{GIVEN_TAG, USUAL_TAG};
use crate::problem::Code;

/// The start of the tags by which images are looked for, and the number of digits that follow it.
const BY_HASH: &str = "in-";
const DIGITS: usize = 16;

impl Check<'_> {
    /// Returns the tags that the key `tag` names, in their order.
    pub(super) fn tags(&mut self, raw: &RawConfig, written: &Spanned<RawTags>) -> Vec<String> {
        let list = match written.as_ref() {
            RawTags::One(tag) => vec![Spanned::new(written.span(), tag.clone())],
            RawTags::List(list) => list.clone(),
        };
        if list.is_empty() {
            self.problem(
                Code::ConfigValue,
                "`tag` is empty".to_owned(),
                written.span(),
                "name a tag, or leave the key out: the tags are those of the variable TAG then",
            );
        }
        self.once(&list);
        list.iter().map(|tag| self.tag(raw, tag)).collect()
    }

    fn tag(&mut self, raw: &RawConfig, tag: &Spanned<String>) -> String {
        let text = tag.as_ref();
        let example = text.replace(GIVEN_TAG, USUAL_TAG);
        let usual = raw.bake.tag.as_ref();
        let usual = usual.filter(|usual| image_name::tag(usual.as_ref()).is_ok());
        if let Err(fault) = plain_tag(&example) {
            let hint = if example.contains('{') {
                format!("only `{GIVEN_TAG}` is replaced, by what the variable TAG says")
            } else {
                fault.hint
            };
            let message = said_of(text, &fault.what);
            self.problem(Code::ConfigValue, message, tag.span(), hint);
        } else if let Some(usual) = usual
            && let Err(Fault { what, hint }) =
                image_name::tag(&text.replace(GIVEN_TAG, usual.as_ref()))
        {
            self.two_places(
                Code::ConfigValue,
                format!("`{text}` {what} where TAG is `{}`", usual.as_ref()),
                [Some(tag.span()), Some(usual.span())],
                hint,
            );
        }
        text.clone()
    }

    /// Returns the default of the variable `TAG`.
    pub(super) fn usual_tag(&mut self, written: Option<&Spanned<String>>) -> String {
        let Some(tag) = written else {
            return USUAL_TAG.to_owned();
        };
        if let Err(fault) = plain_tag(tag.as_ref()) {
            let hint = if tag.as_ref().contains(GIVEN_TAG) {
                format!(
                    "`{GIVEN_TAG}` stands for this tag elsewhere: write a tag such as `{USUAL_TAG}`, or leave the key out"
                )
            } else {
                fault.hint
            };
            let message = said_of(tag.as_ref(), &fault.what);
            self.problem(Code::ConfigValue, message, tag.span(), hint);
        }
        tag.as_ref().clone()
    }
}

/// Checks a tag that stands alone.
fn plain_tag(tag: &str) -> Result<(), Fault> {
    if tag.is_empty() {
        return Err(Fault {
            what: "is empty".to_owned(),
            hint: format!("write a tag such as `{USUAL_TAG}`, or leave the key out"),
        });
    }
    let digits = tag.strip_prefix(BY_HASH);
    let is_digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if digits.is_some_and(|rest| rest.len() == DIGITS && rest.chars().all(is_digit)) {
        return Err(Fault {
            what: "is the tag of an input hash".to_owned(),
            hint:
                "write another tag: `bakehouse build` takes an image with it for one that is built"
                    .to_owned(),
        });
    }
    image_name::tag(tag)
}

fn said_of(tag: &str, what: &str) -> String {
    match tag {
        "" => format!("the tag {what}"),
        tag => format!("`{}` {what}", tag.escape_debug()),
    }
}
