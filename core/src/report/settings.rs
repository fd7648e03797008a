//! Settings, as a table.

use super::table::{Column, Table};
use crate::telemetry::TelemetryConfig;

/// The telemetry settings as a table, one per line. `width` is that of the terminal, if the table is to fit one. Every line
/// ends with `\n`.
#[must_use]
pub fn render_telemetry_config(config: &TelemetryConfig, width: Option<usize>) -> String {
    let enabled = |is: bool| if is { "enabled" } else { "disabled" }.to_owned();
    let mut table = Table::new([Column::whole("SETTING"), Column::text("VALUE")]);
    let export = match (config.remote_export, config.off_by_environment, config.off_by_handle) {
        (false, true, _) => "disabled by MCODA_TELEMETRY=off".to_owned(),
        (false, _, true) => "disabled for this handle".to_owned(),
        (is, ..) => enabled(is),
    };
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("Local recording", enabled(config.local_recording));
    row("Remote export", export);
    row("Opted out", if config.opt_out { "yes" } else { "no" }.to_owned());
    row("Strict mode", if config.strict { "on" } else { "off" }.to_owned());
    if let Some(endpoint) = &config.endpoint {
        row("Endpoint", endpoint.clone());
    }
    if let Some(path) = &config.config_path {
        row("Config path", path.clone());
    }
    table.text(width)
}
