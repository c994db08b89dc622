//! Names, tags, platforms and outputs of targets in `bakehouse.toml`, and groups: what is refused, and where they show.

use std::collections::BTreeSet;

use crate::shop::{Shop, stderr};

/// The part of the configuration that is wrong, and what is said of it: its place and the message.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "registries = [\"r\", \"ghcr.io/Acme\"]\n[services.web]\npackage = \"web\"\n",
        "1:20",
        "write `ghcr.io/acme`",
    ),
    (
        "registries = [\"r\", \"r\"]\n[services.web]\npackage = \"web\"\n",
        "1:20",
        "`r` is listed twice",
    ),
    (
        "registry = \"r\"\nregistries = [\"s\"]\n[services.web]\npackage = \"web\"\n",
        "1:12",
        "`registry` and `registries` name the same thing",
    ),
    (
        "registries = [\"r\", \"s\"]\ncache.ref = \"s/acme-web\"\n[services.web]\npackage = \"web\"\nimage = \"acme-web\"\n",
        "2:13",
        "is the repository of the image of `web`",
    ),
    (
        "[services.web]\npackage = \"web\"\nimage = \"Acme\"\n",
        "3:9",
        "write `acme`",
    ),
    (
        "[services.web]\npackage = \"web\"\ntag = \"{TAG}/x\"\n",
        "3:7",
        "has `/` in its tag",
    ),
    (
        "[services.web]\npackage = \"web\"\ntag = \"{tag}\"\n",
        "3:7",
        "has `{` in its tag",
    ),
    // The second of two outputs with one name is the one to change.
    (
        "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"x\" }\nvariants.b = { tag = \"x\" }\n",
        "4:22",
        "the image `web:x` of `web-b` is that of `web-a`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\n[services.batch]\npackage = \"batch\"\nimage = \"web\"\n",
        "5:9",
        "the image `web:latest` of `batch` is that of `web`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"latest\", default = false }\n",
        "3:22",
        "the image `web:latest` of `web-a` is that of `web`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"{TAG}\", default = false }\n",
        "3:22",
        "the image `web:latest` of `web-a` is that of `web`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\nimage = \"pack-demo\"\n[packs.demo]\npath = \"packs\"\n",
        "3:9",
        "the image `pack-demo:latest` of `web` is that of `pack-demo`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\ntag = []\n",
        "3:7",
        "`tag` is empty",
    ),
    (
        "[services.web]\npackage = \"web\"\ntag = [\"a\", \"{TAG}\", \"a\"]\n",
        "3:22",
        "`a` is listed twice",
    ),
    (
        "[services.web]\npackage = \"web\"\ntag = [\"a\", \"{TAG}-b/c\", \"{T}\"]\n",
        "3:13",
        "has `/` in its tag",
    ),
    (
        "[services.web]\npackage = \"web\"\ntag = 1\n",
        "3:7",
        "expected a tag such as",
    ),
    // Of several tags each is a name.
    (
        "[services.web]\npackage = \"web\"\nvariants.a = { tag = [\"y\", \"x\"] }\nvariants.b = { tag = [\"{TAG}\", \"x\"] }\n",
        "4:22",
        "the image `web:x` of `web-b` is that of `web-a`, too",
    ),
    (
        "[bake]\ntag = \"dev\"\n[services.web]\npackage = \"web\"\nvariants.a = { tag = \"dev\", default = false }\n",
        "5:22",
        "the image `web:dev` of `web-a` is that of `web`, too",
    ),
    (
        "[bake]\ntag = \"{TAG}\"\n[services.web]\npackage = \"web\"\n",
        "2:7",
        "`{TAG}` stands for this tag elsewhere",
    ),
    (
        "[bake]\ntag = \"\"\n[services.web]\npackage = \"web\"\n",
        "2:7",
        "write a tag such as `latest`, or leave the key out",
    ),
    (
        "[services.web]\npackage = \"web\"\ntag = [\"{TAG}\", \"\"]\n",
        "3:17",
        "the tag is empty",
    ),
    // An image with such a tag is taken for one that is built.
    (
        "[services.web]\npackage = \"web\"\ntag = \"in-0123456789abcdef\"\n",
        "3:7",
        "is the tag of an input hash",
    ),
    (
        "[bake]\ntag = \"in-0123456789abcdef\"\n[services.web]\npackage = \"web\"\n",
        "2:7",
        "is the tag of an input hash",
    ),
    (
        "[bake]\ntag = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n[services.web]\npackage = \"web\"\ntag = \"{TAG}-nightly\"\n",
        "5:7",
        "has a tag of 130 characters where TAG is `aaaa",
    ),
    // Names under different registries are one, also in the short form of Docker Hub's.
    (
        "registries = [\"r.io/x\", \"r.io/x/a\"]\n[services.web]\npackage = \"web\"\n[services.batch]\npackage = \"batch\"\nimage = \"a/web\"\n",
        "6:9",
        "the image `r.io/x/a/web:latest` of `batch` is that of `web`, too",
    ),
    (
        "registries = [\"acme/a\", \"docker.io/acme\"]\n[services.web]\npackage = \"web\"\n[services.batch]\npackage = \"batch\"\nimage = \"a/web\"\n",
        "6:9",
        "the image `acme/a/web:latest` of `batch` is that of `web`, too",
    ),
    // REGISTRY puts all images under one registry.
    (
        "[services.web]\npackage = \"web\"\nregistries = [\"a.io\"]\n[services.batch]\npackage = \"batch\"\nimage = \"web\"\nregistries = [\"b.io\"]\n",
        "6:9",
        "the image `web:latest` of `batch` is that of `web`, too",
    ),
    (
        "registry = \"r.io/x\"\n[services.web]\npackage = \"web\"\nregistries = [\"r.io\"]\nimage = \"x/batch\"\n[services.batch]\npackage = \"batch\"\n",
        "6:11",
        "the image `r.io/x/batch:latest` of `batch` is that of `web`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\nregistries = []\n",
        "3:14",
        "`registries` is empty",
    ),
    (
        "[services.web]\npackage = \"web\"\nregistries = [\"https://r.io\"]\n",
        "3:15",
        "write `r.io`",
    ),
    (
        "[services.web]\npackage = \"web\"\nregistries = [\"r.io\"]\n[cache]\nref = \"r.io/web\"\n",
        "5:7",
        "is the repository of the image of `web`",
    ),
    (
        "emulate = true\nplatforms = [\"linux/arm\", \"linux/arm/v7\"]\n[services.web]\npackage = \"web\"\n",
        "2:27",
        "`linux/arm/v7` and `linux/arm` are one platform",
    ),
    (
        "[packs.a]\npath = \"packs/x\"\n[packs.b]\npath = \"packs/x/y\"\n[services.web]\npackage = \"web\"\n",
        "4:8",
        "lies in the other",
    ),
    (
        "platforms = [\"windows/amd64\"]\n[services.web]\npackage = \"web\"\n",
        "1:14",
        "`windows/amd64` is not a platform",
    ),
    (
        "platforms = [\"linux/x86_64\"]\n[services.web]\npackage = \"web\"\n",
        "1:14",
        "did you mean `linux/amd64`?",
    ),
    (
        "emulate = true\nplatforms = [\"linux/foo\"]\n[services.web]\npackage = \"web\"\n",
        "2:14",
        "`linux/foo` is not a platform",
    ),
    (
        "platforms = [\"linux/mips64le\"]\n[services.web]\npackage = \"web\"\n",
        "1:14",
        "no builder cross-compiles for `linux/mips64le`",
    ),
    (
        "[services.web]\npackage = \"web\"\nuser = \"2147483648:1\"\n",
        "3:8",
        "write `UID:GID` in numbers up to 2147483647",
    ),
    // Octal in the options of a folder in memory.
    (
        "[services.web]\npackage = \"web\"\nuser = \"010001:1\"\n",
        "3:8",
        "is not a user",
    ),
    (
        "[services.web]\npackage = \"web\"\n[secrets.files]\nA = \"/run/a\"\nB = \"/run//a\"\n",
        "5:5",
        "two secret files cannot lie at /run/a and /run/a",
    ),
    (
        "[services.web]\npackage = \"web\"\n[secrets.files]\nA = \"/run/vendor.sh\"\n",
        "4:5",
        "steps have something else at /run/vendor.sh",
    ),
    (
        "[services.web]\npackage = \"web\"\n[secrets.files]\nA = \"/\"\n",
        "4:5",
        "steps have something else at /",
    ),
    (
        "[services.web]\npackage = \"web\"\nplatforms = []\n",
        "3:13",
        "`platforms` is empty",
    ),
    (
        "platforms = [\"linux/amd64\"]\n[services.web]\npackage = \"web\"\nvariants.a = { platforms = [] }\n",
        "4:28",
        "`platforms` is empty",
    ),
    (
        "[bake]\ntag = \"a,b\"\n[services.web]\npackage = \"web\"\n",
        "2:7",
        "has `,` in its tag",
    ),
    // What a group, a dependency of Compose or the profile of other images brings together is one bake.
    (
        "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"x\", default = false }\nvariants.b = { tag = \"x\", default = false }\n[bake.groups]\nall = [\"web-a\", \"more\"]\nmore = [\"web-b\"]\n",
        "4:22",
        "the image `web:x` of `web-b` is that of `web-a`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\nimage = \"x\"\ndefault = false\ndepends-on = [\"batch\"]\n[services.batch]\npackage = \"batch\"\nimage = \"x\"\ndefault = false\n[services.more]\npackage = \"web\"\n",
        "8:9",
        "the image `x:latest` of `batch` is that of `web`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\nimage = \"pack-demo\"\ndefault = false\n[services.batch]\npackage = \"batch\"\n[packs.demo]\npath = \"packs\"\n",
        "3:9",
        "the image `pack-demo:latest` of `web` is that of `pack-demo`, too",
    ),
    (
        "[services.web]\npackage = \"web\"\nimage = \"ghcr.io/acme/api\"\n",
        "3:9",
        "write `api`, and `registries = [\"ghcr.io/acme\"]` beside it",
    ),
    (
        "[services.web]\npackage = \"web\"\nimage = \"localhost:5000/api\"\n",
        "3:9",
        "write `api`, and `registries = [\"localhost:5000\"]` beside it",
    ),
    (
        "[services.web]\npackage = \"web\"\nports = [80, \"53/udp\"]\n",
        "3:14",
        "`53/udp` is a port of UDP: only TCP ports can be listed",
    ),
    (
        "[services.web]\npackage = \"web\"\nports = [\"8080/tcp\"]\n",
        "3:10",
        "expected a port from 1 to 65535",
    ),
    (
        "[services.web]\npackage = \"web\"\nports = [65536]\n",
        "3:10",
        "expected a port from 1 to 65535",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=tar,dest=x.tar\"\n[services.batch]\npackage = \"batch\"\noutput = \"type=oci,dest=x.tar\"\n",
        "6:10",
        "`web` and `batch` both write `x.tar`",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=tar,dest=out/./x.tar\"\n[services.batch]\npackage = \"batch\"\noutput = \"type=oci,dest=./out//x.tar\"\n",
        "6:10",
        "`web` and `batch` both write `./out//x.tar`",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=tar,dest=packs\"\n",
        "3:10",
        "`packs` is a folder, and the result is one file",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=tar,dest=docker-bake.hcl\"\n",
        "3:10",
        "`docker-bake.hcl` would overwrite",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=oci,dest=ok.tar,dest=Cargo.lock\"\n",
        "3:10",
        "has `dest` twice",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=oci,dest=a.tar,\"\n",
        "3:10",
        "has a part without a key or a value",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=image,push\"\n",
        "3:10",
        "has a part without a key or a value",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=local,dest=.\"\n",
        "3:10",
        "is not a path in the workspace",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=tar,dest=-\"\n",
        "3:10",
        "is not a path in the workspace",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=docker,dest=a.tar,tar=false\"\n",
        "3:10",
        "is always one file",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=local,dest=.git\"\n",
        "3:10",
        "`.git` would overwrite",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=local,dest=packs/out\"\n[packs.demo]\npath = \"packs\"\n",
        "3:10",
        "`packs/out` would overwrite what images are built from",
    ),
    (
        "[services.web]\npackage = \"web\"\nfiles = { \"docker\" = \"/x\" }\n",
        "3:11",
        "docker is generated",
    ),
    (
        "[services.web]\npackage = \"web\"\n[packs.demo]\npath = \"docker\"\n",
        "4:8",
        "docker is generated",
    ),
    (
        "[services.web]\npackage = \"web\"\n[packs.demo]\npath = \"packs/base\"\nbinaries = [{ package = \"batch\", to = \"pack.yaml\" }]\n",
        "5:39",
        "packs/base/pack.yaml is a file, and a binary needs a folder",
    ),
    (
        "[services.web]\npackage = \"web\"\noutput = \"type=tar,dest=out/x.tar\"\n[services.batch]\npackage = \"batch\"\noutput = \"type=oci,dest=out\"\n",
        "6:10",
        "`web` writes `out/x.tar` and `batch` writes `out`",
    ),
    (
        "[services.web]\npackage = \"web\"\ndefault = false\noutput = \"type=tar,dest=x.tar\"\n[services.batch]\npackage = \"batch\"\ndefault = false\noutput = \"type=oci,dest=x.tar\"\n[services.more]\npackage = \"web\"\n[bake.groups]\nboth = [\"web\", \"batch\"]\n",
        "8:10",
        "`web` and `batch` both write `x.tar`",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake.groups]\nnightly = [\"wbe\"]\n",
        "4:12",
        "did you mean `web`?",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake.groups]\nnightly = []\n",
        "4:1",
        "the group `nightly` is empty",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake.groups]\nweb = [\"web\"]\n",
        "4:1",
        "`web` is a target or group already",
    ),
    (
        "[services.web]\npackage = \"web\"\nvariants.a = {}\n[bake.groups]\nweb = [\"web-a\"]\n",
        "5:1",
        "`web` is a target or group already",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake.groups]\ndefault = [\"web\"]\n",
        "4:1",
        "`default` is reserved",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake.groups]\na = [\"b\"]\nb = [\"web\", \"c\"]\nc = [\"a\"]\n",
        "4:6",
        "the group `a` is a member of itself, by `b`",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake.groups]\na = [\"a\"]\n",
        "4:6",
        "the group `a` is a member of itself",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake.groups]\n\"A b\" = [\"web\"]\n",
        "4:1",
        "`A b` cannot name",
    ),
    (
        "[services.web]\npackage = \"web\"\n[bake]\nmetadata = [\"labels\", \"annotation\"]\n",
        "4:23",
        "did you mean `annotations`?",
    ),
];

