//! Checks of the tags of images.

use super::check::Check;
use super::image_name::{self, Fault};
use super::raw_tags::RawTags;
use super::spanned::Spanned;
use super::valid::{GIVEN_TAG, USUAL_TAG};
use crate::problem::Code;

impl Check<'_> {
    /// Returns the tags that the key `tag` names, in their order.
    pub(super) fn tags(&mut self, written: &Spanned<RawTags>) -> Vec<String> {
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
        list.iter().map(|tag| self.tag(tag)).collect()
    }

    fn tag(&mut self, tag: &Spanned<String>) -> String {
        let example = tag.as_ref().replace(GIVEN_TAG, USUAL_TAG);
        if let Err(Fault { what, hint }) = image_name::tag(&example) {
            let message = format!("`{}` {what}", tag.as_ref().escape_debug());
            let hint = if example.contains('{') {
                format!("only `{GIVEN_TAG}` is replaced, by what the variable TAG says")
            } else {
                hint
            };
            self.problem(Code::ConfigValue, message, tag.span(), hint);
        }
        tag.as_ref().clone()
    }

    /// Returns the default of the variable `TAG`.
    pub(super) fn usual_tag(&mut self, written: Option<&Spanned<String>>) -> String {
        let Some(tag) = written else {
            return USUAL_TAG.to_owned();
        };
        if let Err(Fault { what, hint }) = image_name::tag(tag.as_ref()) {
            let message = format!("`{}` {what}", tag.as_ref().escape_debug());
            self.problem(Code::ConfigValue, message, tag.span(), hint);
        }
        tag.as_ref().clone()
    }
}
