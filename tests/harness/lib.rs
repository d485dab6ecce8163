//! What the tests through the built binary share: the binary, a state directory, a running server, the real data.

mod binary;
mod data;
mod server;

pub use binary::{Finished, binary, citybrain, run};
pub use data::{city_file, real_data, repository, sample_city};
pub use server::Server;
