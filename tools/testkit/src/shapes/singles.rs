//! A plain workspace with one addition, for each possible addition.

use super::shape::{
    Asked, Flavour, Member, Odd, Part, Patched, Place, Reader, Reference, Seat, Setting, Shape,
    Source, Standing, ToolchainFile, Unify, Where,
};

impl Shape {
    /// Returns the shape of two services that share a library, with nothing special.
    pub fn plain() -> Self {
        Self {
            nested: false,
            root: false,
            star: false,
            services: 2,
            libraries: 1,
            edges: 0b1001_0000,
            edition: 2024,
            resolver: Some(3),
            inherits: false,
            listed: true,
            mount: false,
            unify: Unify::Services,
            toolchain: ToolchainFile::Toml,
            source: Source::Registry,
            parts: Vec::new(),
        }
    }

    /// Describes how it differs from the plain shape.
    pub fn told(&self) -> String {
        let plain = Self::plain();
        let mut words = Vec::new();
        let mut word = |differs: bool, told: String| words.extend(differs.then_some(told));
        word(self.nested, "nested".to_owned());
        word(self.root, "root package".to_owned());
        word(self.star, "members = *".to_owned());
        word(
            self.services != plain.services || self.libraries != plain.libraries,
            format!("{} services, {} libraries", self.services, self.libraries),
        );
        word(
            self.edition != plain.edition || self.resolver != plain.resolver,
            format!("edition {}, resolver {:?}", self.edition, self.resolver),
        );
        word(self.inherits, "inherits".to_owned());
        word(!self.listed, "no services listed".to_owned());
        word(self.mount, "strategy mount".to_owned());
        word(self.unify != plain.unify, "unify each".to_owned());
        word(
            self.toolchain != plain.toolchain,
            format!("toolchain {:?}", self.toolchain),
        );
        word(self.source != plain.source, format!("{:?}", self.source));
        words.extend(self.parts.iter().map(|part| format!("{part:?}")));
        words.join("; ")
    }
}

/// Returns all single additions, in a stable order.
pub fn singles() -> Vec<Shape> {
    let plain = Shape::plain();
    let mut all = vec![plain.clone()];
    let mut add = |change: &dyn Fn(&mut Shape)| {
        let mut shape = plain.clone();
        change(&mut shape);
        all.push(shape);
    };
    add(&|shape| shape.nested = true);
    add(&|shape| shape.root = true);
    add(&|shape| (shape.root, shape.services, shape.libraries) = (true, 0, 0));
    add(&|shape| shape.star = true);
    add(&|shape| (shape.star, shape.edges) = (true, plain.edges | 1 << 15));
    add(&|shape| shape.inherits = true);
    add(&|shape| shape.listed = false);
    add(&|shape| shape.mount = true);
    add(&|shape| shape.unify = Unify::Each);
    add(&|shape| (shape.edition, shape.resolver) = (2018, None));
    add(&|shape| shape.resolver = Some(1));
    for toolchain in [ToolchainFile::Plain, ToolchainFile::Both] {
        add(&|shape| shape.toolchain = toolchain);
    }
    for source in [
        Source::Vendor { sums: false },
        Source::Vendor { sums: true },
        Source::Local,
        Source::Mirror,
    ] {
        add(&|shape| shape.source = source);
    }
    for part in parts() {
        let above = match part {
            Part::Input { place, .. } => place == Place::Above,
            Part::Path { at, .. } => at == Standing::Above,
            Part::Config { at, .. } => at == Where::Above,
            _ => false,
        };
        add(&|shape| {
            shape.nested = above;
            shape.parts.push(part);
        });
        // A package at the root of its workspace is a separate case.
        if matches!(part, Part::Input { .. } | Part::Target { .. }) && !above {
            add(&|shape| {
                shape.root = true;
                shape.parts.push(part);
            });
        }
    }
    all
}

fn parts() -> Vec<Part> {
    let seat = Seat(0);
    let mut all = vec![
        Part::OwnManifest { seat },
        Part::Version { seat },
        Part::Macro { seat },
        Part::Registry { seat },
        Part::TwoVersions { seat },
        Part::OtherRegistry { seat },
        Part::PatchGit { seat },
        Part::VendoredGit { seat },
        Part::TwoSources { seat },
        Part::Metadata { seat },
        Part::SameName { seat },
        Part::Links { seat },
        Part::Profile { seat },
        Part::Development { seat },
    ];
    for place in Place::ALL {
        let readers = Reader::ALL.into_iter();
        all.extend(readers.map(|reader| Part::Input {
            seat,
            place,
            reader,
        }));
    }
    all.extend(Standing::ALL.map(|at| Part::Path { seat, at }));
    let reference = Reference::Default;
    all.extend(Flavour::ALL.map(|flavour| Part::Git {
        seat,
        flavour,
        reference,
    }));
    let flavour = Flavour::Plain;
    let named = Reference::ALL.into_iter().skip(1);
    all.extend(named.map(|reference| Part::Git {
        seat,
        flavour,
        reference,
    }));
    all.extend(Patched::ALL.map(|by| Part::Patch { seat, by }));
    for at in Where::ALL {
        let settings = Setting::ALL.into_iter();
        all.extend(settings.map(|setting| Part::Config { seat, at, setting }));
    }
    all.extend(Asked::ALL.map(|asked| Part::Feature { seat, asked }));
    all.extend(Odd::ALL.map(|odd| Part::Target { seat, odd }));
    all.push(Part::Target {
        seat: Seat(1),
        odd: Odd::BinaryElsewhere,
    });
    all.extend([true, false].map(|built| Part::TargetDependency { seat, built }));
    all.extend(Member::ALL.map(Part::Unused));
    all
}