#[test]
fn names_and_groups_that_cannot_be_are_refused_in_their_place() {
    let shop = Shop::new();
    for (config, place, message) in MISTAKES {
        shop.write("bakehouse.toml", config);
        let output = shop.bakehouse(&["generate"]);
        let said = stderr(&output);
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{config}: {said}");
        assert!(line.contains(message), "{config}: {said}");
        let place = format!("bakehouse.toml:{place}");
        assert!(line.contains(&place), "{config}: {said}");
        assert!(!shop.path("docker").exists(), "{config}");
    }
}

/// Configurations that differ from the mistakes in what makes them right.
const RIGHT: &[&str] = &[
    "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"x\" }\nvariants.b = { tag = \"y\" }\n",
    "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"{TAG}-a\", default = false }\n",
    "[services.web]\npackage = \"web\"\ntag = [\"{TAG}\", \"latest\"]\n",
    "[services.web]\npackage = \"web\"\nimage = \"v1.2/api\"\n",
    "[bake]\ntag = \"dev\"\n[services.web]\npackage = \"web\"\nvariants.a = { tag = \"latest\", default = false }\n",
    // Nobody bakes both without naming both.
    "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"x\", default = false }\nvariants.b = { tag = [\"y\", \"x\"], default = false }\n[bake.groups]\none = [\"web-a\", \"web\"]\nother = [\"web-b\", \"web\"]\n",
    // Files have a name inside them, and are overwritten only if one bake writes both.
    "[services.web]\npackage = \"web\"\noutput = \"type=oci,dest=x.tar\"\n[services.batch]\npackage = \"batch\"\nimage = \"web\"\noutput = \"type=oci,dest=x.tar\"\ndefault = false\n",
    "[services.web]\npackage = \"web\"\noutput = \"type=tar,dest=out/x.tar\"\n[services.batch]\npackage = \"batch\"\noutput = \"type=local,dest=out\"\n",
    "registries = [\"r.io/x\", \"r.io/x/a\"]\n[services.web]\npackage = \"web\"\n[services.batch]\npackage = \"batch\"\nimage = \"a/web\"\ntag = \"other\"\n",
    "[services.web]\npackage = \"web\"\ntag = \"in-0123\"\n",
    "platforms = [\"linux/mips64le\"]\nemulate = true\n[services.web]\npackage = \"web\"\nuser = \"0:2147483647\"\n[secrets.files]\nA = \"/run/secrets/a\"\nB = \"/root/.b\"\n",
    "[services.web]\npackage = \"web\"\nvariants.a = { default = false }\n[bake.groups]\na = [\"b\", \"web-a\", \"web\", \"compiled\"]\nb = [\"web\"]\n",
];

