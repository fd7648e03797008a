//! Repeating a query.

use std::time::Duration;

use crate::failure::Failure;
use crate::out::{Out, Output};

/// The flags of a command that can be watched.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Repeat every this many seconds until interrupted [default without a value: 2]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2",
          value_parser = seconds)]
    watch: Option<Duration>,
    /// Stop after this many times
    #[arg(long, value_name = "TIMES", requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    watch_count: Option<u64>,
}

impl Watch {
    /// Prints the output of `query`, once or repeatedly.
    pub fn run(
        &self,
        out: &mut Out,
        mut query: impl FnMut() -> Result<Output, Failure>,
    ) -> Result<(), Failure> {
        let Some(pause) = self.watch else { return out.print(&query()?) };
        let mut count = 0;
        loop {
            let output = query()?;
            out.clear_screen(count == 0)?;
            out.print(&output)?;
            count += 1;
            if self.watch_count.is_some_and(|limit| count >= limit) {
                return Ok(());
            }
            std::thread::sleep(pause);
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let allowed = "a number of seconds from 0.1 to 86400";
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(allowed.to_owned()),
    }
}
