//! `docker/compose.yaml`: the services with their packs; and `docker/compose.oci.yaml`, which mounts packs as images.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::Document;
use super::seal::seal;
use super::yaml::Yaml;
use crate::graph::sources::NEVER_SOURCES;
use crate::plan::Plan;
use crate::plan::config::valid::{Health, PacksMount, State, TOOLCHAIN_LABEL};
use crate::plan::pack::Pack;
use crate::plan::service::Service;
use crate::plan::skeleton::MemberSkeleton;

/// The name of the compose file, and of what is laid over it.
pub const COMPOSE: &str = "compose.yaml";
pub const OCI: &str = "compose.oci.yaml";

const INIT: &str = "init-packs";
const VOLUME: &str = "packs_data";

/// The compose files of a plan whose configuration wants them.
pub fn render(plan: &Plan) -> Vec<Document> {
    let document = |name: &str, note: &str, yaml: &Yaml| {
        let note: String = note.lines().map(|line| format!("# {line}\n")).collect();
        Document {
            path: plan.output(name),
            text: seal(&format!("{note}\n{yaml}")),
        }
    };
    let mut documents = vec![document(COMPOSE, &note(plan), &main(plan))];
    if !plan.packs.is_empty() {
        documents.push(document(OCI, &oci_note(plan), &oci(plan)));
    }
    documents
}

fn note(plan: &Plan) -> String {
    format!(
        "Run it as `docker compose -f {} up`. REGISTRY, TAG and the bases are the variables of the Bake file.\n\
        Ports are published on 127.0.0.1, or on the address in BIND; PORT_<SERVICE>_<PORT> is another port of the host.",
        plan.output(COMPOSE)
    )
}

fn oci_note(plan: &Plan) -> String {
    format!(
        "Laid over compose.yaml: packs are images that are mounted, and nothing is copied. Needs Docker Engine 28 or newer.\n\
        Build them with `docker compose -f {} -f {} --profile packs build`.",
        plan.output(COMPOSE),
        plan.output(OCI)
    )
}

fn main(plan: &Plan) -> Yaml {
    let mut document = vec![
        ("name".to_owned(), Yaml::text(project(plan))),
        (
            "x-build".to_owned(),
            build(plan)
                .marked("&build")
                .noted("What all images are built from."),
        ),
        (
            "x-service".to_owned(),
            Yaml::map([
                ("init", Yaml::True),
                ("cap_drop", Yaml::words(["ALL"])),
                ("security_opt", Yaml::words(["no-new-privileges:true"])),
            ])
            .marked("&service")
            .noted("What no service needs, none has."),
        ),
    ];
    let mut services = Vec::new();
    if !plan.packs.is_empty() {
        services.push((INIT.to_owned(), init_packs(plan)));
    }
    let watched = watched(plan);
    services.extend(
        plan.services
            .iter()
            .map(|item| (item.name.to_string(), service(plan, item, &watched))),
    );
    document.push(("services".to_owned(), Yaml::Map(services)));
    let volumes = volumes(plan);
    if !volumes.is_empty() {
        document.push(("volumes".to_owned(), Yaml::Map(volumes)));
    }
    Yaml::Map(document)
}

/// Of characters that Compose allows in the name of a project.
fn project(plan: &Plan) -> String {
    plan.config.name.to_ascii_lowercase()
}

/// A path of the context as the compose file names it.
fn path(plan: &Plan, path: &Utf8Path) -> Yaml {
    Yaml::text(path_text(plan, path))
}

fn path_text(plan: &Plan, path: &Utf8Path) -> String {
    let up = "../".repeat(plan.config.output.folder.components().count());
    let text = format!("{up}{path}");
    text.trim_end_matches('/').to_owned()
}

fn base(variable: &str, default: &str) -> Yaml {
    Yaml::Template(format!("${{{variable}:-{default}}}"))
}

/// The name of an image: as in the Bake file, without a registry where REGISTRY is empty.
fn image(plan: &Plan, name: &str) -> Yaml {
    let registry = match plan.config.registry.as_str() {
        "" => "${REGISTRY:-}${REGISTRY:+/}".to_owned(),
        registry => format!("${{REGISTRY-{registry}/}}${{REGISTRY:+/}}"),
    };
    Yaml::Template(format!("{registry}{name}:${{TAG:-latest}}"))
}

fn build(plan: &Plan) -> Yaml {
    let args = Yaml::map([
        ("BUILDER_BASE", base("BUILDER_BASE", &plan.config.builder)),
        ("RUNTIME_BASE", base("RUNTIME_BASE", &plan.config.runtime)),
        ("SOURCE_DATE_EPOCH", base("SOURCE_DATE_EPOCH", "0")),
    ]);
    Yaml::map([
        ("context", path(plan, Utf8Path::new(""))),
        ("dockerfile", Yaml::text(plan.output("Dockerfile"))),
        ("args", args),
        ("provenance", Yaml::False),
    ])
}

