//! Generator of random models.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Crate, Member, Model, Service};

pub fn any_model() -> impl Strategy<Value = Model> {
    let members = proptest::collection::vec(any_bits(), 2..6);
    let crates = proptest::collection::vec(any_bits(), 1..6);
    let services = proptest::collection::vec(any_bits(), 1..4);
    (members, crates, services, any::<bool>()).prop_map(|(members, crates, services, each)| {
        let services: Vec<Service> = services
            .into_iter()
            .map(|bits| Service {
                extra: bits.flag(0),
                pack: bits.flag(1),
                ..Service::of(bits.number(members.len()))
            })
            .collect();
        let crates_count = crates.len();
        let member = |(index, bits): (usize, Bits)| {
            let needs = bits.subset(0, index);
            let others: Vec<usize> = (0..index).filter(|other| !needs.contains(other)).collect();
            let built = services.iter().any(|service| service.member == index);
            Member {
                optional: others.get(bits.number(8)).copied(),
                crates: bits.subset(1, crates_count),
                feature: bits.flag(0),
                inherited: bits.flag(1),
                extra: bits.flag(2) && bits.flag(3),
                // Services are built only from members.
                foreign: bits.flag(4) && !built,
                needs,
                ..Member::plain(index)
            }
        };
        Model {
            members: members.into_iter().enumerate().map(member).collect(),
            crates: crates
                .into_iter()
                .enumerate()
                .map(|(index, bits)| Crate {
                    needs: bits.subset(0, index),
                    patched: (bits.flag(0) && bits.flag(1)).then_some(0),
                    patch: 0,
                })
                .collect(),
            services,
            each,
            ..Model::default()
        }
    })
}

/// Random bits from which a thing is generated.
#[derive(Clone, Copy, Debug)]
struct Bits {
    sets: [u32; 2],
    flags: u8,
    number: usize,
}

fn any_bits() -> impl Strategy<Value = Bits> {
    (any::<[u32; 2]>(), any::<u8>(), any::<usize>()).prop_map(|(sets, flags, number)| Bits {
        sets,
        flags,
        number,
    })
}

impl Bits {
    fn flag(self, index: u8) -> bool {
        self.flags >> index & 1 == 1
    }

    fn number(self, below: usize) -> usize {
        self.number % below
    }

    /// Selects a quarter of the possible numbers. Otherwise almost every member would need all others.
    fn subset(self, set: usize, below: usize) -> BTreeSet<usize> {
        let bits = self.sets[set] & self.sets[set] >> 16;
        (0..below).filter(|index| bits >> index & 1 == 1).collect()
    }
}
