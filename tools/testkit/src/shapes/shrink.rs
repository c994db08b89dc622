//! Reduction of shapes.

use super::shape::{Shape, Source, ToolchainFile, Unify};

impl Shape {
    /// Returns shapes that are this one with something removed, the largest reductions first.
    pub fn smaller(&self) -> Vec<Self> {
        let mut all = Vec::new();
        let mut add = |change: &dyn Fn(&mut Self)| {
            let mut less = self.clone();
            change(&mut less);
            if less != *self && less.services + usize::from(less.root) > 0 && !all.contains(&less) {
                all.push(less);
            }
        };
        for at in 0..self.parts.len() {
            add(&|shape| {
                shape.parts.remove(at);
            });
        }
        add(&|shape| shape.source = Source::Registry);
        add(&|shape| shape.libraries = shape.libraries.saturating_sub(1));
        add(&|shape| shape.services = shape.services.saturating_sub(1));
        add(&|shape| shape.nested = false);
        add(&|shape| shape.star = false);
        add(&|shape| {
            shape.services += usize::from(shape.root);
            shape.root = false;
        });
        add(&|shape| shape.inherits = false);
        add(&|shape| shape.mount = false);
        add(&|shape| shape.unify = Unify::Services);
        add(&|shape| shape.toolchain = ToolchainFile::Toml);
        add(&|shape| shape.listed = true);
        add(&|shape| {
            shape.edition = 2024;
            shape.resolver = Some(3);
        });
        add(&|shape| shape.edges = 0);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::choose::shape;

    #[test]
    fn whatever_fails_shrinks_to_an_end() {
        for seed in 0..100 {
            let mut shape = shape(seed);
            let mut steps = 0;
            while let Some(less) = shape.smaller().into_iter().next() {
                shape = less;
                steps += 1;
                assert!(steps < 40, "seed {seed}");
            }
            assert!(shape.parts.is_empty());
        }
    }
}
