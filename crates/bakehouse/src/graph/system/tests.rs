use super::*;

#[test]
fn the_table_is_sorted_and_its_lists_are() {
    let text = include_str!("needs.toml");
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let names: Vec<&str> = names.collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{}", names.join(" "));
    assert_eq!(names.len(), TABLE.len());
    for (name, row) in &*TABLE {
        let lists = [
            &row.debian.build,
            &row.debian.run,
            &row.alpine.build,
            &row.alpine.run,
            &row.brought_by,
            &row.brought_by_feature,
            &row.provided_by,
            &row.through,
            &row.not_for,
        ];
        for list in lists {
            assert!(
                list.is_sorted_by(|a, b| a < b),
                "{name}: {}",
                list.join(" ")
            );
        }
        assert_eq!(
            row.debian.build.is_empty(),
            row.alpine.build.is_empty(),
            "{name}"
        );
        // Debian's slim image has the library of C++.
        let alpine = row.alpine.run.iter();
        let alpine = alpine.filter(|package| *package != "libstdc++");
        assert_eq!(row.debian.run.is_empty(), alpine.count() == 0, "{name}");
        assert_eq!(
            row.brought_by.is_empty(),
            row.brought_by_feature.is_empty(),
            "{name}"
        );
    }
}
