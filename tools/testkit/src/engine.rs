//! The Docker Engine, and turns to use it.

use std::fs::File;
use std::process::Command;
use std::sync::LazyLock;

use crate::ran::Ran;
use crate::workspace::repository;

/// The right to bake, across threads and processes.
///
/// Most tests share it: they look at images and at the steps that ran, which a neighbour does not change. A test takes
/// it alone if it measures time, or looks at something that all bakes have in common: the images of the repository
/// itself, the engine's disk or its history.
#[derive(Debug)]
pub struct Turn {
    _lock: File,
}

impl Turn {
    /// Waits until no other test bakes, and keeps others from it.
    ///
    /// # Panics
    /// If no engine answers. A test that needs an engine fails without one, and is never skipped.
    #[track_caller]
    pub fn take() -> Self {
        Self::wait(File::lock)
    }

    /// Waits until no other test has taken the turn alone.
    ///
    /// # Panics
    /// If no engine answers.
    #[track_caller]
    pub fn share() -> Self {
        Self::wait(File::lock_shared)
    }

    /// Who waits keeps the queue locked, so that tests that share cannot overtake one that wants to be alone.
    #[track_caller]
    fn wait(lock: fn(&File) -> std::io::Result<()>) -> Self {
        let locked = |name: &str, lock: fn(&File) -> std::io::Result<()>| {
            let path = std::env::temp_dir().join(name);
            File::create(&path)
                .and_then(|file| lock(&file).map(|()| file))
                .unwrap_or_else(|error| panic!("{} cannot be locked: {error}", path.display()))
        };
        let queue = locked("bakehouse-e2e-queue.lock", File::lock);
        let lock = locked("bakehouse-e2e.lock", lock);
        drop(queue);
        if let Err(said) = &*ANSWER {
            panic!(
                "this test needs a Docker Engine with buildx, and none answers: {said}\n\
                 start one with `tools/engine up`, or point DOCKER_HOST at one"
            );
        }
        Self { _lock: lock }
    }
}

static ANSWER: LazyLock<Result<(), String>> = LazyLock::new(|| {
    for arguments in [&["version"][..], &["buildx", "version"]] {
        match Command::new("docker").args(arguments).output() {
            Ok(output) if output.status.success() => {}
            Ok(output) => return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
});

/// Runs docker, expects success, and returns its output.
///
/// # Panics
/// If it fails.
#[track_caller]
pub fn docker<'a>(arguments: impl IntoIterator<Item = &'a str>) -> String {
    let ran = Ran::of(Command::new("docker").args(arguments)).succeeded();
    ran.stdout.trim().to_owned()
}

/// Builds an image from a Dockerfile without other files.
///
/// # Panics
/// If that fails.
#[track_caller]
pub fn image(name: &str, dockerfile: &str) {
    image_for(name, &[], dockerfile);
}

/// Builds an image for `platforms`, or for the engine's own platform if there are none.
///
/// # Panics
/// If that fails.
#[track_caller]
pub fn image_for(name: &str, platforms: &[&str], dockerfile: &str) {
    let folder = folder_of(dockerfile);
    let path = folder.path().to_str().expect("its name is UTF-8");
    let platforms = platforms.iter().flat_map(|name| ["--platform", name]);
    docker(
        ["buildx", "build", "--quiet", "--tag", name]
            .into_iter()
            .chain(platforms)
            .chain([path]),
    );
}

/// Returns a folder with that Dockerfile and nothing else.
#[track_caller]
pub(crate) fn folder_of(dockerfile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file can be written");
    folder
}

/// Enables the engine to run containers for linux/arm64.
///
/// # Panics
/// If that fails.
#[track_caller]
pub fn emulate_arm64() {
    tool(&["arm64"]);
}

/// Provides base images that the repository's own services do not need.
///
/// # Panics
/// If they are not available.
#[track_caller]
pub fn bases(images: &[&str]) {
    tool(&[&["bases"], images].concat());
}

/// Runs `tools/engine`.
///
/// # Panics
/// If it fails.
#[track_caller]
pub(crate) fn tool(arguments: &[&str]) {
    let tool = repository().join("tools/engine");
    let _ = Ran::of(Command::new(tool).args(arguments)).succeeded();
}

/// Returns the address at which containers reach this machine.
///
/// # Panics
/// If the engine has no such network.
#[track_caller]
pub fn gateway() -> String {
    let format = "{{range .IPAM.Config}}{{.Gateway}}{{end}}";
    docker(["network", "inspect", "bridge", "--format", format])
}
