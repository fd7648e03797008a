//! What a check has found, as text.

use crate::check::CheckReport;
use crate::printable::printable;

/// The findings, the worst first, each with what to do, and a line that sums them up. Every line ends with `\n`.
#[must_use]
pub fn render_check(report: &CheckReport) -> String {
    let mut text = String::new();
    let mut line = |indent: &str, words: &str| {
        text += indent;
        text += &printable(words);
        text.push('\n');
    };
    let kind = report.kind.as_deref().map_or(String::new(), |kind| format!(" ({kind})"));
    line("", &format!("Database: {}{kind}", report.database));
    for finding in &report.findings {
        let count = finding.count.map_or(String::new(), |count| format!(" ({count})"));
        let severity = finding.severity.name().to_uppercase();
        line("", &format!("{severity} {}: {}: {}{count}", finding.code, finding.subject, finding.message));
        for example in &finding.examples {
            line("  - ", example);
        }
        line("  → ", &finding.advice);
    }
    let count =
        |severity: &str| report.findings.iter().filter(|finding| finding.severity.name() == severity).count();
    let (errors, warnings) = (count("error"), count("warning"));
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let examined = format!("{} examination{}", report.checked.len(), plural(report.checked.len()));
    let found = match (errors, warnings) {
        (0, 0) => "nothing is wrong".to_owned(),
        _ => format!("{errors} error{}, {warnings} warning{}", plural(errors), plural(warnings)),
    };
    line("", &format!("{examined}: {found}"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Finding, Severity};

    #[test]
    fn a_finding_says_how_bad_it_is_what_it_is_and_what_to_do() {
        let finding = Finding {
            code: "damaged".into(),
            severity: Severity::Error,
            subject: "/x/mcoda.db".into(),
            message: "the database is\n damaged".into(),
            advice: "restore a backup".into(),
            count: Some(2),
            examples: vec!["Page 3: never used".into()],
        };
        let report = CheckReport {
            database: "/x/mcoda.db".into(),
            kind: Some("workspace".into()),
            checked: vec!["files".into()],
            findings: vec![finding],
            ..CheckReport::default()
        };
        assert_eq!(
            render_check(&report),
            "Database: /x/mcoda.db (workspace)\n\
             ERROR damaged: /x/mcoda.db: the database is  damaged (2)\n  - Page 3: never used\n  → restore a backup\n\
             1 examination: 1 error, 0 warnings\n"
        );
        let sound = CheckReport { ok: true, findings: Vec::new(), ..report };
        assert!(render_check(&sound).ends_with("1 examination: nothing is wrong\n"));
    }
}
