//! `bakehouse plan` in a terminal.

use crate::shop::{self, Shop};

#[test]
fn the_plan_is_a_table_of_eighty_columns() {
    let shop = Shop::new();
    let output = shop.bakehouse(&["plan"]);
    assert!(output.status.success());
    let text = shop::stdout(&output);
    let table = text.split("hidden inputs").next().unwrap_or_default();
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!(text);
}
