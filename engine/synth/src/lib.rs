//! Cities and records that do not exist but could.
//!
//! - [`sample_city`]: a generated city, its areas and its files;

mod sample_city;

pub use sample_city::{
    SampleArea, SampleCity, SampleCityError, SampleCitySpec, sample_city, write_files,
};
