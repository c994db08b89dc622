//! The sources of a library: structs, code that uses them, and the values of its dependencies.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::identifier;
use super::random::Random;
use super::third_party::{SOMETIMES, ThirdParty};

const SUBJECTS: [&str; 12] = [
    "Account",
    "Batch",
    "Customer",
    "Delivery",
    "Invoice",
    "Order",
    "Payment",
    "Product",
    "Shipment",
    "Ticket",
    "Vehicle",
    "Warehouse",
];
const ASPECTS: [&str; 6] = ["Draft", "Event", "Line", "Record", "State", "Summary"];

/// Name, type, an expression of `seed`, and an expression of `self` that is a `u64`.
const FIELDS: [[&str; 4]; 10] = [
    ["amount", "u64", "seed % 10_000", "self.amount"],
    [
        "attributes",
        "BTreeMap<String, String>",
        "(0..seed % 3).map(|n| (format!(\"key-{n}\"), n.to_string())).collect()",
        "self.attributes.len() as u64",
    ],
    ["code", "u32", "(seed % 97) as u32", "u64::from(self.code)"],
    [
        "created",
        "u64",
        "1_700_000_000 + seed % 1_000",
        "self.created % 60",
    ],
    [
        "name",
        "String",
        "format!(\"name-{seed}\")",
        "self.name.len() as u64",
    ],
    [
        "note",
        "Option<String>",
        "(seed % 2 == 0).then(|| format!(\"note {seed}\"))",
        "self.note.as_ref().map_or(0, |note| note.len() as u64)",
    ],
    ["open", "bool", "seed % 3 == 0", "u64::from(self.open)"],
    [
        "parent",
        "Option<u64>",
        "seed.checked_sub(7)",
        "self.parent.unwrap_or_default() % 11",
    ],
    [
        "scores",
        "Vec<i64>",
        "(0..seed as i64 % 5).collect()",
        "self.scores.iter().map(|score| score.unsigned_abs()).sum()",
    ],
    [
        "tags",
        "Vec<String>",
        "(0..seed % 4).map(|n| format!(\"tag-{n}\")).collect()",
        "self.tags.iter().map(|tag| tag.len() as u64).sum()",
    ],
];

/// Returns the third-party crates that the member `name` uses in addition to those that all members have.
pub fn third_party(seed: u64, name: &str, most: usize) -> Vec<(&'static ThirdParty, &'static str)> {
    let mut random = Random::new(seed, &format!("{name}/crates"));
    let count = random.between(1, most);
    let chosen: BTreeSet<usize> = (0..count)
        .map(|_| random.between(0, SOMETIMES.len() - 1))
        .collect();
    chosen
        .into_iter()
        .map(|index| {
            let third_party = &SOMETIMES[index];
            (third_party, *random.pick(third_party.member))
        })
        .collect()
}

/// Returns `src/lib.rs`: the value that tests edit, and the combined result of all parts.
pub fn root(name: &str, value: &str, needs: &BTreeSet<String>) -> String {
    let mutable = if needs.is_empty() { "" } else { "mut " };
    let mut text = format!(
        "//! The library `{name}` of a synthetic workspace.\n\npub mod models;\npub mod store;\npub mod tools;\n\n\
         use std::collections::BTreeMap;\n\n/// What this library says of itself.\npub const VALUE: &str = \"{value}\";\n\n\
         /// The values of this library and of all that it depends on, by name.\n\
         pub fn values() -> BTreeMap<&'static str, &'static str> {{\n    \
         let {mutable}values = BTreeMap::from([(\"{name}\", VALUE)]);\n"
    );
    for need in needs {
        let _ = writeln!(text, "    values.extend({}::values());", identifier(need));
    }
    let _ = write!(
        text,
        "    values\n}}\n\n/// Runs through everything here once; the number only shows that it ran.\n\
         pub fn exercise(seed: u64) -> u64 {{\n    let {mutable}sum = models::exercise(seed) ^ tools::exercise(seed);\n"
    );
    for need in needs {
        let _ = writeln!(
            text,
            "    sum = sum.wrapping_add({}::VALUE.len() as u64);",
            identifier(need)
        );
    }
    text += "    sum\n}\n";
    text
}

