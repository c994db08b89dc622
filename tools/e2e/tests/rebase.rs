//! `bakehouse rebase`: what comes out has the same bytes as a bake on the new base, and where it would not, or would not
//! run, nothing is pushed.

use bakehouse_e2e::ready::{Ready, digest, file_of, platforms, push, raw, registry};
use bakehouse_testkit::{Turn, engine, runner};

const DEBIAN: &str = "docker.io/library/debian:bookworm-slim";
const NEWER_DEBIAN: &str = "docker.io/library/debian:trixie-slim";

/// Pushes a base upon Debian, with something of its own in each part of its configuration.
fn debian(registry: &str, name: &str, more: &str) -> String {
    let dockerfile = format!(
        "FROM {DEBIAN}\nENV BASE={name} LANG=C\nLABEL of.base={name} org.opencontainers.image.title=base\n\
         RUN echo {name} >/etc/base\n{more}\nEXPOSE 9{len}\nVOLUME /v-{name}\nSTOPSIGNAL SIGQUIT\nCMD [\"{name}\"]\n",
        len = name.len()
    );
    push(&format!("{registry}/base:{name}"), &[], &dockerfile)
}

/// Pushes a base of made-up files for two platforms.
fn made_up(registry: &str, name: &str, more: &str) -> String {
    let dockerfile = format!(
        "FROM scratch\nCOPY <<release /usr/lib/os-release\nID=made-up\nrelease\nCOPY <<name /etc/name\n{name}\nname\n\
         ENV BASE={name}\n{more}\n"
    );
    let platforms = ["linux/amd64", "linux/arm64"];
    push(&format!("{registry}/base:{name}"), &platforms, &dockerfile)
}

/// Returns the base without its digest.
fn tagged(base: &str) -> &str {
    base.split('@').next().unwrap_or(base)
}

#[test]
fn the_bytes_are_those_of_a_bake_on_the_new_base() {
    let _turn = Turn::share();
    let registry = registry();
    let old = debian(&registry, "old", "");
    let new = debian(&registry, "newer", "RUN echo more >/etc/more\nENV MORE=1");
    let ready = Ready::at(&registry, &["api"], &old, "");
    ready.program("api", &file_of(DEBIAN, "/usr/bin/true"));
    ready.workspace.append(
        "bakehouse.toml",
        "env = { LANG = \"C.UTF-8\", TEXT = \"a <b> & c\" }\nports = [8080]\nfiles = { \"shipped\" = \"/srv/shipped\" }\n\
         healthcheck = [\"/usr/local/bin/api\"]\n[services.api.labels]\nown = \"<&>\"\n",
    );
    ready.workspace.write("shipped/a/b", "b");
    let config = ready.workspace.read("bakehouse.toml");
    let plain = ["labels.org.opencontainers.image.revision=0123"];
    let oci = ["output=type=image,push=true,store=false,oci-mediatypes=true"];
    let attested = ["attest=type=provenance,mode=min"];
    for more in [&plain[..], &oci, &attested] {
        ready.workspace.write("bakehouse.toml", &config);
        ready.bake("latest", more);
        let before = ready.platforms("api", "latest");
        let ran = ready.run(&["rebase", "--base", &new]).succeeded();
        ran.prints("rebased").prints("run `bakehouse generate`");
        let moved = ready.platforms("api", "latest");
        let hashed = format!("in-{}", ready.hash("api"));
        assert_eq!(ready.platforms("api", &hashed), moved);
        assert_ne!(moved, before);
        ready.bake("baked", more);
        assert_eq!(ready.platforms("api", "baked"), moved, "{more:?}");
        // Nothing says that the old provenance is about the new image.
        let has = raw(&ready.name("api", "latest")).to_string();
        assert!(!has.contains("attestation-manifest"), "{has}");
    }
    assert!(
        ready
            .workspace
            .read("bakehouse.toml")
            .contains(&format!("runtime = \"{new}\" # ours"))
    );
}

