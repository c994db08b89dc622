//! `[secrets]` in `bakehouse.toml`: the steps that get each secret. `tools/e2e/tests/secrets.rs` looks for traces of
//! the secrets.

use crate::shop::Shop;
use crate::steps;

const SECRETS: &str = "[secrets]\nvariables = [\"CARGO_REGISTRIES_ACME_TOKEN\"]\nssh = true\n\n\
    [secrets.files]\nCOMPANY_CA = \"/etc/ssl/certs/ca-certificates.crt\"\n\n[bases]";

fn with_secrets() -> Shop {
    let shop = Shop::new();
    shop.edit("bakehouse.toml", "[bases]", SECRETS);
    shop.generate();
    shop
}

#[test]
fn steps_that_compile_see_no_secret() {
    let dockerfile = with_secrets().read("docker/Dockerfile");
    let mut given = Vec::new();
    for step in steps::all(&dockerfile) {
        let stage = step.stage.clone();
        let options = step.options.join(" ");
        let secret = options.contains("type=secret") || options.contains("type=ssh");
        assert!(!secret || step.has_network(), "{stage}");
        if options.contains("type=secret,id=CARGO_REGISTRIES_ACME_TOKEN,env=")
            || options.contains("type=ssh")
        {
            assert_eq!(stage, "vendor");
        }
        if secret {
            given.push(stage);
        }
    }
    assert_eq!(
        given,
        ["toolchain", "vendor", "cross", "runtime-for-web"],
        "{dockerfile}"
    );
}

#[test]
fn a_secret_is_no_input() {
    let shop = Shop::new();
    shop.generate();
    let before = shop.hashes();
    shop.edit("bakehouse.toml", "[bases]", SECRETS);
    assert_eq!(shop.hashes(), before);
}

#[test]
fn bake_hands_over_what_is_there() {
    let bake = with_secrets().read("docker-bake.hcl");
    for line in [
        r#"secret = concat(COMPANY_CA == "" ? [] : ["type=file,id=COMPANY_CA,src=${COMPANY_CA}"], ["type=env,id=CARGO_REGISTRIES_ACME_TOKEN,env=CARGO_REGISTRIES_ACME_TOKEN"])"#,
        r#"ssh = SSH_AUTH_SOCK == "" ? [] : ["default"]"#,
    ] {
        assert!(bake.contains(line), "{bake}");
    }
    // Bake prints the values of its variables.
    assert!(!bake.contains("variable \"CARGO_REGISTRIES_ACME_TOKEN\""));
}
