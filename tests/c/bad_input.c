/* Bad values: the right code, the field's name, and nothing written. misuse.py tests what is wrong with pointers. */

#include "check.h"
#include <math.h>

/* Everything that a refused call could have changed. */
static const char *STATE =
    "SELECT (SELECT count(*) FROM token_usage) || ' ' || (SELECT count(*) FROM task_status_events) || ' ' ||"
    " (SELECT count(*) FROM jobs) || ' ' || (SELECT count(*) FROM command_runs) || ' ' ||"
    " (SELECT count(*) FROM task_runs) || ' ' || (SELECT count(*) FROM projects) || ' ' ||"
    " (SELECT count(*) FROM epics) || ' ' || (SELECT count(*) FROM user_stories) || ' ' ||"
    " (SELECT group_concat(key || status || coalesce(metadata_json, '')) FROM tasks) AS it";

static char before[256];

static void nothing_was_written(mcoda_workspace *workspace, const char *given)
{
    if (strcmp(value_of(workspace, STATE), before) != 0) {
        fprintf(stderr, "something was written: %s\n", given);
        exit(1);
    }
}

static void a_record_with_a_bad_value_is_refused_by_the_fields_name(mcoda_workspace *workspace)
{
    static const char *const cases[][2] = {
        {"{\"tokensPrompt\": -1}", "tokensPrompt"},
        {"{\"tokensCompletion\": 9007199254740992}", "tokensCompletion"},
        {"{\"tokensTotal\": 18446744073709551616}", "tokensTotal"},
        {"{\"tokensCached\": -9223372036854775808}", "tokensCached"},
        {"{\"tokensCacheRead\": 1.5}", "tokensCacheRead"},
        {"{\"tokensCacheWrite\": \"7\"}", "tokensCacheWrite"},
        {"{\"tokensPrompt\": 1e300}", "tokensPrompt"},
        {"{\"tokensPrompt\": 9007199254740991, \"tokensCompletion\": 9007199254740991}", "tokensTotal"},
        {"{\"costEstimate\": -0.01}", "costEstimate"},
        {"{\"costUsd\": \"1\"}", "costEstimate"},
        {"{\"durationMs\": -1}", "durationMs"},
        {"{\"durationSeconds\": true}", "durationSeconds"},
        {"{\"startedAt\": \"2026-03-20T10:00:00.001Z\", \"finishedAt\": \"2026-03-20T10:00:00.000999Z\"}", "finishedAt"},
        {"{\"startedAt\": \"2025-02-30\"}", "startedAt"},
        {"{\"finishedAt\": \"2026-03-20T10:00:00\"}", "finishedAt"},
        {"{\"timestamp\": \"yesterday\"}", "timestamp"},
        {"{\"timestamp\": 1774008000000}", "timestamp"},
        {"{\"timestamp\": \"\"}", "timestamp"},
        {"{\"metadata\": \"text\"}", "metadata"},
        {"{\"metadata\": [1]}", "metadata"},
        {"{\"jobId\": 7}", "jobId"},
        {"{\"id\": \"\"}", "id"},
        {"{\"workspaceId\": \"  \"}", "workspaceId"},
        {"{\"tokenPrompt\": 1}", "tokenPrompt"},
        {"{\"tokensPrompt\": 1, \"promptTokens\": 2}", "promptTokens"},
        {"[]", "usage"},
        {"null", "usage"},
        {"", "usage"},
        {"{", "usage"},
        {"{\"tokensPrompt\": 1} x", "usage"},
        {"{\"costEstimate\": NaN}", "usage"},
        {"{\"costEstimate\": 1e999}", "usage"},
        {"{\"id\": \"\xed\xa0\x80\"}", "usage"}, /* half of a pair is not UTF-8 */
    };
    mcoda_error *error = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mcoda_string *json = (mcoda_string *)before;
        REFUSED(mcoda_record_token_usage_json(workspace, cases[i][0], &json, &error), MCODA_INVALID_INPUT, cases[i][1]);
        CHECK(json == (mcoda_string *)before);
        char batch[512];
        snprintf(batch, sizeof batch, "[{\"tokensPrompt\": 1}, %s]", cases[i][0]);
        if (cases[i][1][0] != 'u') {
            REFUSED(mcoda_record_token_usages_json(workspace, batch, NULL, &error), MCODA_INVALID_INPUT, cases[i][1]);
        }
        nothing_was_written(workspace, cases[i][0]);
    }
    REFUSED(mcoda_record_token_usages_json(workspace, "{}", NULL, &error), MCODA_INVALID_INPUT, "usages");
}

