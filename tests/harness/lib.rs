//! What the tests through the built binary share: the binary, a state directory, a running server, the real data.

#![expect(
    clippy::panic,
    reason = "a test that cannot go on ends in a panic that says why"
)]

mod binary;
mod bucket;
mod certificate;
mod data;
mod mosquitto;
mod proxy;
mod server;

pub use binary::{Finished, binary, citybrain, run, run_with};
pub use bucket::Bucket;
pub use certificate::certificate;
pub use data::{city_file, real_data, repository, sample_city};
pub use mosquitto::Mosquitto;
pub use proxy::Proxy;
pub use server::Server;
