//! The TypeScript packages continue to work with a migrated database: their inserts name columns,
//! the old ones alone in an old release, and never ours.

use super::*;

const NEW: &str = "2026-02-01T00:00:00.000Z";

#[test]
fn todays_inserts_into_a_workspace() {
    for name in WORKSPACES {
        let copy = copy_of(name);
        drop(open_and_migrate(&copy.path, DatabaseKind::Workspace).unwrap());
        let theirs = raw(&copy.path);
        for insert in [
            "INSERT INTO jobs (id, workspace_id, type, state, command_name, agent_id, agent_ids_json, payload_json,
                total_items, processed_items, last_checkpoint, created_at, updated_at, completed_at, error_summary)
             VALUES ('new', 'w', 'work', 'running', 'work-on-tasks', 'a', '[\"a\"]', NULL, 1, 0, NULL, ?1, ?1,
                NULL, NULL)",
            "INSERT INTO command_runs (id, workspace_id, command_name, job_id, agent_id, task_ids_json, git_branch,
                git_base_branch, started_at, completed_at, status, error_summary, duration_seconds, sp_processed)
             VALUES ('new', 'w', 'work-on-tasks', 'new', NULL, NULL, NULL, NULL, ?1, NULL, 'running', NULL, NULL,
                NULL)",
            "INSERT INTO task_runs (id, task_id, command, job_id, command_run_id, agent_id, status, started_at)
             VALUES ('new', 'tasks-0', 'work-on-tasks', 'new', 'new', 'a', 'running', ?1)",
            "INSERT INTO task_status_events (id, task_id, from_status, to_status, timestamp, command_name, job_id,
                task_run_id, agent_id, metadata_json)
             VALUES ('new', 'tasks-0', 'in_progress', 'completed', ?1, NULL, 'new', 'new', NULL, NULL)",
            "INSERT OR REPLACE INTO task_locks (task_id, task_run_id, job_id, acquired_at, expires_at)
             VALUES ('tasks-0', 'new', 'new', ?1, ?1)",
            "INSERT INTO task_comments (id, task_id, source_command, author_type, category, slug, status, body,
                created_at)
             VALUES ('new', 'tasks-0', 'code-review', 'agent', NULL, 's', 'resolved', 'text', ?1)",
            "INSERT INTO token_usage (id, workspace_id, agent_id, model_name, job_id, command_run_id, task_run_id,
                task_id, project_id, epic_id, user_story_id, command_name, action, invocation_kind, provider,
                currency, tokens_prompt, tokens_completion, tokens_total, tokens_cached, tokens_cache_read,
                tokens_cache_write, cost_estimate, duration_seconds, duration_ms, started_at, finished_at,
                timestamp, metadata_json)
             VALUES ('new', 'w', 'a', 'm', 'new', 'new', 'new', 'tasks-0', 'projects-0', 'epics-0',
                'user_stories-0', 'c', 'x', 'chat', 'p', 'USD', 1, 2, 3, 4, 5, 6, 0.5, 1.5, 1500, ?1, ?1, ?1,
                '{}')",
        ] {
            theirs.execute(insert, [NEW]).unwrap_or_else(|error| panic!("{name}: {insert}: {error}"));
        }
        let read = lines(
            &theirs,
            "SELECT u.tokens_cache_write, u.duration_ms, u.currency, r.job_id, c.status, e.to_status
               FROM token_usage u JOIN command_runs r ON r.id = u.command_run_id
               JOIN task_comments c ON c.id = u.id JOIN task_status_events e ON e.id = u.id WHERE u.id = 'new'",
        );
        assert_eq!(read.len(), 1, "{name}");
        theirs.execute("DELETE FROM jobs WHERE id = 'new'", []).unwrap();
        let unset = "SELECT count(*) FROM token_usage WHERE id = 'new' AND job_id IS NULL";
        assert_eq!(lines(&theirs, unset), ["Integer(1)"], "{name}");
        assert_sound(&theirs, name);
    }
}

