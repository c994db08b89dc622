use std::{path::Path, sync::Arc};

use attune_common::packs::{self, Packs};

/// The packs mount. It is read again for every request, so that edits take effect immediately.
#[derive(Clone, Debug)]
pub(crate) struct PacksDir(Arc<Path>);

impl PacksDir {
    pub fn new(dir: &Path) -> Self {
        Self(dir.into())
    }

    pub async fn load(&self) -> Packs {
        let dir = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || packs::load(&dir)).await {
            Ok(packs) => packs,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
