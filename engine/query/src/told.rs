//! What a server tells a session besides its snapshot.

use citybrain_store::Control;

/// What a running server adds to the tables of one session.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Who did what, the table `audit`: for whom that may be told.
    pub audit: Option<Control>,
    /// How each feed is now, by source: the column `state` of the table `feeds`, NULL where nothing is told.
    pub feed_states: Vec<(String, &'static str)>,
}
