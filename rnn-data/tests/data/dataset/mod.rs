//! Datasets by name.

#[cfg(feature = "download")]
mod fetch;
mod find;
#[cfg(feature = "download")]
mod hostile;
#[cfg(feature = "download")]
mod races;
#[cfg(feature = "download")]
mod server;