#[test]
fn yesterdays_inserts_into_a_workspace() {
    for name in WORKSPACES {
        let copy = copy_of(name);
        let connection = open_and_migrate(&copy.path, DatabaseKind::Workspace).unwrap();
        connection
            .execute_batch(
                "INSERT INTO jobs (id, workspace_id, type, state, created_at, updated_at)
                    VALUES ('new', 'w', 'work', 'running', 'now', 'now');
                 INSERT INTO command_runs (id, workspace_id, command_name, job_id, started_at, status)
                    VALUES ('new', 'w', 'work-on-tasks', 'new', 'now', 'running');
                 INSERT INTO task_comments (id, task_id, source_command, author_type, body, created_at)
                    VALUES ('new', 'tasks-0', 'code-review', 'agent', 'text', 'now');
                 INSERT INTO token_usage (id, workspace_id, agent_id, model_name, job_id, command_run_id, task_id,
                        tokens_prompt, tokens_completion, tokens_total, cost_estimate, duration_seconds,
                        timestamp, metadata_json)
                    VALUES ('new', 'w', 'a', 'm', 'new', 'new', 'tasks-0', 1, 2, 3, 0.1, 1.0, 'now', NULL);",
            )
            .unwrap();
        let status = "SELECT status FROM task_comments WHERE id = 'new'";
        assert_eq!(texts(&connection, status), ["open"], "{name}");
        let unset = "SELECT count(*) FROM token_usage WHERE id = 'new' AND tokens_cached IS NULL";
        assert_eq!(lines(&connection, unset), ["Integer(1)"], "{name}");
        assert_sound(&connection, name);
    }
}

#[test]
fn inserts_into_the_global_database() {
    for name in [GLOBALS, PROTOTYPES].concat() {
        let copy = copy_of(name);
        drop(open_and_migrate(&copy.path, DatabaseKind::Global).unwrap());
        let theirs = raw(&copy.path);
        theirs
            .execute_batch(
                "INSERT INTO agents (id, slug, adapter, default_model, config_json, created_at, updated_at)
                    VALUES ('new', 'new-slug', 'codex-cli', NULL, NULL, 'now', 'now');
                 INSERT INTO agent_auth (agent_id, encrypted_secret, created_at, updated_at)
                    VALUES ('new', 's', 'now', 'now');
                 INSERT INTO agent_models (agent_id, model_name) VALUES ('new', 'm');
                 INSERT INTO agent_usage_limits (id, agent_id, limit_scope, limit_key, window_type, status,
                    observed_at, created_at, updated_at) VALUES ('new', 'new', 'a', 'b', 'c', 'd', '', '', '');
                 INSERT INTO agent_run_ratings (id, agent_id, created_at) VALUES ('new', 'new', 'now');
                 INSERT INTO workspace_defaults (workspace_id, command_name, agent_id, updated_at)
                    VALUES ('w', 'default', 'new', 'now')
                    ON CONFLICT (workspace_id, command_name) DO UPDATE SET agent_id = excluded.agent_id;
                 INSERT INTO command_runs (id, command_name, started_at, status) VALUES ('new', 'c', 'now', 'ok');
                 INSERT INTO token_usage (id, agent_id, command_run_id, model_name, command_name, currency,
                    tokens_total, tokens_cached, duration_ms, started_at, timestamp)
                    VALUES ('new', 'new', 'new', 'm', 'c', 'USD', 3, 1, 20, 'now', 'now');
                 INSERT INTO token_usage (id, agent_id, tokens_prompt, tokens_completion, tokens_total, timestamp)
                    VALUES ('old', 'new', 1, 2, 3, 'now');
                 DELETE FROM agents WHERE id = 'new';",
            )
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let kept = "SELECT count(*) FROM token_usage WHERE id IN ('new', 'old') AND agent_id IS NULL";
        assert_eq!(lines(&theirs, kept), ["Integer(2)"], "{name}");
        assert_eq!(lines(&theirs, "SELECT * FROM agent_auth WHERE agent_id = 'new'"), [""; 0], "{name}");
        assert_sound(&theirs, name);
    }
}
