use attune_common::packs::Packs;
use attune_http::{HttpError, Json, Path};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use crate::App;

pub(super) async fn list(State(app): State<App>) -> Json<Packs> {
    Json(app.packs.load().await)
}

pub(super) async fn one(State(app): State<App>, Path(reference): Path<String>) -> Response {
    let packs = app.packs.load().await;
    match packs.packs.into_iter().find(|p| p.reference == reference) {
        Some(pack) => Json(pack).into_response(),
        None => HttpError::not_found(format!(
            "there is no usable pack \"{reference}\"; GET /packs lists packs and problems"
        ))
        .into_response(),
    }
}
