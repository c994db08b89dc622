use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// A child's process group. Dropping it kills the remaining processes of the group.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    pub fn led_by(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// Sends SIGTERM to the group.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGKILL to the group.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Fails only if the group no longer exists, which is the goal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
