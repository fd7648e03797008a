//! Asking again and again.

use std::time::Duration;

use crate::failure::Failure;
use crate::out::{Answer, Out};

/// The flags of a command that can be watched.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// Ask again every so many seconds until it is interrupted [default without a value: 2]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2",
          value_parser = seconds)]
    watch: Option<Duration>,
    /// End after having asked so many times
    #[arg(long, value_name = "TIMES", requires = "watch", value_parser = clap::value_parser!(u64).range(1..))]
    watch_count: Option<u64>,
}

impl Watch {
    /// Writes what `ask` answers, once or as often as was asked for.
    pub fn run(
        &self,
        out: &mut Out,
        mut ask: impl FnMut() -> Result<Answer, Failure>,
    ) -> Result<(), Failure> {
        let Some(pause) = self.watch else { return out.answer(&ask()?) };
        let mut asked = 0;
        loop {
            let answer = ask()?;
            out.renew(asked == 0)?;
            out.answer(&answer)?;
            asked += 1;
            if self.watch_count.is_some_and(|count| asked >= count) {
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
