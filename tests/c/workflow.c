/* Records, moves tasks and estimates: the typed calls, and that the JSON calls say the same. */

#include "check.h"

static void versions_are_those_of_the_header(void)
{
    CHECK(strcmp(mcoda_version(), MCODA_VERSION) == 0);
    CHECK(mcoda_abi_version() == MCODA_ABI_VERSION);
    CHECK(strcmp(mcoda_code_name(MCODA_INVALID_INPUT), "INVALID_INPUT") == 0);
    CHECK(mcoda_code_name(77) == NULL);
}

static void a_record_is_kept_once(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_recorded *recorded = NULL;
    mcoda_string *json = NULL;
    mcoda_token_usage *usage = mcoda_token_usage_new();
    size_t length = 0;

    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, "call-1", &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_AGENT_ID, "claude", &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_TIMESTAMP, "2026-03-20T13:00:00+01:00", &error));
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, 9007199254740000, &error));
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_CACHED, 0, &error));
    OK(mcoda_token_usage_set_real(usage, MCODA_TOKEN_USAGE_COST_ESTIMATE, 0.25, &error));
    OK(mcoda_token_usage_set_real(usage, MCODA_TOKEN_USAGE_DURATION_MS, 1500, &error));
    OK(mcoda_token_usage_set_json(usage, MCODA_TOKEN_USAGE_METADATA, "{\"x\": [1, 2]}", &error));
    /* Set, then cleared. */
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_JOB_ID, "nobody", &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_JOB_ID, NULL, &error));
    OK(mcoda_record_token_usage(workspace, usage, &recorded, &error));
    CHECK(strcmp(mcoda_recorded_id(recorded, &length), "call-1") == 0 && length == 6);
    CHECK(mcoda_recorded_is_recorded(recorded) && !mcoda_recorded_is_duplicate(recorded));
    CHECK(!mcoda_recorded_is_logged(recorded)); /* a database that is opened by its file has no JSON log */
    CHECK(mcoda_recorded_log_error(recorded, NULL) == NULL);
    mcoda_recorded_free(recorded);
    OK(mcoda_record_token_usage(workspace, usage, &recorded, &error));
    CHECK(mcoda_recorded_is_duplicate(recorded));
    mcoda_recorded_free(recorded);
    OK(mcoda_token_usage_json(workspace, NULL, &json, &error));
    CHECK(strcmp(json_at(json, "/0/tokens_prompt"), "9007199254740000") == 0);
    CHECK(strcmp(json_at(json, "/0/tokens_cached"), "0") == 0);
    CHECK(strcmp(json_at(json, "/0/timestamp"), "2026-03-20T12:00:00.000Z") == 0);
    CHECK(strcmp(json_at(json, "/0/duration_ms"), "1500") == 0);
    CHECK(strcmp(json_at(json, "/0/metadata/x/1"), "2") == 0);
    CHECK(strcmp(json_at(json, "/0/job_id"), "null") == 0);
    REFUSED(mcoda_string_at(json, "/1", &json, &error), MCODA_NOT_FOUND, "pointer");
    const char *text = mcoda_string_text(json, &length);
    CHECK(strlen(text) == length && text[0] == '[');
    mcoda_string_free(json);

    /* The same handle for another record, without the fields of the first. */
    OK(mcoda_token_usage_clear(usage, &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, "call-2", &error));
    OK(mcoda_record_token_usage(workspace, usage, NULL, &error));
    CHECK(strcmp(value_of(workspace, "SELECT tokens_prompt IS NULL AS it FROM token_usage WHERE id = 'call-2'"), "1") == 0);
    mcoda_token_usage_free(usage);
}

