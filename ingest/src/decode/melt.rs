//! Which columns of a row are the results of properties.

use super::{made::found, place::position_columns};
use crate::{
    profile::{Profile, Spread},
    rows::{Columns, folded},
};

/// A column that holds the result of one property.
#[derive(Debug)]
pub(super) struct BoundMelt {
    pub(super) column: usize,
    pub(super) name: String,
    pub(super) property: String,
    pub(super) unit: Option<String>,
    pub(super) ceiling: Option<f64>,
    /// What is no number is left out instead of being refused.
    pub(super) numbers_only: bool,
}

/// The columns that the profile names, and those of objects that it spreads.
pub(super) fn bind(profile: &Profile, columns: &Columns) -> Vec<BoundMelt> {
    let mut bound: Vec<BoundMelt> = profile
        .melt
        .iter()
        .filter_map(|melt| {
            Some(BoundMelt {
                column: columns.find(&melt.column)?,
                name: melt.column.clone(),
                property: melt.property.as_ref().unwrap_or(&melt.column).clone(),
                unit: melt.unit.clone(),
                ceiling: melt.ceiling,
                numbers_only: false,
            })
        })
        .collect();
    if profile.spread.is_empty() {
        return bound;
    }
    let taken: Vec<usize> = bound
        .iter()
        .map(|melt| melt.column)
        .chain(ignored(profile, columns))
        .chain(position_columns(profile, columns))
        .collect();
    for spread in &profile.spread {
        for (column, name, property) in members(spread, columns) {
            if taken.contains(&column) {
                continue;
            }
            bound.push(BoundMelt {
                column,
                name: name.to_owned(),
                property: named(&spread.properties, property)
                    .unwrap_or(property)
                    .to_owned(),
                unit: named(&spread.units, property).map(str::to_owned),
                ceiling: None,
                numbers_only: true,
            });
        }
    }
    bound
}

/// The columns that the profile leaves out on purpose.
pub(super) fn ignored(profile: &Profile, columns: &Columns) -> Vec<usize> {
    let of_spread = profile.spread.iter().flat_map(|spread| {
        let ignore: Vec<String> = spread.ignore.iter().map(|name| folded(name)).collect();
        members(spread, columns)
            .filter(move |(_, _, property)| ignore.contains(&folded(property)))
            .map(|(column, ..)| column)
    });
    found(&profile.ignore, columns).chain(of_spread).collect()
}

/// Column, its name, and what its name is below the object.
fn members<'c>(
    spread: &'c Spread,
    columns: &'c Columns,
) -> impl Iterator<Item = (usize, &'c str, &'c str)> {
    let names = columns.names().iter().enumerate();
    names.filter_map(|(at, name)| {
        let below = name.strip_prefix(spread.under.as_str())?;
        let property = below.strip_prefix('.')?;
        Some((at, name.as_str(), property))
    })
}

fn named<'n>(
    names: &'n std::collections::BTreeMap<String, String>,
    property: &str,
) -> Option<&'n str> {
    let exact = names.get(property);
    let wanted = || {
        let property = folded(property);
        let mut names = names.iter();
        names.find_map(|(name, value)| (folded(name) == property).then_some(value))
    };
    exact.or_else(wanted).map(String::as_str)
}