#[test]
fn eight_images_for_two_platforms_are_moved_and_nothing_is_built_again() {
    let _turn = Turn::share();
    let registry = registry();
    let services = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let (old, new) = (
        made_up(&registry, "old", ""),
        made_up(&registry, "new", "COPY <<x /etc/x\nmore\nx"),
    );
    let head = "platforms = [\"linux/amd64\", \"linux/arm64\"]";
    let ready = Ready::at(&registry, &services, &old, head);
    ready.workspace.git(["init", "--quiet"]);
    ready.bake("1.2.3", &[]);
    ready.workspace.git(["add", "--all"]);
    ready.workspace.git(["commit", "--quiet", "--message", "x"]);
    let before: Vec<_> = services
        .map(|service| ready.platforms(service, "1.2.3"))
        .into();

    let dry = ready
        .run(&["rebase", "--base", &new, "--tag", "1.2.3", "--dry-run"])
        .succeeded();
    assert_eq!(dry.stdout.matches(" fits").count(), 8, "{dry}");
    let same: Vec<_> = services
        .map(|service| ready.platforms(service, "1.2.3"))
        .into();
    assert_eq!(same, before);

    let ran = ready
        .run(&["rebase", "--base", &new, "--tag", "1.2.3"])
        .succeeded();
    assert_eq!(ran.stdout.matches(" rebased").count(), 8, "{ran}");
    let moved: Vec<_> = services
        .map(|service| digest(&ready.name(service, "1.2.3")))
        .into();
    let platforms: Vec<_> = services
        .map(|service| ready.platforms(service, "1.2.3"))
        .into();
    assert!(
        platforms.iter().all(|digests| digests.len() == 2),
        "{platforms:?}"
    );

    // `affected` names them, and the next build has nothing to do.
    let affected = ready.run(&["affected", "--since", "HEAD"]).succeeded();
    affected.prints("bases.runtime");
    let build = ready
        .run(&["build", "--generate", "--push", "--dry-run"])
        .succeeded();
    assert_eq!(build.stdout.matches("skip").count(), 8, "{build}");
    let again = ready
        .run(&["rebase", "--from", &old, "--tag", "1.2.3"])
        .succeeded();
    assert_eq!(
        again.stdout.matches("is there already").count(),
        8,
        "{again}"
    );

    ready.bake("baked", &[]);
    let baked: Vec<_> = services
        .map(|service| digest(&ready.name(service, "baked")))
        .into();
    assert_eq!(baked, moved);
}

/// As in CI, where a commit pins the base and the images follow.
#[test]
fn a_base_that_is_pinned_already_is_moved_to_from_the_one_before() {
    let _turn = Turn::share();
    let registry = registry();
    let (old, new) = (
        made_up(&registry, "old", ""),
        made_up(&registry, "new", "ENV NEW=1"),
    );
    let ready = Ready::at(&registry, &["api"], &old, "");
    ready.bake("latest", &[]);
    ready.workspace.replace("bakehouse.toml", &old, &new);
    ready.run(&["rebase"]).exited(2).says("--from");
    let ran = ready.run(&["rebase", "--from", &old]).succeeded();
    assert!(!ran.said().contains("bakehouse.toml"), "{ran}");
    let moved = ready.platforms("api", "latest");
    ready.bake("baked", &[]);
    assert_eq!(ready.platforms("api", "baked"), moved);
}

