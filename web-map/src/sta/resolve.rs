//! What a path leads to.

use citybrain_model::{EntityId, EntityKind};
use citybrain_query::sensorthings::{ObservationId, ObservationQuery, ObservationRow, Row};

use super::StaError;
use super::path::Step;
use super::read::Reader;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    /// Entities of a kind: all, or those linked with one.
    Set(EntityKind, Option<(EntityKind, EntityId)>),
    /// One entity.
    One(EntityKind, EntityId),
}

impl Reader<'_> {
    /// What a path leads to, and the steps behind it that name properties.
    pub(super) async fn resolve<'s>(
        &self,
        steps: &'s [Step],
    ) -> Result<(Target, &'s [Step]), StaError> {
        let Some((first, mut rest)) = steps.split_first() else {
            return Err(StaError::missing("such path"));
        };
        let kind = EntityKind::of_set(&first.name)
            .ok_or_else(|| StaError::missing(format!("set \"{}\"", first.name)))?;
        let mut target = match &first.id {
            Some(id) => Target::One(kind, self.there(kind, id.clone()).await?),
            None => Target::Set(kind, None),
        };
        while let Some((step, after)) = rest.split_first() {
            let Target::One(kind, id) = &target else {
                return Err(StaError::missing(format!("\"{}\" of a set", step.name)));
            };
            let Some(way) = kind.navigation(&step.name) else {
                break;
            };
            rest = after;
            target = match (&step.id, way.many) {
                (None, true) => Target::Set(way.to, Some((*kind, id.clone()))),
                (Some(linked), true) => {
                    let linked = self.there(way.to, linked.clone()).await?;
                    let belongs = if way.to == EntityKind::Observation {
                        self.linked_with(way.to, &linked, *kind).await?.contains(id)
                    } else {
                        self.view
                            .catalog
                            .linked(*kind, id, way.to)
                            .contains(&linked)
                    };
                    if !belongs {
                        return Err(StaError::missing(format!("{}({linked}) there", step.name)));
                    }
                    Target::One(way.to, linked)
                }
                (None, false) => {
                    let linked = self.linked_with(*kind, id, way.to).await?;
                    let linked = linked.into_iter().next();
                    Target::One(way.to, linked.ok_or_else(|| StaError::missing(&step.name))?)
                }
                (Some(_), false) => return Err(StaError::missing("such path")),
            };
        }
        Ok((target, rest))
    }

    pub(super) async fn linked_with(
        &self,
        kind: EntityKind,
        id: &EntityId,
        to: EntityKind,
    ) -> Result<Vec<EntityId>, StaError> {
        if kind != EntityKind::Observation {
            return Ok(self.view.catalog.linked(kind, id, to));
        }
        let row = self.observation(id).await?;
        Ok(match to {
            EntityKind::Datastream => vec![row.datastream],
            _ => row.feature().into_iter().collect(),
        })
    }

    async fn there(&self, kind: EntityKind, id: EntityId) -> Result<EntityId, StaError> {
        let there = if kind == EntityKind::Observation {
            self.observation(&id).await.is_ok()
        } else {
            Row::of(&self.view.catalog, kind, &id).is_some()
        };
        if there {
            Ok(id)
        } else {
            Err(StaError::missing(format!("{kind} with the id {id}")))
        }
    }

    pub(super) async fn observation(&self, id: &EntityId) -> Result<ObservationRow, StaError> {
        let missing = || StaError::missing(format!("Observation with the id {id}"));
        let parsed: ObservationId = match id {
            EntityId::Text(text) => text.parse().map_err(|_error| missing())?,
            EntityId::Number(_) => return Err(missing()),
        };
        if self.view.catalog.is_gone(&format!("observation {parsed}")) {
            return Err(missing());
        }
        let query = ObservationQuery {
            id: Some(parsed),
            top: 1,
            ..ObservationQuery::default()
        };
        let page = self
            .session
            .observations(self.view.context(), &query)
            .await?;
        page.rows.into_iter().next().ok_or_else(missing)
    }
}
