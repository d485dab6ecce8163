//! `calendar`: the days that come back but not after a fixed number of days, one row for each occurrence.

use std::sync::Arc;

use chrono::Datelike as _;
use citybrain_grid::City;
use citybrain_model::CalendarDays;
use datafusion::arrow::array::{ArrayRef, Date32Array, Int32Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::Date32Type;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::Result;

/// The calendar as a table. `name` is in the city's first language; `first_day` and `last_day` both belong to the occurrence, and `year` is
/// that of its first day.
pub(super) fn table(city: &City) -> Result<Arc<dyn TableProvider>> {
    let days = city.calendar();
    let language = city.languages.first().map_or("en", String::as_str);
    let text = |value: &dyn Fn(&CalendarDays) -> String| -> ArrayRef {
        Arc::new(
            days.iter()
                .map(|days| Some(value(days)))
                .collect::<StringArray>(),
        )
    };
    let day = |value: fn(&CalendarDays) -> chrono::NaiveDate| -> ArrayRef {
        let dates = days
            .iter()
            .map(|days| Some(Date32Type::from_naive_date(value(days))));
        Arc::new(dates.collect::<Date32Array>())
    };
    let years: Int32Array = days.iter().map(|days| Some(days.first.year())).collect();
    let rows = RecordBatch::try_from_iter_with_nullable([
        ("calendar", text(&|days| days.calendar.clone()), false),
        ("id", text(&|days| days.id.clone()), false),
        ("name", text(&|days| days.name(language).to_owned()), false),
        ("name_en", text(&|days| days.name("en").to_owned()), false),
        ("year", Arc::new(years) as ArrayRef, false),
        ("first_day", day(|days| days.first), false),
        ("last_day", day(|days| days.last), false),
    ])?;
    Ok(Arc::new(MemTable::try_new(
        rows.schema(),
        vec![vec![rows]],
    )?))
}
