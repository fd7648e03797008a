-- Everything in a workspace that a call could change, as text: equal before and after a call that failed.
SELECT 'projects' AS place, group_concat(quote(id) || quote(key) || quote(updated_at), ' ') AS content FROM projects
UNION ALL
SELECT 'epics', group_concat(quote(id) || quote(key) || quote(updated_at), ' ') FROM epics
UNION ALL
SELECT 'user_stories', group_concat(quote(id) || quote(key) || quote(updated_at), ' ') FROM user_stories
UNION ALL
SELECT 'tasks', group_concat(quote(id) || quote(status) || quote(metadata_json) || quote(updated_at), ' ') FROM tasks
UNION ALL
SELECT 'task_status_events', group_concat(quote(id) || quote(to_status) || quote(metadata_json), ' ')
FROM task_status_events
UNION ALL
SELECT 'jobs', group_concat(quote(id) || quote(state) || quote(agent_ids_json) || quote(updated_at), ' ') FROM jobs
UNION ALL
SELECT 'command_runs', group_concat(quote(id) || quote(status) || quote(agent_ids_json), ' ') FROM command_runs
UNION ALL
SELECT 'task_runs', group_concat(quote(id) || quote(status) || quote(finished_at), ' ') FROM task_runs
UNION ALL
SELECT 'token_usage', group_concat(quote(id) || quote(tokens_prompt) || quote(metadata_json), ' ') FROM token_usage