static void many_records_are_one_transaction(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_string *json = NULL;
    OK(mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 10, \"agentId\": \"codex\"}", &json, &error));
    CHECK(strlen(json_at(json, "/id")) == 36 && strcmp(json_at(json, "/recorded"), "true") == 0);
    mcoda_string_free(json);
    OK(mcoda_record_token_usages_json(workspace, "[{\"tokensPrompt\": 1}, {\"tokens_prompt\": 2}]", &json, &error));
    CHECK(strcmp(json_at(json, "/1/duplicate"), "false") == 0);
    mcoda_string_free(json);
    REFUSED(mcoda_record_token_usages_json(workspace, "[{\"tokensPrompt\": 1}, {\"taskId\": \"nobody\"}]", &json, &error),
            MCODA_NOT_FOUND, "taskId");
    CHECK(strcmp(value_of(workspace, "SELECT count(*) AS it FROM token_usage"), "5") == 0);
    OK(mcoda_token_usage_summary_json(workspace, "{\"groupBy\": [\"agent\"], \"since\": \"2026-01-01\"}", &json, &error));
    CHECK(strcmp(json_at(json, "/0/agent_id"), "claude") == 0 && strcmp(json_at(json, "/0/calls"), "1") == 0);
    mcoda_string_free(json);
}

static void a_task_moves_and_its_history_tells(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_transition *moved = NULL;
    mcoda_string *json = NULL;
    mcoda_transition_context *context = mcoda_transition_context_new();
    OK(mcoda_transition_context_set_text(context, MCODA_TRANSITION_AGENT_ID, "claude", &error));
    OK(mcoda_transition_context_set_text(context, MCODA_TRANSITION_TIMESTAMP, "2026-03-20T10:00:00Z", &error));
    OK(mcoda_transition_context_set_json(context, MCODA_TRANSITION_METADATA, "{\"why\": \"next\"}", &error));
    OK(mcoda_transition_context_set_text(context, MCODA_TRANSITION_EXPECTED_FROM, "not_started", &error));
    OK(mcoda_record_status_transition(workspace, "P-1", "in_progress", context, &moved, &error));
    CHECK(mcoda_transition_is_changed(moved) && strlen(mcoda_transition_event_id(moved, NULL)) == 36);
    CHECK(strlen(mcoda_transition_task_id(moved, NULL)) == 36);
    CHECK(strcmp(mcoda_transition_from_status(moved, NULL), "not_started") == 0);
    CHECK(strcmp(mcoda_transition_to_status(moved, NULL), "in_progress") == 0);
    CHECK(strcmp(mcoda_transition_timestamp(moved, NULL), "2026-03-20T10:00:00.000Z") == 0);
    mcoda_transition_free(moved);
    REFUSED(mcoda_record_status_transition(workspace, "P-1", "in_progress", context, &moved, &error), MCODA_CONFLICT, NULL);
    mcoda_transition_context_free(context);

    OK(mcoda_record_status_transition(workspace, "P-1", MCODA_STATUS_IN_PROGRESS, NULL, &moved, &error));
    CHECK(!mcoda_transition_is_changed(moved) && mcoda_transition_event_id(moved, NULL) == NULL);
    mcoda_transition_free(moved);
    OK(mcoda_record_status_transition_json(workspace, "P-1", "ready_to_code_review", "{\"timestamp\": \"2026-03-20T11:30:00Z\"}",
                                           &json, &error));
    CHECK(strcmp(json_at(json, "/toStatus"), "ready_to_code_review") == 0);
    mcoda_string_free(json);
    OK(mcoda_status_events_json(workspace, "{\"task\": \"P-1\"}", &json, &error));
    CHECK(strcmp(json_at(json, "/0/metadata/why"), "next") == 0 && strcmp(json_at(json, "/1/toStatus"), "ready_to_code_review") == 0);
    mcoda_string_free(json);
}