fn init_packs(plan: &Plan) -> Yaml {
    let image = match &plan.config.init {
        Some(image) => Yaml::text(image),
        None => base("RUNTIME_BASE", &plan.config.runtime),
    };
    let mut volumes = vec![bind(Yaml::text("./init-packs.sh"), "/init-packs.sh", true)];
    for pack in &plan.packs {
        volumes.push(bind(
            path(plan, &pack.path),
            &format!("/from/{}", pack.name),
            true,
        ));
    }
    volumes.push(Yaml::line([
        ("type", Yaml::text("volume")),
        ("source", Yaml::text(VOLUME)),
        ("target", Yaml::text("/to")),
    ]));
    let watch = plan.packs.iter().map(|pack| {
        Yaml::line([
            ("path", path(plan, &pack.path)),
            ("action", Yaml::text("restart")),
        ])
    });
    Yaml::map([
        ("<<", Yaml::Alias("service")),
        ("image", image),
        ("user", Yaml::text("0:0")),
        (
            "entrypoint",
            Yaml::words(["sh", "/init-packs.sh", owner(plan)]),
        ),
        ("command", Yaml::words([])),
        ("network_mode", Yaml::text("none")),
        ("read_only", Yaml::True),
        (
            "cap_add",
            Yaml::words(["CHOWN", "DAC_OVERRIDE", "FOWNER"]),
        ),
        ("volumes", Yaml::List(volumes)),
        (
            "develop",
            Yaml::map([("watch", Yaml::List(watch.collect()))]),
        ),
    ])
    .noted("Copies the packs into their volume, and ends. Started again, it copies what changed, and those who use packs start again after it.")
}

/// Whom the volume of packs belongs to: who writes it, if somebody does.
fn owner(plan: &Plan) -> &str {
    let mut services = plan.services.iter();
    let writer = services.find(|service| service.compose.packs == PacksMount::ReadWrite);
    writer.map_or(plan.config.user.as_str(), |service| {
        service.image.user.as_str()
    })
}

fn service(plan: &Plan, service: &Service, watched: &BTreeMap<&Utf8Path, Yaml>) -> Yaml {
    let mut keys = vec![
        ("<<", Yaml::Alias("service")),
        ("image", image(plan, &service.name)),
        ("build", service_build(plan, service)),
    ];
    if let Some(state) = service.compose.state {
        keys.push(("read_only", Yaml::True));
        keys.push((
            "tmpfs",
            Yaml::words(memory(plan, service, state).iter().map(String::as_str)),
        ));
    }
    if !service.image.env.is_empty() {
        let env = service.image.env.iter();
        let env = env.map(|(key, value)| (key.clone(), Yaml::text(value)));
        keys.push(("environment", Yaml::Map(env.collect())));
    }
    if !service.image.ports.is_empty() {
        let ports = service.image.ports.iter();
        let ports = ports.map(|port| published(plan, service, *port));
        keys.push(("ports", Yaml::List(ports.collect())));
    }
    let mut mounts = Vec::new();
    if uses_packs(plan, service) {
        let mut mount = vec![
            ("type", Yaml::text("volume")),
            ("source", Yaml::text(VOLUME)),
            ("target", Yaml::text(plan.config.packs_path.as_str())),
        ];
        if service.compose.packs == PacksMount::ReadOnly {
            mount.push(("read_only", Yaml::True));
        }
        mounts.push(line(mount));
    }
    mounts.extend(own_mounts(plan, service));
    if !mounts.is_empty() {
        keys.push(("volumes", Yaml::List(mounts)));
    }
    let needs = needs(plan, service, uses_packs(plan, service));
    if !needs.is_empty() {
        keys.push(("depends_on", Yaml::Map(needs)));
    }
    if let Some(health) = &service.compose.health {
        keys.push(("healthcheck", healthcheck(health)));
    }
    keys.push((
        "develop",
        Yaml::map([("watch", Yaml::List(watch(plan, service, watched)))]),
    ));
    block(keys).noted(&format!("{} of {}", service.bin, service.package))
}

fn block(keys: Vec<(&str, Yaml)>) -> Yaml {
    let keys = keys.into_iter();
    Yaml::Map(keys.map(|(key, value)| (key.to_owned(), value)).collect())
}

fn line(keys: Vec<(&str, Yaml)>) -> Yaml {
    Yaml::Line(Box::new(block(keys)))
}

