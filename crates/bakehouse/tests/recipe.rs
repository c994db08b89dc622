//! The recipe of the input hash. Its number has to change together with the stages: an image that `build` skips must be
//! the one that it would bake.

use bakehouse::plan::hash::RECIPE;

use crate::shop::Shop;

/// Returns the stages and their scripts without comments.
fn stages(strategy: &str, platforms: bool) -> String {
    let shop = if platforms {
        Shop::new()
    } else {
        Shop::native()
    };
    let setting = format!("[cache]\nstrategy = \"{strategy}\"");
    shop.edit("bakehouse.toml", "[cache]", &setting);
    shop.generate();
    let mut scripts: Vec<_> = std::fs::read_dir(shop.path("docker/stages"))
        .unwrap()
        .collect();
    scripts.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
    let scripts = scripts
        .into_iter()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let files = [shop.read("docker/Dockerfile")].into_iter().chain(scripts);
    let plain = |text: String| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    files.flat_map(plain).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_recipe_has_the_number_of_these_stages() {
    let both = |platforms| stages("layer", platforms) + &stages("mount", platforms);
    let all = both(true) + &both(false);
    let sum = &blake3::hash(all.as_bytes()).to_hex()[..16];
    assert_eq!(
        (RECIPE, sum),
        (7, "737cfc41eba988dd"),
        "the stages changed: if the same inputs can give another image now, raise RECIPE in plan/hash.rs; then write the \
        new sum here"
    );
}