static void the_options_of_a_forecast_reach_it(mcoda_workspace *workspace, mcoda_estimate_options *options)
{
    mcoda_error *error = NULL;
    mcoda_estimate_result *estimate = NULL;
    mcoda_string *handle = NULL;
    mcoda_string *direct = NULL;
    OK(mcoda_estimate_options_set_bool(options, MCODA_ESTIMATE_FORECAST, true, &error));
    OK(mcoda_estimate_options_set_int(options, MCODA_ESTIMATE_TRIALS, 50, &error));
    OK(mcoda_estimate_options_set_int(options, MCODA_ESTIMATE_SEED, 2, &error));
    OK(mcoda_estimate_options_set_text(options, MCODA_ESTIMATE_BY, "2026-03-21T12:00:00Z", &error));
    OK(mcoda_estimate_options_set_json(options, MCODA_ESTIMATE_CALENDAR, "{\"hours\": \"09:00-17:00\"}", &error));
    OK(mcoda_estimate(workspace, options, &estimate, &error));
    OK(mcoda_estimate_to_json(estimate, &handle, &error));
    mcoda_estimate_free(estimate);
    CHECK(strcmp(json_at(handle, "/forecast/seed"), "2") == 0);
    OK(mcoda_estimate_json(workspace,
                           "{\"projectKey\": \"P\", \"mode\": \"empirical\", \"windowTasks\": 5, \"spPerHourQa\": 0,"
                           " \"now\": \"2026-03-20T12:00:00Z\", \"trials\": 50, \"seed\": 2, \"by\": \"2026-03-21T12:00:00Z\","
                           " \"calendar\": {\"hours\": \"09:00-17:00\"}}",
                           &direct, &error));
    CHECK(strcmp(mcoda_string_text(handle, NULL), mcoda_string_text(direct, NULL)) == 0);
    mcoda_string_free(direct);
    mcoda_string_free(handle);
    OK(mcoda_estimate_options_set_json(options, MCODA_ESTIMATE_CALENDAR, "{\"hours\": \"9\"}", &error));
    REFUSED(mcoda_estimate(workspace, options, &estimate, &error), MCODA_INVALID_INPUT, "calendar.hours");
    OK(mcoda_estimate_options_set_json(options, MCODA_ESTIMATE_CALENDAR, "{}", &error));
    OK(mcoda_estimate_options_set_bool(options, MCODA_ESTIMATE_FORECAST, false, &error));
    OK(mcoda_estimate(workspace, options, &estimate, &error));
    OK(mcoda_estimate_to_json(estimate, &handle, &error));
    mcoda_estimate_free(estimate);
    CHECK(strstr(mcoda_string_text(handle, NULL), "\"forecast\":") == NULL);
    mcoda_string_free(handle);
}

static void velocity_and_estimate_follow(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_velocity_result *velocity = NULL;
    mcoda_estimate_result *estimate = NULL;
    mcoda_string *handle = NULL;
    mcoda_string *direct = NULL;
    mcoda_estimate_options *options = mcoda_estimate_options_new();
    OK(mcoda_estimate_options_set_text(options, MCODA_ESTIMATE_PROJECT_KEY, "P", &error));
    OK(mcoda_estimate_options_set_text(options, MCODA_ESTIMATE_MODE, "empirical", &error));
    OK(mcoda_estimate_options_set_int(options, MCODA_ESTIMATE_WINDOW_TASKS, 5, &error));
    OK(mcoda_estimate_options_set_real(options, MCODA_ESTIMATE_SP_PER_HOUR_QA, 0.0, &error));
    OK(mcoda_estimate_options_set_text(options, MCODA_ESTIMATE_NOW, "2026-03-20T12:00:00Z", &error));

    OK(mcoda_velocity(workspace, options, &velocity, &error));
    CHECK(mcoda_velocity_sp_per_hour(velocity, MCODA_LANE_IMPLEMENTATION) == 2.0); /* 3 SP in 1.5 h */
    CHECK(mcoda_velocity_samples(velocity, MCODA_LANE_IMPLEMENTATION) == 1);
    CHECK(mcoda_velocity_samples(velocity, MCODA_LANE_REVIEW) == 0);
    CHECK(strcmp(mcoda_velocity_source(velocity, NULL), "empirical") == 0);
    double none = mcoda_velocity_sp_per_hour(velocity, 3);
    CHECK(none != none);
    OK(mcoda_velocity_to_json(velocity, &handle, &error));
    CHECK(strcmp(json_at(handle, "/windowTasks"), "5") == 0);
    mcoda_string_free(handle);
    mcoda_velocity_free(velocity);

    OK(mcoda_estimate(workspace, options, &estimate, &error));
    the_options_of_a_forecast_reach_it(workspace, options);
    mcoda_estimate_options_free(options);
    CHECK(mcoda_estimate_tasks(estimate, MCODA_LANE_IMPLEMENTATION) == 1);
    CHECK(mcoda_estimate_story_points(estimate, MCODA_LANE_REVIEW) == 3.0);
    CHECK(mcoda_estimate_sp_per_hour(estimate, MCODA_LANE_REVIEW) == 15.0);
    CHECK(mcoda_estimate_hours(estimate, MCODA_LANE_IMPLEMENTATION) == 2.5);
    CHECK(mcoda_estimate_hours(estimate, MCODA_LANE_QA) == 0.0); /* nothing is there to test */
    double never = mcoda_estimate_total_hours(estimate);
    CHECK(never != never); /* QA never finishes */
    CHECK(strcmp(mcoda_estimate_now(estimate, NULL), "2026-03-20T12:00:00.000Z") == 0);
    CHECK(strcmp(mcoda_estimate_eta(estimate, MCODA_MILESTONE_READY_TO_REVIEW, NULL), "2026-03-20T14:30:00.000Z") == 0);
    CHECK(mcoda_estimate_eta(estimate, MCODA_MILESTONE_COMPLETE, NULL) == NULL);
    CHECK(mcoda_estimate_percent(estimate, MCODA_MILESTONE_READY_TO_REVIEW) == 50.0);
    CHECK(mcoda_estimate_percent(estimate, MCODA_MILESTONE_COMPLETE) == 0.0);
    OK(mcoda_estimate_to_json(estimate, &handle, &error));
    mcoda_estimate_free(estimate);
    OK(mcoda_estimate_json(workspace,
                           "{\"projectKey\": \"P\", \"mode\": \"empirical\", \"windowTasks\": 5, \"spPerHourQa\": 0,"
                           " \"now\": \"2026-03-20T12:00:00Z\"}",
                           &direct, &error));
    CHECK(strcmp(mcoda_string_text(handle, NULL), mcoda_string_text(direct, NULL)) == 0);
    mcoda_string_free(direct);
    mcoda_string_free(handle);
}

