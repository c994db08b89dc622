use std::sync::Arc;

use attune_common::Event;

use crate::App;

/// Takes back executions whose lease has expired. Checks four times per lease.
pub(crate) async fn watch(app: Arc<App>) {
    let mut timer = tokio::time::interval(app.lease / 4);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut reachable = true;
    loop {
        timer.tick().await;
        let expired = match app.api.expire().await {
            Ok(expired) => expired,
            Err(error) => {
                // Logged once per outage, not once per attempt.
                if std::mem::replace(&mut reachable, false) {
                    tracing::warn!(%error, "cannot take lost executions back; trying on");
                }
                continue;
            }
        };
        reachable = true;
        for execution in expired {
            tracing::warn!(
                id = %execution.id,
                action = execution.action,
                worker = execution.worker,
                status = %execution.status,
                "a worker fell silent"
            );
            let event = Event::of_execution(&execution, execution.status, "executor");
            app.notifier.tell(&event).await;
        }
    }
}