static void numbers_that_json_cannot_hold_are_refused_too(mcoda_workspace *workspace)
{
    const double numbers[] = {NAN, INFINITY, -INFINITY};
    mcoda_error *error = NULL;
    mcoda_velocity_result *velocity = NULL;
    for (size_t i = 0; i < 3; i++) {
        mcoda_token_usage *usage = mcoda_token_usage_new();
        OK(mcoda_token_usage_set_real(usage, MCODA_TOKEN_USAGE_COST_ESTIMATE, numbers[i], &error));
        REFUSED(mcoda_record_token_usage(workspace, usage, NULL, &error), MCODA_INVALID_INPUT, "costEstimate");
        mcoda_token_usage_free(usage);
        mcoda_estimate_options *options = mcoda_estimate_options_new();
        OK(mcoda_estimate_options_set_real(options, MCODA_ESTIMATE_SP_PER_HOUR_QA, numbers[i], &error));
        REFUSED(mcoda_velocity(workspace, options, &velocity, &error), MCODA_INVALID_INPUT, "spPerHourQa");
        mcoda_estimate_options_free(options);
    }
    nothing_was_written(workspace, "NaN and the infinities");
}

static void a_setter_refuses_unknown_fields_and_values_of_another_type(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_token_usage *usage = mcoda_token_usage_new();
    const int32_t unknown[] = {0, -1, 1000, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        REFUSED(mcoda_token_usage_set_text(usage, unknown[i], "x", &error), MCODA_INVALID_INPUT, "field");
        REFUSED(mcoda_token_usage_set_int(usage, unknown[i], 1, &error), MCODA_INVALID_INPUT, "field");
    }
    REFUSED(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, "\xff", &error), MCODA_INVALID_INPUT, "id");
    REFUSED(mcoda_token_usage_set_json(usage, MCODA_TOKEN_USAGE_METADATA, "{", &error), MCODA_INVALID_INPUT, "metadata");
    /* As numbers, as another language's binding passes them: the compiler refuses the constants. */
    const int32_t id = MCODA_TOKEN_USAGE_ID, prompt = MCODA_TOKEN_USAGE_TOKENS_PROMPT;
    const int32_t cost = MCODA_TOKEN_USAGE_COST_ESTIMATE, metadata = MCODA_TOKEN_USAGE_METADATA;
    REFUSED(mcoda_token_usage_set_int(usage, id, 1, &error), MCODA_INVALID_INPUT, "id");
    REFUSED(mcoda_token_usage_set_text(usage, prompt, "many", &error), MCODA_INVALID_INPUT, "tokensPrompt");
    REFUSED(mcoda_token_usage_set_text(usage, prompt, NULL, &error), MCODA_INVALID_INPUT, "tokensPrompt");
    REFUSED(mcoda_token_usage_set_real(usage, prompt, 1.0, &error), MCODA_INVALID_INPUT, "tokensPrompt");
    REFUSED(mcoda_token_usage_set_int(usage, cost, 1, &error), MCODA_INVALID_INPUT, "costEstimate");
    REFUSED(mcoda_token_usage_set_json(usage, cost, "1", &error), MCODA_INVALID_INPUT, "costEstimate");
    CHECK(mcoda_token_usage_set_text(usage, metadata, "{}", &error) == MCODA_INVALID_INPUT);
    CHECK(strcmp(mcoda_error_message(error, NULL), "metadata: got text (set_text); expected JSON (set_json)") == 0);
    mcoda_error_free(error);
    error = NULL;
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, INT64_MIN, &error));
    REFUSED(mcoda_record_token_usage(workspace, usage, NULL, &error), MCODA_INVALID_INPUT, "tokensPrompt");
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, 1, &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_TASK_ID, "nobody", &error));
    REFUSED(mcoda_record_token_usage(workspace, usage, NULL, &error), MCODA_NOT_FOUND, "taskId");
    mcoda_token_usage_free(usage);
    mcoda_estimate_result *estimate = NULL;
    OK(mcoda_estimate(workspace, NULL, &estimate, &error));
    for (size_t i = 1; i < sizeof unknown / sizeof *unknown; i++) {
        CHECK(isnan(mcoda_estimate_hours(estimate, unknown[i])));
        CHECK(mcoda_estimate_tasks(estimate, unknown[i]) == 0);
        CHECK(mcoda_estimate_eta(estimate, unknown[i], NULL) == NULL);
    }
    mcoda_estimate_free(estimate);
    mcoda_options *options = NULL;
    REFUSED(mcoda_options_from_json("{\"readOnly\": 1}", &options, &error), MCODA_INVALID_INPUT, "readOnly");
    REFUSED(mcoda_options_from_json("{\"readonly\": true}", &options, &error), MCODA_INVALID_INPUT, "readonly");
    options = mcoda_options_new();
    mcoda_workspace *other = NULL;
    OK(mcoda_options_set_int(options, MCODA_OPTION_BUSY_TIMEOUT_MS, -1, &error));
    REFUSED(mcoda_workspace_open_db(":memory:", options, &other, &error), MCODA_INVALID_INPUT, "busyTimeoutMs");
    CHECK(other == NULL);
    mcoda_options_free(options);
    nothing_was_written(workspace, "handles");
}