static void runs_are_written_and_backfilled(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_string *json = NULL;
    char text[512];
    uint64_t events = 77;
    OK(mcoda_tasks_get_json(workspace, "P-2", &json, &error));
    snprintf(text, sizeof text, "{\"taskId\": \"%s\", \"command\": \"work-on-tasks\", \"startedAt\": \"2026-03-19T10:00:00Z\"}",
             json_at(json, "/id"));
    mcoda_string_free(json);
    OK(mcoda_task_runs_create_json(workspace, text, &json, &error));
    OK(mcoda_task_runs_finish_json(workspace, json_at(json, "/id"), "succeeded", "2026-03-19T11:00:00Z", NULL, &error));
    REFUSED(mcoda_task_runs_finish_json(workspace, json_at(json, "/id"), "succeeded", "later", NULL, &error),
            MCODA_INVALID_INPUT, "finishedAt");
    mcoda_string_free(json);
    OK(mcoda_backfill_status_events(workspace, NULL, &events, &error));
    CHECK(events == 2);
    OK(mcoda_backfill_status_events_json(workspace, NULL, &json, &error));
    CHECK(strcmp(mcoda_string_text(json, NULL), "{\"events\":0}") == 0);
    mcoda_string_free(json);
    OK(mcoda_jobs_create_json(workspace, "{\"type\": \"work\"}", &json, &error));
    OK(mcoda_jobs_finish_json(workspace, json_at(json, "/id"), "failed", "no time", NULL, &error));
    mcoda_string_free(json);
    OK(mcoda_jobs_get_json(workspace, "nobody", &json, &error));
    CHECK(strcmp(mcoda_string_text(json, NULL), "null") == 0);
    mcoda_string_free(json);
}

