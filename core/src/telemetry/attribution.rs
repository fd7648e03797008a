//! Attribution of jobs and command runs to their agents.

use rusqlite::Connection;

use crate::error::Result;
use crate::repository::agents::{self, Attribution, Owner};

/// Adds the agent to the row's agents. Read and written in one transaction, so that agents added at the same time are
/// all kept.
pub(super) fn add_agent(
    connection: &Connection,
    owner: Owner,
    id: &str,
    agent: &str,
    now: &str,
) -> Result<()> {
    let before = agents::read(connection, owner, id)?;
    let after = with_agent(&before, agent);
    if after == before { Ok(()) } else { agents::write(connection, owner, id, &after, now) }
}

fn with_agent(before: &Attribution, agent: &str) -> Attribution {
    let known = agents::parse_ids(before.listed.as_deref());
    let mut ids = known.clone();
    let first = before.first.clone().filter(|first| !first.is_empty());
    // Rows from before the list existed only have the first agent.
    for id in first.as_deref().into_iter().chain([agent]) {
        if !ids.iter().any(|listed| listed == id) {
            ids.push(id.to_owned());
        }
    }
    let listed =
        if ids == known { before.listed.clone() } else { Some(serde_json::Value::from(ids).to_string()) };
    Attribution { first: first.or_else(|| Some(agent.to_owned())), listed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(first: Option<&str>, listed: Option<&str>) -> (String, String) {
        let before = Attribution { first: first.map(str::to_owned), listed: listed.map(str::to_owned) };
        let after = with_agent(&before, "b");
        (after.first.unwrap(), after.listed.unwrap())
    }

    #[test]
    fn the_first_agent_stays_and_the_list_grows() {
        assert_eq!(added(None, None), ("b".into(), r#"["b"]"#.into()));
        assert_eq!(added(Some("a"), None), ("a".into(), r#"["a","b"]"#.into()));
        assert_eq!(added(Some("a"), Some(r#"["a","b"]"#)), ("a".into(), r#"["a","b"]"#.into()));
        assert_eq!(added(Some("a"), Some(r#"["c",7,null]"#)), ("a".into(), r#"["c","a","b"]"#.into()));
        assert_eq!(added(Some(""), Some("damaged")), ("b".into(), r#"["b"]"#.into()));
    }
}