/// The labels that the Bake file gives, too, so that both make the same image.
fn service_build(plan: &Plan, service: &Service) -> Yaml {
    let toolchain = plan.toolchain_label();
    let mut labels: Vec<(String, Yaml)> = toolchain
        .map(|toolchain| (TOOLCHAIN_LABEL, toolchain))
        .into_iter()
        .chain([("org.opencontainers.image.title", service.name.as_str())])
        .map(|(key, value)| (key.to_owned(), Yaml::text(value)))
        .collect();
    for (key, value) in service.about.iter().chain(&service.image.labels) {
        labels.retain(|(known, _)| known != key);
        labels.push((key.clone(), Yaml::text(value)));
    }
    labels.sort_by(|(a, _), (b, _)| a.cmp(b));
    Yaml::map([
        ("<<", Yaml::Alias("build")),
        ("target", Yaml::text(&service.name)),
        ("labels", Yaml::Map(labels)),
    ])
}

/// What is in memory.
fn memory(plan: &Plan, service: &Service, state: State) -> Vec<String> {
    let mut folders = vec!["/tmp".to_owned()];
    if state == State::Memory {
        let (uid, gid) = service.image.user.split_once(':').unwrap_or_default();
        folders.push(format!(
            "{}:uid={uid},gid={gid},mode=0750",
            plan.config.workdir
        ));
    }
    folders
}

/// On the same port of the host, or on a free one where several services have that port.
fn published(plan: &Plan, service: &Service, port: u16) -> Yaml {
    let mut services = plan.services.iter();
    let taken =
        services.any(|other| other.name != service.name && other.image.ports.contains(&port));
    let default = if taken {
        String::new()
    } else {
        port.to_string()
    };
    let name = service.name.to_ascii_uppercase().replace('-', "_");
    Yaml::Template(format!(
        "${{BIND:-127.0.0.1}}:${{PORT_{name}_{port}:-{default}}}:{port}"
    ))
}

fn uses_packs(plan: &Plan, service: &Service) -> bool {
    !plan.packs.is_empty() && service.compose.packs != PacksMount::None
}

/// What is mounted beside the packs.
fn own_mounts(plan: &Plan, service: &Service) -> Vec<Yaml> {
    let mut mounts = Vec::new();
    if let Some(folder) = &plan.config.packs_dev
        && service.compose.packs != PacksMount::None
    {
        let target = format!("{}.dev", plan.config.packs_path);
        mounts.push(bind(path(plan, folder), &target, false));
    }
    if service.compose.state == Some(State::Volume) {
        mounts.push(Yaml::line([
            ("type", Yaml::text("volume")),
            ("source", Yaml::text(state_volume(service))),
            ("target", Yaml::text(plan.config.workdir.as_str())),
        ]));
    }
    mounts
}

fn state_volume(service: &Service) -> String {
    format!("{}_state", service.name)
}

/// A folder or file of the host, which has to be there: Docker would make a folder that is root's.
fn bind(source: Yaml, target: &str, read_only: bool) -> Yaml {
    let mut keys = vec![
        ("type", Yaml::text("bind")),
        ("source", source),
        ("target", Yaml::text(target)),
    ];
    if read_only {
        keys.push(("read_only", Yaml::True));
    }
    keys.push(("bind", Yaml::line([("create_host_path", Yaml::False)])));
    line(keys)
}

/// What starts first.
fn needs(plan: &Plan, service: &Service, packs: bool) -> Vec<(String, Yaml)> {
    let mut needs = Vec::new();
    if packs {
        let condition = Yaml::line([
            ("condition", Yaml::text("service_completed_successfully")),
            ("restart", Yaml::True),
        ]);
        needs.push((INIT.to_owned(), condition));
    }
    for name in &service.compose.depends_on {
        let mut services = plan.services.iter();
        let health = services.any(|other| other.name == *name && other.compose.health.is_some());
        let condition = if health {
            "service_healthy"
        } else {
            "service_started"
        };
        needs.push((
            name.into(),
            Yaml::line([("condition", Yaml::text(condition))]),
        ));
    }
    needs
}

/// Slim bases have neither curl nor wget, but bash speaks TCP.
fn healthcheck(health: &Health) -> Yaml {
    let test: Vec<String> = match health {
        Health::Get { port, path } => {
            let script = format!(
                "set -e; exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET {path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3; \
                read -r _ status _ <&3; [ \"$status\" = 200 ]"
            );
            ["CMD", "bash", "-c", &script].map(str::to_owned).into()
        }
        Health::Command(command) => std::iter::once("CMD".to_owned())
            .chain(command.iter().cloned())
            .collect(),
    };
    Yaml::map([
        ("test", Yaml::words(test.iter().map(String::as_str))),
        ("interval", Yaml::text("10s")),
        ("timeout", Yaml::text("3s")),
        ("start_period", Yaml::text("30s")),
        ("start_interval", Yaml::text("500ms")),
    ])
}