static void a_transition_with_an_invalid_value_names_the_field(mcoda_workspace *workspace)
{
    static const struct {
        const char *task, *to, *context;
        mcoda_code code;
        const char *field;
    } cases[] = {
        {"nobody", "completed", "{}", MCODA_NOT_FOUND, "task"},
        {"", "completed", "{}", MCODA_NOT_FOUND, "task"},
        {"P-1", " ", "{}", MCODA_INVALID_INPUT, "toStatus"},
        {"P-1", "in\nprogress", "{}", MCODA_INVALID_INPUT, "toStatus"},
        {"P-1", "completed", "{\"jobId\": \"nobody\"}", MCODA_NOT_FOUND, "jobId"},
        {"P-1", "completed", "{\"taskRunId\": \"nobody\"}", MCODA_NOT_FOUND, "taskRunId"},
        {"P-1", "completed", "{\"timestamp\": \"2025-02-30\"}", MCODA_INVALID_INPUT, "timestamp"},
        {"P-1", "completed", "{\"metadata\": 1}", MCODA_INVALID_INPUT, "metadata"},
        {"P-1", "completed", "{\"metadata_patch\": []}", MCODA_INVALID_INPUT, "metadataPatch"},
        {"P-1", "completed", "{\"form\": \"x\"}", MCODA_INVALID_INPUT, "form"},
        {"P-1", "completed", "{\"expectedFrom\": \"in_progress\"}", MCODA_CONFLICT, NULL},
        {"P-1", "completed", "7", MCODA_INVALID_INPUT, "context"},
    };
    mcoda_error *error = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        REFUSED(mcoda_record_status_transition_json(workspace, cases[i].task, cases[i].to, cases[i].context, NULL, &error),
                cases[i].code, cases[i].field);
        nothing_was_written(workspace, cases[i].context);
    }
}

