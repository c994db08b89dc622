//! A package in the folder of another.

use crate::tree::Tree;

#[test]
fn a_member_inside_another_is_no_part_of_it() {
    let tree = Tree::of(
        r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["server", "server/macros", "server/plugins/*"]
-- bakehouse.toml --
profile = "dev"
[services.server]
[services.mail]
-- server/Cargo.toml --
[package]
name = "server"
version = "0.1.0"
edition = "2024"
[dependencies]
macros = { path = "macros" }
-- server/src/main.rs --
fn main() { println!("{} {}", macros::seven!(), include_str!("../assets/a.txt").trim()) }
-- server/assets/a.txt --
asset
-- server/macros/Cargo.toml --
[package]
name = "macros"
version = "0.1.0"
edition = "2024"
[lib]
proc-macro = true
[dependencies]
quote = "1"
-- server/macros/src/lib.rs --
#[proc_macro]
pub fn seven(_: proc_macro::TokenStream) -> proc_macro::TokenStream { quote::quote!(7).into() }
-- server/plugins/mail/Cargo.toml --
[package]
name = "mail"
version = "0.1.0"
edition = "2024"
-- server/plugins/mail/src/main.rs --
fn main() { println!("mail") }
-- server/plugins/sms/Cargo.toml --
[package]
name = "sms"
version = "0.1.0"
-- server/plugins/sms/src/lib.rs --
-- server/plugins/README.md --
-- server/plugins/list.txt --
-- server/tests/all.rs --
"#,
    );
    assert_eq!(tree.closures(), ["mail: mail", "server: macros server"]);
    assert_eq!(
        tree.context(),
        [
            "server/assets/a.txt",
            "server/macros/src/lib.rs",
            "server/plugins/list.txt",
            "server/plugins/mail/src/main.rs",
            "server/src/main.rs",
        ]
    );
    let plan = tree.plan();
    let stages = plan["stages"].as_array().unwrap();
    let server = stages
        .iter()
        .find(|stage| stage["name"] == "build-server")
        .unwrap();
    assert_eq!(
        server["reads"],
        serde_json::json!(["server/assets", "server/plugins/list.txt", "server/src"])
    );
    assert_eq!(tree.built(), ["mail: mail", "server: 7 asset"]);
}
