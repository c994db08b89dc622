//! Health checks of services.

use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::config::valid::Health;

/// The anchors of the times and of the script that asks over HTTP.
const TIMES: &str = "healthcheck";
const GET: &str = "http-get";

/// The time from one check to the next, and the time that one may take.
pub const INTERVAL: &str = "10s";
pub const TIMEOUT: &str = "3s";

/// Asks the port `$1` for the path `$2`. Slim bases have neither curl nor wget, but bash can open TCP connections. Its
/// own `printf` writes line by line, and a server that answers the first line and hangs up would end it by a signal.
const SCRIPT: &str = r#"set -e; exec 3<>"/dev/tcp/127.0.0.1/$1"; printf -v request 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r' "$2"; cat <<<"$request" >&3; read -r _ status _ <&3; [ "$status" = 200 ]"#;

/// Returns the keys that the checks of all services share.
pub fn shared(plan: &Plan) -> Vec<(String, Yaml)> {
    let services = plan.services.iter().map(|service| &service.compose);
    let images = plan.images.iter().map(|image| &image.config.compose);
    let checks: Vec<&Health> = services
        .chain(images)
        .filter_map(|compose| compose.health.as_ref())
        .collect();
    let mut shared = Vec::new();
    if !checks.is_empty() {
        let times = Yaml::map([
            ("interval", Yaml::text(INTERVAL)),
            ("timeout", Yaml::text(TIMEOUT)),
            ("start_period", Yaml::text("30s")),
            ("start_interval", Yaml::text("500ms")),
        ]);
        let times = times
            .marked(format!("&{TIMES}"))
            .noted("The times of health checks.");
        shared.push((format!("x-{TIMES}"), times));
    }
    if checks
        .iter()
        .any(|health| matches!(health, Health::Get { .. }))
    {
        let script = Yaml::text(SCRIPT)
            .marked(format!("&{GET}"))
            .noted("Requests a path from a port. Slim bases have no curl, but bash can open TCP connections.");
        shared.push((format!("x-{GET}"), script));
    }
    shared
}

/// Returns the check of one service.
pub fn check(health: &Health) -> Yaml {
    let text = |word: &str| Yaml::text(word);
    let test = match health {
        Health::Get { port, path } => [text("CMD"), text("bash"), text("-c"), Yaml::alias(GET)]
            .into_iter()
            .chain([text(GET), Yaml::text(port.to_string()), text(path)])
            .collect(),
        Health::Command(command) => std::iter::once("CMD")
            .chain(command.iter().map(String::as_str))
            .map(text)
            .collect(),
    };
    Yaml::map([
        ("<<", Yaml::alias(TIMES)),
        ("test", Yaml::Line(Box::new(Yaml::List(test)))),
    ])
}