static void questions_with_a_bad_value_name_it(mcoda_workspace *workspace)
{
    static const struct {
        const char *given;
        mcoda_code code;
        const char *field;
    } options[] = {
        {"{\"projectKey\": \"X\"}", MCODA_NOT_FOUND, "projectKey"},
        {"{\"epicKey\": \"X\"}", MCODA_NOT_FOUND, "epicKey"},
        {"{\"storyKey\": \"X\"}", MCODA_NOT_FOUND, "storyKey"},
        {"{\"mode\": \"guess\"}", MCODA_INVALID_INPUT, "mode"},
        {"{\"windowTasks\": 0}", MCODA_INVALID_INPUT, "windowTasks"},
        {"{\"windowTasks\": 1.5}", MCODA_INVALID_INPUT, "windowTasks"},
        {"{\"spPerHourAll\": \"10\"}", MCODA_INVALID_INPUT, "spPerHourAll"},
        {"{\"now\": \"today\"}", MCODA_INVALID_INPUT, "now"},
        {"{\"window\": 3}", MCODA_INVALID_INPUT, "window"},
    };
    static const char *const bounds[] = {"tomorrow", "", "7", "-1d", "1.5h", "2025-02-30", "2026-03-20T10:00:00", "1y"};
    static const char *const statements[] = {"DELETE FROM tasks", "SELECT 1; SELECT 2", "", "SELECT 1 AS a, 2 AS a",
                                             "SELECT * FROM nothing", "PRAGMA journal_mode = DELETE", "SELECT ?"};
    mcoda_error *error = NULL;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        REFUSED(mcoda_velocity_json(workspace, options[i].given, NULL, &error), options[i].code, options[i].field);
        REFUSED(mcoda_estimate_json(workspace, options[i].given, NULL, &error), options[i].code, options[i].field);
        REFUSED(mcoda_backfill_status_events_json(workspace, options[i].given, NULL, &error), options[i].code, options[i].field);
    }
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        char query[128];
        snprintf(query, sizeof query, "{\"since\": \"%s\"}", bounds[i]);
        REFUSED(mcoda_status_events_json(workspace, query, NULL, &error), MCODA_INVALID_INPUT, "since");
        REFUSED(mcoda_token_usage_json(workspace, query, NULL, &error), MCODA_INVALID_INPUT, "since");
        REFUSED(mcoda_token_usage_summary_json(workspace, query, NULL, &error), MCODA_INVALID_INPUT, "since");
    }
    REFUSED(mcoda_token_usage_summary_json(workspace, "{\"groupBy\": [\"who\"]}", NULL, &error), MCODA_INVALID_INPUT, "groupBy");
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        REFUSED(mcoda_query_json(workspace, statements[i], NULL, NULL, &error), MCODA_INVALID_INPUT, NULL);
    }
    REFUSED(mcoda_query_json(workspace, "SELECT ?", "[[1]]", NULL, &error), MCODA_INVALID_INPUT, "params");
    nothing_was_written(workspace, "queries");
}

static void an_error_is_one_short_line_and_tells_its_lengths(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    size_t length = 0;
    char *given = malloc(100001);
    CHECK(given != NULL);
    memset(given, 'k', 100000);
    for (size_t i = 4; i < 100000; i += 5) {
        given[i] = '\n';
    }
    given[100000] = 0;
    CHECK(mcoda_record_status_transition_json(workspace, given, "completed", NULL, NULL, &error) == MCODA_NOT_FOUND);
    const char *message = mcoda_error_message(error, &length);
    CHECK(strlen(message) == length && length < 1000 && strchr(message, '\n') == NULL);
    CHECK(strcmp(mcoda_error_field(error, &length), "task") == 0 && length == 4);
    CHECK(mcoda_error_detail(error, &length) == NULL && length == 0);
    mcoda_error_free(error);
    free(given);
    CHECK(mcoda_record_token_usage_json(workspace, "{", NULL, &error) == MCODA_INVALID_INPUT);
    CHECK(strstr(mcoda_error_detail(error, &length), "line 1") != NULL && length > 0);
    mcoda_error_free(error);
    /* The error parameter is optional. */
    CHECK(mcoda_record_token_usage_json(workspace, "{", NULL, NULL) == MCODA_INVALID_INPUT);
}

int main(void)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = furnished(":memory:");
    snprintf(before, sizeof before, "%s", value_of(workspace, STATE));
    a_record_with_a_bad_value_is_refused_by_the_fields_name(workspace);
    numbers_that_json_cannot_hold_are_refused_too(workspace);
    a_setter_refuses_unknown_fields_and_values_of_another_type(workspace);
    a_transition_with_an_invalid_value_names_the_field(workspace);
    questions_with_a_bad_value_name_it(workspace);
    an_error_is_one_short_line_and_tells_its_lengths(workspace);
    OK(mcoda_workspace_close(workspace, &error));
    return 0;
}