#[test]
fn what_does_not_hold_is_refused_and_nothing_is_pushed() {
    let _turn = Turn::share();
    engine::bases(&[NEWER_DEBIAN]);
    let registry = registry();
    let old = push(
        &format!("{registry}/base:old"),
        &[],
        &format!("FROM {NEWER_DEBIAN}\n"),
    );
    let good = push(
        &format!("{registry}/base:good"),
        &[],
        &format!("FROM {NEWER_DEBIAN}\nENV A=1\n"),
    );
    let older = push(
        &format!("{registry}/base:older"),
        &[],
        &format!("FROM {DEBIAN}\n"),
    );
    let bare = push(
        &format!("{registry}/base:bare"),
        &[],
        "FROM scratch\nCOPY <<x /etc/os-release\nID=debian\nx\n",
    );
    let other = push(
        &format!("{registry}/base:other"),
        &[],
        &format!("FROM {NEWER_DEBIAN}\nRUN echo ID=other >/usr/lib/os-release\n"),
    );
    let linked = push(
        &format!("{registry}/base:linked"),
        &[],
        &format!(
            "FROM {NEWER_DEBIAN}\nRUN mkdir /srv/bin && rmdir /usr/local/bin && ln -s /srv/bin /usr/local/bin\n"
        ),
    );
    let arm = push(
        &format!("{registry}/base:arm"),
        &["linux/arm64"],
        "FROM scratch\nCOPY <<x /x\nfile\nx\n",
    );
    let triggers = push(
        &format!("{registry}/base:triggers"),
        &[],
        &format!("FROM {NEWER_DEBIAN}\nONBUILD ENV B=1\n"),
    );

    let ready = Ready::at(&registry, &["api"], &old, "");
    ready.program("api", &file_of(NEWER_DEBIAN, "/usr/bin/sed"));
    ready.bake("latest", &[]);
    let published = ready.platforms("api", "latest");
    let refused = |base: &str, code: &str, why: &str| {
        let ran = ready.run(&["rebase", "--base", base]);
        assert!(
            ran.said().contains(code) && ran.said().contains(why),
            "{base}: {ran}"
        );
        assert_eq!(ready.platforms("api", "latest"), published, "{base}");
        assert!(
            ready.workspace.read("bakehouse.toml").contains(&old),
            "{base}"
        );
    };
    refused(&older, "rebase-refused", "needs GLIBC_2.38");
    refused(&bare, "rebase-refused", "another C library, or none");
    refused(&other, "rebase-refused", "the new base is other");
    refused(&linked, "rebase-refused", "/usr/local/bin");
    refused(&arm, "rebase-refused", "has no linux/amd64");
    refused(&triggers, "rebase-refused", "ONBUILD");
    refused(tagged(&good), "config-value", "no digest");
    refused(&old, "config-value", "both the old base and the new one");
    let nowhere = format!("{registry}/none:1@sha256:{}", "0".repeat(64));
    refused(&nowhere, "base-unknown", "is not in its registry");
    refused(
        "127.0.0.1:1/a@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "registry-failed",
        "127.0.0.1:1",
    );

    // The layers are not those of the base that the checkout names.
    ready.workspace.replace("bakehouse.toml", &old, &older);
    let hash = ready.hash("api");
    ready.workspace.replace("bakehouse.toml", &older, &old);
    ready.bake_as("latest", &[], |_| Some(hash.clone()));
    ready.workspace.replace("bakehouse.toml", &old, &older);
    let ran = ready.run(&["rebase", "--base", &good]).exited(1);
    ran.says("rebase-refused")
        .says("layers do not begin with those of the old base");
    ready.workspace.replace("bakehouse.toml", &older, &old);

    // Another checkout, no label, no image.
    let rows: [(Option<&str>, &str); 2] = [
        (Some("0000000000000000"), "was built from something else"),
        (None, "has no label dev.bakehouse.input-hash"),
    ];
    for (hash, why) in rows {
        ready.bake_as("latest", &[], |_| hash.map(str::to_owned));
        let ran = ready.run(&["rebase", "--base", &good]).exited(1);
        ran.says("rebase-refused").says(why);
    }
    let ran = ready
        .run(&["rebase", "--base", &good, "--tag", "none"])
        .exited(1);
    ran.says("image-unknown").says("api:none");

    // Packages are installed for their base.
    ready
        .workspace
        .append("bakehouse.toml", "packages = [\"ca-certificates\"]\n");
    let ran = ready.run(&["rebase", "--base", &good]).exited(1);
    ran.says("rebase-refused")
        .says("the packages ca-certificates");

    // Where all holds, it is done.
    ready
        .workspace
        .replace("bakehouse.toml", "packages = [\"ca-certificates\"]\n", "");
    ready.bake("latest", &[]);
    ready
        .run(&["rebase", "--base", &good])
        .succeeded()
        .prints("rebased");
    assert_eq!(platforms(&ready.name("api", "latest")).len(), 1);
    assert!(registry.starts_with(&runner::registry()));
}
