//! What a stored status says about its task. Everything that reads statuses reads them through this.

use super::settings::{StatusLane, StatusSettings};
use super::{
    CANCELLED, CHANGES_REQUESTED, COMPLETED, FAILED, IN_PROGRESS, NOT_STARTED, READY_TO_CODE_REVIEW,
    READY_TO_QA, canonical,
};

/// A status, as far as results distinguish statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    NotStarted,
    InProgress,
    ChangesRequested,
    ReadyToCodeReview,
    ReadyToQa,
    Completed,
    Failed,
    Cancelled,
    /// One that the settings name.
    Further(StatusLane),
    Other,
}

impl Meaning {
    /// The lane that a task with this status is in; `None` if it is in none.
    pub(crate) fn lane(self) -> Option<StatusLane> {
        match self {
            Self::InProgress => Some(StatusLane::Implementation),
            Self::ReadyToCodeReview => Some(StatusLane::Review),
            Self::ReadyToQa => Some(StatusLane::Qa),
            Self::Completed => Some(StatusLane::Done),
            Self::Further(lane) => Some(lane),
            Self::NotStarted | Self::ChangesRequested | Self::Failed | Self::Cancelled | Self::Other => None,
        }
    }

    pub(crate) fn is_done(self) -> bool {
        self.lane() == Some(StatusLane::Done)
    }

    /// By a name of the pipeline.
    fn of_pipeline(name: &str) -> Option<Self> {
        match name {
            NOT_STARTED => Some(Self::NotStarted),
            IN_PROGRESS => Some(Self::InProgress),
            CHANGES_REQUESTED => Some(Self::ChangesRequested),
            READY_TO_CODE_REVIEW => Some(Self::ReadyToCodeReview),
            READY_TO_QA => Some(Self::ReadyToQa),
            COMPLETED => Some(Self::Completed),
            FAILED => Some(Self::Failed),
            CANCELLED => Some(Self::Cancelled),
            _ => None,
        }
    }
}

impl StatusSettings {
    pub(crate) fn meaning(&self, stored: &str) -> Meaning {
        // Nearly all names are stored in normalised form, and histories are long.
        Meaning::of_pipeline(stored).unwrap_or_else(|| {
            let name = canonical(stored);
            let further = || self.lane(&name).map(Meaning::Further);
            Meaning::of_pipeline(&name).or_else(further).unwrap_or(Meaning::Other)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::paths::Config;

    #[test]
    fn a_status_means_what_the_pipeline_says_or_else_what_the_settings_say() {
        let config =
            json!({"statuses": {"Released": "done", "in design": "implementation", "legal": "review"}});
        let statuses = StatusSettings::from_configs(&[Config::new("test", &config)]).unwrap();
        for (stored, meaning, lane) in [
            ("completed", Meaning::Completed, Some(StatusLane::Done)),
            (" RELEASED\t", Meaning::Further(StatusLane::Done), Some(StatusLane::Done)),
            ("In Design", Meaning::Further(StatusLane::Implementation), Some(StatusLane::Implementation)),
            ("legal", Meaning::Further(StatusLane::Review), Some(StatusLane::Review)),
            ("Ready_To_Review", Meaning::ReadyToCodeReview, Some(StatusLane::Review)),
            ("ready_to_qa", Meaning::ReadyToQa, Some(StatusLane::Qa)),
            ("cancelled", Meaning::Cancelled, None),
            ("blocked", Meaning::Other, None),
            ("odd", Meaning::Other, None),
        ] {
            let found = statuses.meaning(stored);
            assert_eq!((found, found.lane()), (meaning, lane), "{stored:?}");
        }
        assert_eq!(StatusSettings::default().meaning("released"), Meaning::Other);
    }
}
