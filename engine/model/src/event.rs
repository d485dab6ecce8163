//! One step in the life of a complaint.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Identity, Refusal, changes, rules};

/// What happened to the complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// 受理
    Accepted,
    /// 分类
    Classified,
    /// 派单
    Dispatched,
    /// 签收
    Signed,
    /// 退单
    Returned,
    /// 延期
    Extended,
    /// 反馈
    Answered,
    /// 回访
    CalledBack,
    /// 办结
    Closed,
    /// 重办
    Reopened,
    /// 挂账
    Listed,
    /// 并单
    Merged,
    /// 更正
    Corrected,
}

impl EventKind {
    /// All kinds, in the order of a complaint's path.
    pub const ALL: [Self; 13] = [
        Self::Accepted,
        Self::Classified,
        Self::Dispatched,
        Self::Signed,
        Self::Returned,
        Self::Extended,
        Self::Answered,
        Self::CalledBack,
        Self::Closed,
        Self::Reopened,
        Self::Listed,
        Self::Merged,
        Self::Corrected,
    ];

    /// The word in SQL and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Classified => "classified",
            Self::Dispatched => "dispatched",
            Self::Signed => "signed",
            Self::Returned => "returned",
            Self::Extended => "extended",
            Self::Answered => "answered",
            Self::CalledBack => "called_back",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Listed => "listed",
            Self::Merged => "merged",
            Self::Corrected => "corrected",
        }
    }
}

/// One step in the life of a complaint. Instants are UTC.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ComplaintEvent {
    /// The source of the complaint.
    pub source: String,
    /// The complaint's id within the source.
    pub complaint: String,
    /// What happened.
    pub event: EventKind,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When this engine took it in.
    pub received_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What the event changes of its complaint, as a JSON object: see [`CHANGEABLE`](crate::CHANGEABLE).
    pub fields: Option<String>,
}

/// What a decoder knows of an event before the rules are applied.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is the unchecked form of the field of the same name in `ComplaintEvent`"
)]
pub struct ComplaintEventDraft {
    pub source: Option<String>,
    pub complaint: Option<String>,
    pub event: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub actor: Option<String>,
    pub reason: Option<String>,
    pub fields: Option<String>,
}

impl ComplaintEvent {
    /// Checks a draft: source, complaint, a known event and its instant are there; texts keep the limits of this crate;
    /// known fields have values of their types.
    ///
    /// # Errors
    /// The first rule that the draft breaks.
    pub fn try_new(
        draft: ComplaintEventDraft,
        received_at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let word = draft.event.ok_or_else(|| Refusal::required("event"))?;
        let event = EventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| {
                let words = EventKind::ALL.map(EventKind::as_str).join(", ");
                Refusal::new(
                    "event",
                    &word,
                    "vocabulary",
                    format!("the event must be one of {words}"),
                )
            })?;
        let fields = rules::text("fields", draft.fields)?;
        if let Some(fields) = &fields {
            changes::changes(fields)?;
        }
        Ok(Self {
            source: rules::id("source", draft.source)?,
            complaint: rules::id("complaint", draft.complaint)?,
            event,
            at: rules::instant("at", draft.at.ok_or_else(|| Refusal::required("at"))?)?,
            received_at,
            actor: rules::label("actor", draft.actor)?,
            reason: rules::text("reason", draft.reason)?,
            fields,
        })
    }

    /// (source, complaint, event, instant): the same step sent twice is one step.
    pub fn identity(&self) -> Identity {
        Identity::of_step(
            &self.source,
            &self.complaint,
            self.event.as_str(),
            self.at.timestamp_micros(),
        )
    }
}
