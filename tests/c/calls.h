// Written by `cargo xtask generate` from the definitions in core; changes belong there.

static const struct {
    const char *name;
    mcoda_code (*call)(const char *, mcoda_string **, mcoda_error **);
} frees1[] = {
    {"workspaces", mcoda_workspaces_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(const char *, const char *, mcoda_string **, mcoda_error **);
} frees2[] = {
    {"extract_usage", mcoda_extract_usage_json},
    {"extract_usages", mcoda_extract_usages_json},
    {"check_path", mcoda_check_path_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(mcoda_workspace *, mcoda_string **, mcoda_error **);
} calls0[] = {
    {"checkpoint", mcoda_checkpoint_json},
    {"create_time_index", mcoda_create_time_index_json},
    {"telemetry_config", mcoda_telemetry_config_json},
    {"opt_in", mcoda_telemetry_opt_in_json},
    {"workspace_ids", mcoda_workspace_ids_json},
    {"projects.list", mcoda_projects_list_json},
    {"jobs.list", mcoda_jobs_list_json},
    {"command_runs.list", mcoda_command_runs_list_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(mcoda_workspace *, const char *, mcoda_string **, mcoda_error **);
} calls1[] = {
    {"record_token_usage", mcoda_record_token_usage_json},
    {"record_token_usages", mcoda_record_token_usages_json},
    {"token_usage", mcoda_token_usage_json},
    {"token_usage_summary", mcoda_token_usage_summary_json},
    {"token_usage_range", mcoda_token_usage_range_json},
    {"calls_outside", mcoda_calls_outside_json},
    {"batch", mcoda_batch_json},
    {"check", mcoda_check_json},
    {"economics", mcoda_economics_json},
    {"record_status_transitions", mcoda_record_status_transitions_json},
    {"status_events", mcoda_status_events_json},
    {"backfill_status_events", mcoda_backfill_status_events_json},
    {"velocity", mcoda_velocity_json},
    {"estimate", mcoda_estimate_json},
    {"backtest", mcoda_backtest_json},
    {"lane_visits", mcoda_lane_visits_json},
    {"cumulative_flow", mcoda_cumulative_flow_json},
    {"throughput", mcoda_throughput_json},
    {"inspect_job", mcoda_inspect_job_json},
    {"projects.ensure", mcoda_projects_ensure_json},
    {"projects.get", mcoda_projects_get_json},
    {"epics.create", mcoda_epics_create_json},
    {"epics.create_many", mcoda_epics_create_many_json},
    {"epics.get", mcoda_epics_get_json},
    {"epics.list", mcoda_epics_list_json},
    {"stories.create", mcoda_stories_create_json},
    {"stories.create_many", mcoda_stories_create_many_json},
    {"stories.get", mcoda_stories_get_json},
    {"stories.list", mcoda_stories_list_json},
    {"tasks.create", mcoda_tasks_create_json},
    {"tasks.create_many", mcoda_tasks_create_many_json},
    {"tasks.get", mcoda_tasks_get_json},
    {"tasks.list", mcoda_tasks_list_json},
    {"tasks.find", mcoda_tasks_find_json},
    {"tasks.delete", mcoda_tasks_delete_json},
    {"jobs.create", mcoda_jobs_create_json},
    {"jobs.get", mcoda_jobs_get_json},
    {"command_runs.create", mcoda_command_runs_create_json},
    {"command_runs.get", mcoda_command_runs_get_json},
    {"task_runs.create", mcoda_task_runs_create_json},
    {"task_runs.get", mcoda_task_runs_get_json},
    {"task_runs.list", mcoda_task_runs_list_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(mcoda_workspace *, const char *, const char *, mcoda_string **, mcoda_error **);
} calls2[] = {
    {"record_agent_response", mcoda_record_agent_response_json},
    {"record_agent_file", mcoda_record_agent_file_json},
    {"query", mcoda_query_json},
    {"relocate", mcoda_relocate_json},
    {"tasks.update", mcoda_tasks_update_json},
    {"command_runs.finish", mcoda_command_runs_finish_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(mcoda_workspace *, const char *, const char *, const char *, mcoda_string **, mcoda_error **);
} calls3[] = {
    {"record_status_transition", mcoda_record_status_transition_json},
    {"jobs.finish", mcoda_jobs_finish_json},
    {"task_runs.finish", mcoda_task_runs_finish_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(mcoda_global *, mcoda_string **, mcoda_error **);
} globals0[] = {
    {"checkpoint", mcoda_global_checkpoint_json},
    {"create_time_index", mcoda_global_create_time_index_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(mcoda_global *, const char *, mcoda_string **, mcoda_error **);
} globals1[] = {
    {"record_token_usage", mcoda_global_record_token_usage_json},
    {"record_token_usages", mcoda_global_record_token_usages_json},
    {"token_usage", mcoda_global_token_usage_json},
    {"token_usage_summary", mcoda_global_token_usage_summary_json},
    {"token_usage_range", mcoda_global_token_usage_range_json},
    {"calls_outside", mcoda_global_calls_outside_json},
    {"batch", mcoda_global_batch_json},
    {"check", mcoda_global_check_json},
};
static const struct {
    const char *name;
    mcoda_code (*call)(mcoda_global *, const char *, const char *, mcoda_string **, mcoda_error **);
} globals2[] = {
    {"record_agent_response", mcoda_global_record_agent_response_json},
    {"record_agent_file", mcoda_global_record_agent_file_json},
    {"query", mcoda_global_query_json},
};