#[test]
fn names_that_differ_in_something_are_taken() {
    for config in RIGHT {
        let shop = Shop::new();
        shop.write("bakehouse.toml", config);
        shop.generate();
    }
}

#[test]
fn no_name_is_in_an_input_hash() {
    let shop = Shop::native();
    let config = |keys: &str, file: &str| {
        format!("{file}\n[services.batch]\n[services.web]\npackage = \"web\"\n{keys}\n")
    };
    shop.write("bakehouse.toml", &config("", ""));
    let plain = shop.hashes();
    let keys = "image = \"acme\"\nregistries = [\"t\"]\ntag = [\"x\", \"{TAG}\"]\ndefault = false\noutput = \"type=oci,dest=x.tar\"";
    let file = "registries = [\"r\", \"s\"]\nbake.metadata = [\"labels\"]\nbake.tag = \"dev\"\nbake.groups.g = [\"web\"]";
    shop.write("bakehouse.toml", &config(keys, file));
    assert_eq!(shop.hashes(), plain);
}

/// Two outputs with one name and tag, which no group brings together.
const ALTERNATIVES: &str = "[services.web]\npackage = \"web\"\nvariants.a = { tag = \"x\", default = false }\nvariants.b = { tag = [\"y\", \"x\"], default = false }\n";