/// Returns `src/models.rs`: 3 to 6 structs.
pub fn models(seed: u64, name: &str) -> String {
    let mut random = Random::new(seed, &format!("{name}/models"));
    let count = random.between(3, 6);
    let first = random.between(0, SUBJECTS.len() * ASPECTS.len() - 1);
    let names: Vec<String> = (first..first + count)
        .map(|n| {
            let subject = SUBJECTS[n % SUBJECTS.len()];
            let aspect = ASPECTS[(n / SUBJECTS.len()) % ASPECTS.len()];
            format!("{subject}{aspect}")
        })
        .collect();
    let models: String = names.iter().map(|name| model(&mut random, name)).collect();
    let maps = if models.contains("BTreeMap") {
        "use std::collections::BTreeMap;\n\n"
    } else {
        ""
    };
    let mut text = format!(
        "//! What this library is about.\n\n{maps}use serde::{{Deserialize, Serialize}};\n\n\
         use crate::store::{{Store, Weigh}};\n{models}"
    );
    text += "\n/// Makes some of each kind, stores those of two, and writes and reads one.\npub fn exercise(seed: u64) -> u64 {\n    let mut sum = 0u64;\n";
    for (index, name) in names.iter().enumerate() {
        // A type adds half a second in a store and as much in serde_json. With a few types, a library is of usual size.
        let done = match index {
            0 => format!("Store::filled(seed, {name}::sample).round_trip()"),
            1 => format!("Store::filled(seed, {name}::sample).total()"),
            _ => format!("{name}::sample(seed).weight()"),
        };
        let _ = writeln!(text, "    sum = sum.wrapping_add({done});");
    }
    text += "    sum\n}\n";
    text
}

fn model(random: &mut Random, name: &str) -> String {
    let mut fields = vec![];
    while fields.len() < 3 {
        fields = FIELDS.iter().filter(|_| random.chance(40)).collect();
    }
    let mut text = format!(
        "\n#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\npub struct {name} {{\n"
    );
    for [field, kind, ..] in &fields {
        let _ = writeln!(text, "    pub {field}: {kind},");
    }
    let _ = write!(
        text,
        "}}\n\nimpl {name} {{\n    pub fn sample(seed: u64) -> Self {{\n        Self {{\n"
    );
    for [field, _, sample, _] in &fields {
        let _ = writeln!(text, "            {field}: {sample},");
    }
    let factor = random.between(2, 99);
    let _ = write!(
        text,
        "        }}\n    }}\n}}\n\nimpl Weigh for {name} {{\n    fn weight(&self) -> u64 {{\n        \
         let parts: [u64; {}] = [\n",
        fields.len()
    );
    for [.., weight] in &fields {
        let _ = writeln!(text, "            {weight},");
    }
    let _ = write!(
        text,
        "        ];\n        parts.iter().fold({factor}, |sum, part| sum.wrapping_mul({factor}).wrapping_add(*part))\n    }}\n}}\n"
    );
    text
}

/// Returns `src/store.rs`: the generic part, compiled once for each struct.
pub fn store() -> String {
    STORE.to_owned()
}

const STORE: &str = "//! A store of anything that can be weighed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Has a weight.
pub trait Weigh {
    fn weight(&self) -> u64;
}

/// Items in order of weight.
#[derive(Clone, Debug, Default)]
pub struct Store<T> {
    items: Vec<T>,
}

impl<T: Weigh> Store<T> {
    pub fn filled(seed: u64, make: impl Fn(u64) -> T) -> Self {
        let mut store = Self { items: Vec::new() };
        (seed..seed + 8).for_each(|n| store.insert(make(n)));
        store
    }

    pub fn insert(&mut self, item: T) {
        let place = self.items.partition_point(|other| other.weight() <= item.weight());
        self.items.insert(place, item);
    }

    pub fn heaviest(&self) -> Option<&T> {
        self.items.iter().max_by_key(|item| item.weight())
    }

    pub fn by_weight(&self, classes: u64) -> BTreeMap<u64, Vec<&T>> {
        let mut groups: BTreeMap<u64, Vec<&T>> = BTreeMap::new();
        for item in &self.items {
            groups.entry(item.weight() % classes).or_default().push(item);
        }
        groups
    }

    /// The sum of all weights.
    pub fn total(&self) -> u64 {
        let groups = self.by_weight(3).len() as u64;
        let heaviest = self.heaviest().map_or(0, Weigh::weight);
        self.items.iter().fold(groups ^ heaviest, |sum, item| sum.wrapping_add(item.weight()))
    }
}

impl<T: Weigh + PartialEq + Serialize + DeserializeOwned> Store<T> {
    /// Writes all items and reads them back; the sum of their weights.
    pub fn round_trip(&self) -> u64 {
        let text = serde_json::to_string(&self.items).unwrap_or_default();
        let read: Vec<T> = serde_json::from_str(&text).unwrap_or_default();
        assert!(read == self.items);
        self.total()
    }
}
";

/// Returns `src/tools.rs`: a use of each third-party crate.
pub fn tools(third_party: &[(&ThirdParty, &str)]) -> String {
    let mut text = String::from("//! What other people's crates are used for.\n");
    for (crate_, _) in third_party {
        let _ = write!(
            text,
            "\npub fn with_{}(text: &str, seed: u64) -> u64 {{\n    {}\n}}\n",
            crate_.name, crate_.body
        );
    }
    text += "\npub fn exercise(seed: u64) -> u64 {\n    let text = format!(\"deadbeef {seed}\");\n    let mut sum = 0u64;\n";
    for (crate_, _) in third_party {
        let _ = writeln!(
            text,
            "    sum = sum.wrapping_add(with_{}(&text, seed));",
            crate_.name
        );
    }
    text += "    sum\n}\n";
    text
}