/// What builds an image again when it changes, by the folders that services read.
fn watched(plan: &Plan) -> BTreeMap<&Utf8Path, Yaml> {
    let folders = plan.services.iter().flat_map(|service| &service.reads);
    let folders: BTreeSet<&Utf8Path> = folders.map(Utf8PathBuf::as_path).collect();
    let watched = |folder| (folder, rebuild(plan, folder, &ignored(plan, folder)));
    folders.into_iter().map(watched).collect()
}

fn rebuild(plan: &Plan, folder: &Utf8Path, ignored: &[String]) -> Yaml {
    let mut keys = vec![
        ("path", path(plan, folder)),
        ("action", Yaml::text("rebuild")),
    ];
    if !ignored.is_empty() {
        keys.push(("ignore", Yaml::words(ignored.iter().map(String::as_str))));
    }
    line(keys)
}

/// What builds the image again: a change in what it is built from.
fn watch(plan: &Plan, service: &Service, watched: &BTreeMap<&Utf8Path, Yaml>) -> Vec<Yaml> {
    let sources = service.reads.iter();
    let sources = sources.map(|folder| watched[folder.as_path()].clone());
    let skeleton = rebuild(plan, &plan.skeleton_folder(), &[]);
    sources.chain([skeleton]).collect()
}

/// What in a folder no build reads, as in the Dockerfile's ignore file, relative to the folder.
fn ignored(plan: &Plan, folder: &Utf8Path) -> Vec<String> {
    let inside = |path: &Utf8PathBuf| {
        let path = path.strip_prefix(folder).ok()?;
        (!path.as_str().is_empty()).then(|| path.to_string())
    };
    // There are many pairs of a member and a folder, and most have nothing to do with each other.
    let near = |member: &&MemberSkeleton| member.dir.as_str().starts_with(folder.as_str());
    let manifests = plan.skeleton.members.values().filter(near);
    let manifests: Vec<Utf8PathBuf> = manifests.map(|member| member.path("Cargo.toml")).collect();
    let mut ignored: Vec<String> = manifests.iter().filter_map(inside).collect();
    if ignored.is_empty() {
        // No package: a file, or a folder of files that are shipped or declared.
        return ignored;
    }
    ignored.extend(NEVER_SOURCES.map(|name| format!("**/{name}")));
    let back = |path: String| format!("!{path}");
    ignored.extend(plan.kept.iter().filter_map(inside).map(back));
    ignored.extend(plan.left_out.iter().filter_map(inside));
    ignored.extend(plan.put_back.iter().filter_map(inside).map(back));
    ignored
}

fn volumes(plan: &Plan) -> Vec<(String, Yaml)> {
    let packs = (!plan.packs.is_empty()).then(|| VOLUME.to_owned());
    let state = plan
        .services
        .iter()
        .filter(|service| service.compose.state == Some(State::Volume));
    packs
        .into_iter()
        .chain(state.map(state_volume))
        .map(|name| (name, Yaml::Map(Vec::new())))
        .collect()
}

/// The services of the main file, with other mounts.
fn oci(plan: &Plan) -> Yaml {
    let mut services = vec![(INIT.to_owned(), Yaml::Null.marked("!reset"))];
    services.extend(plan.packs.iter().map(|pack| pack_image(plan, pack)));
    for service in plan
        .services
        .iter()
        .filter(|service| uses_packs(plan, service))
    {
        let mut mounts: Vec<Yaml> = plan
            .packs
            .iter()
            .map(|pack| image_mount(plan, pack))
            .collect();
        mounts.extend(own_mounts(plan, service));
        let needs = needs(plan, service, false);
        services.push((
            service.name.to_string(),
            Yaml::map([
                ("depends_on", Yaml::Map(needs).marked("!override")),
                ("volumes", Yaml::List(mounts).marked("!override")),
            ]),
        ));
    }
    Yaml::map([("services", Yaml::Map(services))])
}

/// What builds a pack's image; it is never run.
fn pack_image(plan: &Plan, pack: &Pack) -> (String, Yaml) {
    let name = pack.image();
    let build = Yaml::map([
        ("context", path(plan, &pack.path)),
        (
            "dockerfile_inline",
            Yaml::text("FROM scratch\nCOPY --chmod=u=rwX,go=rX . /\n"),
        ),
        (
            "args",
            Yaml::map([("SOURCE_DATE_EPOCH", base("SOURCE_DATE_EPOCH", "0"))]),
        ),
        ("provenance", Yaml::False),
    ]);
    let service = Yaml::map([
        ("image", image(plan, &name)),
        ("build", build),
        ("profiles", Yaml::words(["packs"])),
    ]);
    (name, service)
}

fn image_mount(plan: &Plan, pack: &Pack) -> Yaml {
    Yaml::line([
        ("type", Yaml::text("image")),
        ("source", image(plan, &pack.image())),
        (
            "target",
            Yaml::text(plan.config.packs_path.join(&pack.name)),
        ),
    ])
}
