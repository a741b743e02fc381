//! The tour: the notebook in a minute.

use super::{Session, hihello, mnist, shapes};
use crate::output::Output;

pub fn run(_session: &Session, _out: &mut Output) -> anyhow::Result<()> {
    let _ = (shapes::run, hihello::run, mnist::train);
    Ok(())
}