static void options_reach_the_engine(const char *folder)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    mcoda_string *text = NULL;
    mcoda_options *options = mcoda_options_new();
    char path[512], copy[512], log[512];
    snprintf(path, sizeof path, "%s/own.db", folder);
    snprintf(copy, sizeof copy, "%s/copy.db", folder);
    snprintf(log, sizeof log, "%s/log", folder);
    OK(mcoda_options_set_text(options, MCODA_OPTION_WORKSPACE_ID, "w", &error));
    OK(mcoda_options_set_json(options, MCODA_OPTION_CONFIG, "{\"telemetry\": {\"strict\": true}}", &error));
    OK(mcoda_options_set_bool(options, MCODA_OPTION_EXISTING_ONLY, true, &error));
    OK(mcoda_options_set_int(options, MCODA_OPTION_BUSY_TIMEOUT_MS, 100, &error));
    OK(mcoda_options_set_text(options, MCODA_OPTION_JSON_LOG_FOLDER, log, &error));
    REFUSED(mcoda_workspace_open_db(path, options, &workspace, &error), MCODA_NOT_FOUND, NULL);
    OK(mcoda_options_set_bool(options, MCODA_OPTION_EXISTING_ONLY, false, &error));
    OK(mcoda_workspace_open_db(path, options, &workspace, &error));
    mcoda_options_free(options);
    OK(mcoda_workspace_id(workspace, &text, &error));
    CHECK(strcmp(mcoda_string_text(text, NULL), "w") == 0);
    mcoda_string_free(text);
    OK(mcoda_workspace_database_path(workspace, &text, &error));
    CHECK(strcmp(mcoda_string_text(text, NULL), path) == 0);
    mcoda_string_free(text);
    OK(mcoda_record_token_usage_json(workspace, "{}", &text, &error));
    CHECK(strcmp(json_at(text, "/recorded"), "false") == 0); /* strict */
    mcoda_string_free(text);
    OK(mcoda_backup_to(workspace, copy, &error));
    REFUSED(mcoda_backup_to(workspace, copy, &error), MCODA_CONFLICT, NULL);
    OK(mcoda_workspace_close(workspace, &error));

    OK(mcoda_options_from_json("{\"readOnly\": true}", &options, &error));
    OK(mcoda_workspace_open_db(copy, options, &workspace, &error));
    REFUSED(mcoda_projects_ensure_json(workspace, "{\"key\": \"X\"}", NULL, &error), MCODA_STORAGE, NULL);
    OK(mcoda_workspace_close(workspace, &error));
    mcoda_options_free(options);
}

static void the_root_of_a_project_and_the_users_database_open(const char *folder)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    mcoda_global *global = NULL;
    mcoda_string *json = NULL;
    mcoda_recorded *recorded = NULL;
    /* The home directory belongs to the test: see run.sh. */
    OK(mcoda_workspace_open(folder, NULL, &workspace, &error));
    OK(mcoda_record_token_usage_json(workspace, "{}", &json, &error));
    CHECK(strcmp(json_at(json, "/logged"), "true") == 0);
    mcoda_string_free(json);
    OK(mcoda_workspace_close(workspace, &error));

    OK(mcoda_global_open(NULL, &global, &error));
    OK(mcoda_global_database_path(global, &json, &error));
    CHECK(strstr(mcoda_string_text(json, NULL), "/.mcoda/mcoda.db") != NULL);
    mcoda_string_free(json);
    mcoda_token_usage *usage = mcoda_token_usage_new();
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, 7, &error));
    OK(mcoda_global_record_token_usage(global, usage, &recorded, &error));
    mcoda_recorded_free(recorded);
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_JOB_ID, "j", &error));
    REFUSED(mcoda_global_record_token_usage(global, usage, &recorded, &error), MCODA_INVALID_INPUT, "jobId");
    mcoda_token_usage_free(usage);
    OK(mcoda_global_record_token_usages_json(global, "[{\"tokensPrompt\": 5}]", NULL, &error));
    OK(mcoda_global_token_usage_summary_json(global, "{\"groupBy\": [\"agent\"]}", &json, &error));
    CHECK(strcmp(json_at(json, "/0/tokens_prompt"), "12") == 0);
    mcoda_string_free(json);
    OK(mcoda_global_query_json(global, "SELECT ? AS it", "[\"x\"]", &json, &error));
    CHECK(strcmp(mcoda_string_text(json, NULL), "[{\"it\":\"x\"}]") == 0);
    mcoda_string_free(json);
    OK(mcoda_global_close(global, &error));
}

int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    CHECK(argc >= 2);
    versions_are_those_of_the_header();
    mcoda_workspace *workspace = furnished(":memory:");
    a_record_is_kept_once(workspace);
    many_records_are_one_transaction(workspace);
    a_task_moves_and_its_history_tells(workspace);
    velocity_and_estimate_follow(workspace);
    runs_are_written_and_backfilled(workspace);
    OK(mcoda_workspace_close(workspace, &error));
    options_reach_the_engine(argv[1]);
    the_root_of_a_project_and_the_users_database_open(argv[1]);
    return 0;
}
