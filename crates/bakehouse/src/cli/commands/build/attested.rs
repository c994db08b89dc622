//! The attestations that the environment asks for, and the program that makes them.

/// The variables that ask for attestations.
const VARIABLES: [&str; 2] = ["PROVENANCE", "SBOM"];

/// The program that makes the attestations that the environment asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attested {
    No,
    /// BuildKit, in each bake. An image that exists may have none.
    ByBake,
    /// This one, after the push.
    Afterwards(Kinds),
}

/// The attestations of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    pub provenance: bool,
    pub sbom: bool,
}

impl Kinds {
    /// Returns whether there is one.
    pub fn any(self) -> bool {
        self.provenance || self.sbom
    }
}

impl Attested {
    /// Reads the environment. BuildKit makes attestations of images that no registry gets, of which the input hash does
    /// not say what is in them, or of which something is asked that it alone can do.
    pub fn of(push: bool, certain: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let [provenance, sbom] = VARIABLES.map(|name| variable(name).unwrap_or_default());
        if provenance.is_empty() && sbom.is_empty() {
            return Self::No;
        }
        let plain = matches!(&*provenance, "" | "min" | "max") && matches!(&*sbom, "" | "true");
        match push && certain && plain {
            true => Self::Afterwards(Kinds {
                provenance: !provenance.is_empty(),
                sbom: !sbom.is_empty(),
            }),
            false => Self::ByBake,
        }
    }

    /// Returns the variables that a bake must not see.
    pub fn emptied(self) -> &'static [&'static str] {
        match self {
            Self::Afterwards(_) => &VARIABLES,
            Self::No | Self::ByBake => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_input_hash_does_not_cover_is_left_to_the_bake() {
        let after = |provenance, sbom| Attested::Afterwards(Kinds { provenance, sbom });
        let table = [
            ("", "", true, true, Attested::No),
            ("", "", false, false, Attested::No),
            ("max", "", true, true, after(true, false)),
            ("min", "true", true, true, after(true, true)),
            ("", "true", true, true, after(false, true)),
            ("max", "true", false, true, Attested::ByBake),
            ("max", "true", true, false, Attested::ByBake),
            ("max", "example.com/scanner:1", true, true, Attested::ByBake),
            ("max,builder-id=x", "true", true, true, Attested::ByBake),
        ];
        for (provenance, sbom, push, certain, expected) in table {
            let variable = |name: &str| {
                let value = if name == "SBOM" { sbom } else { provenance };
                Some(value.to_owned())
            };
            let found = Attested::of(push, certain, variable);
            assert_eq!(found, expected, "{provenance} {sbom} {push} {certain}");
            let is_empty = found.emptied().is_empty();
            assert_eq!(is_empty, !matches!(found, Attested::Afterwards(_)));
        }
    }
}
