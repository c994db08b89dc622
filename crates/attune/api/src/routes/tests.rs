use std::{fs, os::unix::fs::PermissionsExt};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::{OPENAPI, router};
use crate::{App, PacksDir, Store};

async fn app() -> (TempDir, Router) {
    let dir = TempDir::new().unwrap();
    let actions = dir.path().join("packs/demo/actions");
    fs::create_dir_all(&actions).unwrap();
    fs::write(
        actions.join("../pack.yaml"),
        "ref: demo\nname: Demo\nversion: 1.0.0\n",
    )
    .unwrap();
    fs::write(
        actions.join("say.yaml"),
        "ref: demo.say\nrunner: shell\nentry_point: say.sh\n\
         parameters: {text: {type: string, required: true}, loud: {type: boolean, default: false}}\n",
    )
    .unwrap();
    fs::write(actions.join("say.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(actions.join("say.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../common/migrations");
    let store = Store::open(&dir.path().join("db"), migrations.as_ref()).await;
    let app = App {
        store: store.unwrap(),
        packs: PacksDir::new(&dir.path().join("packs")),
    };
    (dir, router(app))
}

async fn send(app: &Router, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

#[tokio::test]
async fn an_execution_takes_its_actions_defaults() {
    let (_dir, app) = app().await;
    let new = json!({"action": "demo.say", "parameters": {"text": "hi"}});
    let (status, queued) = send(&app, Method::POST, "/executions", new).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(queued["parameters"], json!({"text": "hi", "loud": false}));
    let path = format!("/executions/{}", queued["id"].as_str().unwrap());
    let (status, found) = send(&app, Method::GET, &path, Value::Null).await;
    assert_eq!((status, &found), (StatusCode::OK, &queued));
    let (_, list) = send(&app, Method::GET, "/executions?status=queued", Value::Null).await;
    assert_eq!(list, json!([queued]));
    let (_, list) = send(&app, Method::GET, "/executions?status=failed", Value::Null).await;
    assert_eq!(list, json!([]));
}

#[tokio::test]
async fn mistakes_are_answered_with_a_reason() {
    let (_dir, app) = app().await;
    for (method, path, body, status, reason) in [
        (
            Method::POST,
            "/executions",
            json!({"action": "demo.no"}),
            422,
            "no usable action",
        ),
        (
            Method::POST,
            "/executions",
            json!({"action": "demo.say"}),
            422,
            "\"text\" is required",
        ),
        (
            Method::POST,
            "/executions",
            json!({"parameters": {}}),
            422,
            "missing field `action`",
        ),
        (
            Method::GET,
            "/executions?limit=0",
            Value::Null,
            400,
            "between 1 and 500",
        ),
        (
            Method::GET,
            "/executions?state=x",
            Value::Null,
            400,
            "unknown field",
        ),
        (Method::GET, "/executions/17", Value::Null, 400, ""),
        (
            Method::GET,
            "/packs/none",
            Value::Null,
            404,
            "no usable pack",
        ),
    ] {
        let (got, answer) = send(&app, method, path, body).await;
        assert_eq!(got.as_u16(), status, "{path}: {answer}");
        let error = answer["error"].as_str().expect(path);
        assert!(error.contains(reason), "{path}: {error}");
    }
}

#[tokio::test]
async fn packs_are_read_anew_for_every_request() {
    let (dir, app) = app().await;
    let (_, packs) = send(&app, Method::GET, "/packs", Value::Null).await;
    assert_eq!(packs["packs"][0]["actions"][0]["ref"], "demo.say");
    fs::remove_file(dir.path().join("packs/demo/actions/say.sh")).unwrap();
    let (_, pack) = send(&app, Method::GET, "/packs/demo", Value::Null).await;
    assert_eq!(pack["actions"], json!([]));
    assert_eq!(pack["problems"][0]["path"], "demo/actions/say.yaml");
}

#[tokio::test]
async fn every_described_route_is_there() {
    let (_dir, app) = app().await;
    let description: Value = serde_json::from_str(OPENAPI).unwrap();
    let id = "00000000-0000-7000-8000-000000000000";
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            // attune-http serves this route for every service.
            if path == "/health" {
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let place = path.replace("{id}", id).replace("{ref}", "demo");
            let (status, answer) = send(&app, method, &place, Value::Null).await;
            let absent = status == StatusCode::METHOD_NOT_ALLOWED
                || (status == StatusCode::NOT_FOUND && answer.is_null());
            assert!(!absent, "{path}: {status}");
        }
    }
}
