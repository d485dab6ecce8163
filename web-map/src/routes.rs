//! The routes: one file each. [`app`](crate::app) lists them.

pub(crate) mod analyses;
pub(crate) mod append;
pub(crate) mod areas;
pub(crate) mod breakdown;
pub(crate) mod cells;
pub(crate) mod city;
pub(crate) mod complaint;
pub(crate) mod complaints;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod live;
pub(crate) mod metrics;
pub(crate) mod sensors;
pub(crate) mod series;
pub(crate) mod sql;
pub(crate) mod tilejson;
pub(crate) mod tiles;
