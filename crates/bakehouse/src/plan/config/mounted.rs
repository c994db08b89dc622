//! Checks of the folders that Compose mounts into a service: its working folder, and those of packs. A mount hides what
//! the image has there.

use camino::{Utf8Path, Utf8PathBuf};

use super::check::Check;
use super::occupied::{Occupant, PACKS, Thing};
use super::raw::{RawConfig, RawService};
use super::spanned::Spanned;
use crate::problem::Code;

/// The folders that the engine mounts into every container.
const OF_KERNEL: [&str; 3] = ["/dev", "/proc", "/sys"];

/// The folder that is in memory with each `state`.
const TEMPORARY: &str = "/tmp";

impl Check<'_> {
    /// Reports mounts of `service` that cannot be, or that hide something of its image.
    pub(super) fn mounted(&mut self, raw: &RawConfig, service: &RawService, all: &[Occupant]) {
        self.kernel_hides(all);
        let state = service.state.as_ref();
        let workdir = all.iter().find(|one| matches!(one.thing, Thing::Workdir));
        if let (Some(state), Some(workdir)) = (state, workdir)
            && ["volume", "memory"].contains(&state.as_ref().as_str())
        {
            self.state_mount(state, workdir, all);
            self.in_packs(raw, service, state, workdir);
        }
        if is_used(raw, service) {
            self.packs_hide(raw, state.is_some(), all);
        }
    }

    /// Reports shipped files that no container shows.
    fn kernel_hides(&mut self, all: &[Occupant]) {
        let shipped = all
            .iter()
            .filter(|one| matches!(one.thing, Thing::Shipped(_)));
        for one in shipped {
            let mut folders = OF_KERNEL.iter();
            let Some(folder) = folders.find(|folder| one.path.starts_with(folder)) else {
                continue;
            };
            let message = format!(
                "{} goes to {}, and each container has a {folder} of its own",
                one.thing.name(),
                one.path
            );
            let places = [one.place.clone(), None];
            self.two_places(Code::ConfigValue, message, places, "give it another path");
        }
    }

    /// Reports a working folder that cannot be a volume or in memory.
    fn state_mount(&mut self, state: &Spanned<String>, workdir: &Occupant, all: &[Occupant]) {
        let folder = &workdir.path;
        let places = [Some(state.span()), workdir.place.clone()];
        let is = match state.as_ref().as_str() {
            "memory" => "in memory",
            _ => "a volume",
        };
        let why = if folder == "/" {
            Some("it is the root of the file system".to_owned())
        } else if folder == TEMPORARY {
            Some("it is in memory with each `state`".to_owned())
        } else {
            let mut of_kernel = OF_KERNEL.iter();
            let inside = |of_kernel: &&&str| folder.starts_with(of_kernel) && folder != "/dev/shm";
            let found = of_kernel.find(inside);
            found.map(|found| format!("each container has a {found} of its own"))
        };
        if let Some(why) = why {
            self.two_places(
                Code::ConfigValue,
                format!("the working folder {folder} cannot be {is}: {why}"),
                places,
                "name another folder with `workdir`, or leave `state` out",
            );
            return;
        }
        let inside = all.iter().filter(|one| one.path.starts_with(folder));
        for one in inside {
            let shipped = matches!(one.thing, Thing::Shipped(_));
            let name = one.thing.name();
            let message = match is {
                "in memory" if shipped || one.thing.is_built() => format!(
                    "the working folder {folder} is empty at each start, and {name} lies in it, at {}",
                    one.path
                ),
                "a volume" if one.thing.is_built() => format!(
                    "the working folder {folder} keeps what the first image has there, and {name} lies in it, at {}",
                    one.path
                ),
                _ => continue,
            };
            self.two_places(
                Code::ConfigValue,
                message,
                [places[0].clone(), one.place.clone()],
                "name another folder with `workdir`, or another `state`",
            );
        }
    }

    /// Reports a working folder of its own in a folder of packs.
    fn in_packs(
        &mut self,
        raw: &RawConfig,
        service: &RawService,
        state: &Spanned<String>,
        workdir: &Occupant,
    ) {
        let packs = packs_folder(raw);
        let edited = Utf8PathBuf::from(format!("{packs}.dev"));
        let has_edited = raw.runtime.packs_dev.is_some() && mounts_packs(service);
        let mut mounts = [
            is_used(raw, service).then_some(packs),
            has_edited.then_some(edited),
        ]
        .into_iter()
        .flatten();
        if let Some(packs) = mounts.find(|packs| workdir.path.starts_with(packs)) {
            self.two_places(
                Code::ConfigValue,
                format!(
                    "the working folder {} lies in {packs}, where Compose mounts packs",
                    workdir.path
                ),
                [Some(state.span()), workdir.place.clone()],
                "name another folder with `workdir`, or leave `state` out",
            );
        }
    }

    /// Reports a folder of packs that cannot be mounted, and what its mount hides.
    fn packs_hide(&mut self, raw: &RawConfig, has_state: bool, all: &[Occupant]) {
        let packs = packs_folder(raw);
        let place = raw.runtime.packs.as_ref().map(Spanned::span);
        let impossible = packs == "/"
            || has_state && packs == TEMPORARY
            || OF_KERNEL.iter().any(|folder| packs.starts_with(folder));
        if impossible {
            self.two_places(
                Code::ConfigValue,
                format!("packs cannot be mounted at {packs}"),
                [place, None],
                "name a folder of their own",
            );
            return;
        }
        for one in all.iter().filter(|one| one.path.starts_with(&packs)) {
            if one.thing.is_built() || matches!(one.thing, Thing::Shipped(_)) {
                self.two_places(
                    Code::ConfigValue,
                    format!(
                        "{} lies at {}, and Compose mounts packs over {packs}",
                        one.thing.name(),
                        one.path
                    ),
                    [one.place.clone(), place.clone()],
                    "give it another path, or write `packs = \"none\"`",
                );
            }
        }
    }
}

/// Returns whether Compose mounts the packs of the configuration into a service.
fn is_used(raw: &RawConfig, service: &RawService) -> bool {
    !raw.packs.is_empty() && mounts_packs(service)
}

fn mounts_packs(service: &RawService) -> bool {
    let packs = service.packs.as_ref();
    packs.is_none_or(|packs| packs.as_ref() != "none")
}

fn packs_folder(raw: &RawConfig) -> Utf8PathBuf {
    let written = raw.runtime.packs.as_ref();
    let path = written.map_or(PACKS, |path| path.as_ref());
    Utf8Path::new(path).components().collect()
}