#[test]
fn a_build_does_not_write_two_images_of_one_name() {
    let shop = Shop::native();
    shop.write("bakehouse.toml", ALTERNATIVES);
    shop.generate();
    let output = shop.bakehouse(&["build", "web-a", "web-b"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.starts_with("name-collision"), "{said}");
    let both = "`web-a` and `web-b` both write the image `web:x`";
    assert!(said.contains(both), "{said}");
}

/// Another service may have built the image of that name, so Compose must not start what it finds.
#[test]
fn compose_builds_what_has_the_name_of_another_image_before_each_start() {
    let shop = Shop::native();
    let first = ALTERNATIVES.replace("[\"y\", \"x\"]", "\"x\"");
    shop.write("bakehouse.toml", &first);
    shop.generate();
    let compose: serde_json::Value =
        serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap();
    for (service, expected) in [
        ("web", None),
        ("web-a", Some("build")),
        ("web-b", Some("build")),
    ] {
        let policy = compose["services"][service]["pull_policy"].as_str();
        assert_eq!(policy, expected, "{service}");
    }
}

/// The functions that Bake of buildx 0.19 has, among those that a file could use.
const FUNCTIONS_OF_0_19: &[&str] = &[
    "can",
    "compact",
    "concat",
    "contains",
    "distinct",
    "element",
    "flatten",
    "join",
    "length",
    "lower",
    "merge",
    "regex",
    "regex_replace",
    "regexall",
    "replace",
    "sha256",
    "split",
    "substr",
    "timestamp",
];

/// The attributes of groups, targets, variables and functions that Bake of buildx 0.19 has.
const ATTRIBUTES_OF_0_19: &[&str] = &[
    "annotations",
    "args",
    "attest",
    "cache-from",
    "cache-to",
    "condition",
    "context",
    "contexts",
    "default",
    "description",
    "dockerfile",
    "error_message",
    "inherits",
    "labels",
    "output",
    "params",
    "platforms",
    "result",
    "secret",
    "ssh",
    "tags",
    "target",
    "targets",
];

#[test]
fn the_oldest_buildx_knows_all_that_the_bake_file_uses() {
    let shop = Shop::new();
    let config = shop.read("bakehouse.toml");
    let keys = "registries = [\"r\", \"s\"]\nbake.metadata = [\"labels\", \"annotations\"]\nsecrets = { variables = [\"TOKEN\"], files = { CERTIFICATES = \"/run/c\" }, ssh = true }\n";
    let config = config
        .replace("registry = \"registry.example/shop\"\n", keys)
        .replace(
            "[services.web]\n",
            "[services.web]\nplatforms = [\"linux/amd64\"]\noutput = \"type=oci,dest=x.tar\"\ntag = [\"{TAG}-x\", \"y\"]\n",
        );
    shop.write("bakehouse.toml", &config);
    shop.generate();
    let text = shop.read("docker-bake.hcl");
    let body = hcl::parse(&text).unwrap();
    let mut own: BTreeSet<&str> = BTreeSet::new();
    for block in body.blocks() {
        let kind = block.identifier.as_str();
        assert!(
            ["function", "group", "target", "variable"].contains(&kind),
            "{kind}"
        );
        if kind == "function" {
            own.insert(block.labels[0].as_str());
        }
        let nested = block.body.blocks().flat_map(|nested| {
            assert_eq!(nested.identifier.as_str(), "validation");
            nested.body.attributes()
        });
        for attribute in block.body.attributes().chain(nested) {
            let key = attribute.key.as_str();
            assert!(ATTRIBUTES_OF_0_19.contains(&key), "{kind}: {key}");
        }
    }
    assert!(
        own.contains("platforms"),
        "the configuration is not taken: {text}"
    );
    let called = called(&text);
    let unknown: Vec<&&str> = called
        .iter()
        .filter(|name| !own.contains(**name) && !FUNCTIONS_OF_0_19.contains(name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(
        called.contains("flatten") && called.contains("merge"),
        "{called:?}"
    );
}

/// Returns the names before an opening parenthesis, outside comments and plain texts.
fn called(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let lines = text.lines().filter(|line| {
        let line = line.trim_start();
        !line.starts_with('#') && !line.starts_with("description")
    });
    let mut names = BTreeSet::new();
    for line in lines {
        for (at, _) in line.match_indices('(') {
            let before = &line[..at];
            let start = before.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
            let word = &before[start..];
            // What follows a quote or a bracket is part of a pattern.
            let starts_as_name = word.starts_with(|c: char| c.is_ascii_lowercase());
            if word.len() > 1 && starts_as_name {
                names.insert(word);
            }
        }
    }
    names
}

#[test]
fn ci_logs_in_to_each_registry_and_builds_what_is_baked_by_default() {
    let shop = Shop::new();
    shop.commit_all();
    let config = shop.read("bakehouse.toml");
    let several = "registries = [\"ghcr.io/acme\", \"europe-docker.pkg.dev/acme\", \"ghcr.io/other\", \"acme\"]\n";
    let config = config.replace("registry = \"registry.example/shop\"\n", several);
    let own =
        "[services.web]\ndefault = false\nregistries = [\"quay.io/acme\", \"ghcr.io/acme\"]\n";
    let config = config.replace("[services.web]\n", own);
    shop.write("bakehouse.toml", &config);
    for (service, file, logins, jobs) in [
        (
            "github",
            ".github/workflows/bakehouse.yml",
            [
                "registry: europe-docker.pkg.dev\n          username: ${{ secrets.REGISTRY_2_USERNAME }}",
                "with:\n          username: ${{ secrets.REGISTRY_4_USERNAME }}",
                "registry: quay.io\n          username: ${{ secrets.REGISTRY_5_USERNAME }}",
            ],
            "REGISTRY: ghcr.io/acme\n",
        ),
        (
            "gitlab",
            ".gitlab/bakehouse.yml",
            [
                "--username \"$REGISTRY_2_USERNAME\" --password-stdin europe-docker.pkg.dev\n",
                "--username \"$REGISTRY_4_USERNAME\" --password-stdin docker.io\n",
                "--username \"$REGISTRY_5_USERNAME\" --password-stdin quay.io\n",
            ],
            "(.services + (.images // []) - (.by_name // []))[]",
        ),
    ] {
        let output = shop.bakehouse(&["ci", service]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = shop.read(file);
        for login in logins {
            assert_eq!(text.matches(login).count(), 1, "{login}: {text}");
        }
        assert!(!text.contains("REGISTRY_3"), "{text}");
        assert!(text.contains(jobs), "{text}");
        let _: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    }
    let affected = |format: &str| {
        shop.edit("web/src/main.rs", "fn main", "/* */ fn main");
        let output = shop.bakehouse(&["affected", "--since", "HEAD", "--format", format]);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&affected("json")).unwrap();
    assert_eq!(json["by_name"], serde_json::json!(["web"]));
    assert!(json["services"].as_array().unwrap().contains(&"web".into()));
    let github = affected("github");
    assert!(!github.contains("\"target\":\"web\""), "{github}");
}
