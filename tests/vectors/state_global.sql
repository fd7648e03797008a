-- Everything in the global database that a call could change, as text: equal before and after a call that failed.
SELECT 'command_runs' AS place, group_concat(quote(id) || quote(status), ' ') AS content FROM command_runs
UNION ALL
SELECT 'token_usage', group_concat(quote(id) || quote(tokens_prompt) || quote(metadata_json), ' ') FROM token_usage
