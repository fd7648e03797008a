/* Recording responses of agents, reading rows in chunks, and rendering results as tables. */

#include "check.h"

static mcoda_error *error;
static mcoda_workspace *workspace;

/* Whether the text that a call returned contains all of these; the list ends with NULL. Frees the text. */
static void check_holds(mcoda_string *given, const char *const *parts)
{
    const char *text = mcoda_string_text(given, NULL);
    for (; *parts != NULL; parts++) {
        if (strstr(text, *parts) == NULL) {
            fprintf(stderr, "no %s in:\n%s\n", *parts, text);
            exit(1);
        }
    }
    mcoda_string_free(given);
}
#define HOLDS(given, ...) check_holds(given, (const char *const[]){__VA_ARGS__, NULL})

#define RESPONSE                                                                                            \
    "{\"id\": \"msg_%d\", \"type\": \"message\", \"role\": \"assistant\", \"model\": \"claude-x\", \"content\": [], " \
    "\"usage\": {\"input_tokens\": %d, \"cache_read_input_tokens\": 900, \"output_tokens\": 5}}"

static void an_answer_is_read_without_a_database(void)
{
    mcoda_string *json = NULL;
    char body[512];
    snprintf(body, sizeof body, RESPONSE, 0, 100);
    OK(mcoda_extract_usage_json(body, NULL, &json, &error));
    CHECK(strcmp(json_at(json, "/tokensPrompt"), "1000") == 0 && strcmp(json_at(json, "/tokensCached"), "900") == 0);
    mcoda_string_free(json);
    OK(mcoda_extract_usages_json("no usage here", "openai", &json, &error));
    CHECK(strcmp(mcoda_string_text(json, NULL), "[]") == 0);
    mcoda_string_free(json);
}

static void an_answer_is_recorded_once(void)
{
    mcoda_string *json = NULL;
    char body[512];
    snprintf(body, sizeof body, RESPONSE, 0, 100);
    for (int again = 0; again < 2; again++) {
        const char *context = "{\"agentId\": \"claude\", \"timestamp\": \"2026-03-20T12:00:00Z\"}";
        OK(mcoda_record_agent_response_json(workspace, body, context, &json, &error));
        CHECK(strcmp(json_at(json, "/records/0/duplicate"), again ? "true" : "false") == 0);
        mcoda_string_free(json);
    }
    REFUSED(mcoda_record_agent_response_json(workspace, body, "{\"agent\": 1}", NULL, &error), MCODA_INVALID_INPUT,
            "agent");
}

static void a_file_of_answers_is_recorded_once(const char *folder)
{
    mcoda_global *global = NULL;
    mcoda_string *json = NULL;
    char path[512], number[16];
    snprintf(path, sizeof path, "%s/responses.jsonl", folder);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    for (int i = 1; i <= 250; i++) {
        fprintf(file, RESPONSE "\n", i, i);
    }
    CHECK(fclose(file) == 0);
    OK(mcoda_global_open_db(":memory:", NULL, &global, &error));
    for (int again = 0; again < 2; again++) {
        OK(mcoda_record_agent_file_json(workspace, path, NULL, &json, &error));
        snprintf(number, sizeof number, "%d", again ? 0 : 250);
        CHECK(strcmp(json_at(json, "/recorded"), number) == 0 && strcmp(json_at(json, "/lines"), "250") == 0);
        mcoda_string_free(json);
    }
    OK(mcoda_global_record_agent_file_json(global, path, NULL, NULL, &error));
    OK(mcoda_global_token_usage_summary_json(global, "{\"since\": \"2026-01-01\"}", &json, &error));
    CHECK(strcmp(json_at(json, "/0/calls"), "250") == 0);
    mcoda_string_free(json);
    OK(mcoda_global_close(global, &error));

    strcat(path, ".none");
    CHECK(mcoda_record_agent_file_json(workspace, path, NULL, NULL, &error) == MCODA_STORAGE);
    CHECK(strstr(mcoda_error_message(error, NULL), path) != NULL);
    mcoda_error_free(error);
    error = NULL;
}

/* The number of remaining rows of a cursor, fetched in chunks of seven. */
static int rows_of(mcoda_token_usage_cursor *cursor)
{
    mcoda_string *json = NULL, *row = NULL;
    char pointer[8];
    for (int rows = 0;; mcoda_string_free(json)) {
        OK(mcoda_token_usage_cursor_next_json(cursor, 7, &json, &error));
        if (strcmp(mcoda_string_text(json, NULL), "[]") == 0) {
            mcoda_string_free(json);
            return rows;
        }
        for (int i = 0; i <= 7; i++) {
            snprintf(pointer, sizeof pointer, "/%d/id", i);
            if (mcoda_string_at(json, pointer, &row, NULL) != MCODA_OK) {
                break;
            }
            mcoda_string_free(row);
            CHECK(i < 7);
            rows++;
        }
    }
}

static void rows_come_a_few_at_a_time(void)
{
    mcoda_token_usage_cursor *cursor = NULL, *other = NULL;
    mcoda_global *global = NULL;
    mcoda_workspace *own = NULL;
    mcoda_string *json = NULL;
    OK(mcoda_token_usage_cursor_open(workspace, NULL, &cursor, &error));
    OK(mcoda_token_usage_cursor_open(workspace, "{\"agent\": \"claude\"}", &other, &error));
    /* Rows recorded after this are not returned. */
    OK(mcoda_record_token_usage_json(workspace, "{\"agentId\": \"claude\"}", NULL, &error));
    CHECK(rows_of(other) == 1 && rows_of(cursor) == 251 && rows_of(cursor) == 0);
    REFUSED(mcoda_token_usage_cursor_next_json(cursor, 0, &json, &error), MCODA_INVALID_INPUT, "limit");
    OK(mcoda_token_usage_cursor_close(cursor, &error));
    OK(mcoda_token_usage_cursor_close(cursor, &error));
    REFUSED(mcoda_token_usage_cursor_next_json(cursor, 1, &json, &error), MCODA_CLOSED, NULL);
    OK(mcoda_token_usage_cursor_close(other, &error));
    REFUSED(mcoda_token_usage_cursor_open(workspace, "{\"projectKey\": \"none\"}", &cursor, &error), MCODA_NOT_FOUND,
            "projectKey");

    OK(mcoda_global_open_db(":memory:", NULL, &global, &error));
    OK(mcoda_global_record_token_usages_json(global, "[{}, {}, {}]", NULL, &error));
    OK(mcoda_global_token_usage_cursor_open(global, NULL, &cursor, &error));
    CHECK(rows_of(cursor) == 3);
    OK(mcoda_token_usage_cursor_close(cursor, &error));
    OK(mcoda_global_close(global, &error));

    /* Closing the database ends its cursors. */
    OK(mcoda_workspace_open_db(":memory:", NULL, &own, &error));
    OK(mcoda_record_token_usage_json(own, "{}", NULL, &error));
    OK(mcoda_token_usage_cursor_open(own, NULL, &cursor, &error));
    OK(mcoda_workspace_close(own, &error));
    REFUSED(mcoda_token_usage_cursor_next_json(cursor, 1, &json, &error), MCODA_CLOSED, NULL);
    OK(mcoda_token_usage_cursor_close(cursor, &error));
}

/* Renders a table from the JSON that a call returned. */
typedef mcoda_code renderer(const char *, mcoda_string **, mcoda_error **);

static mcoda_string *rendered(renderer *render, mcoda_string *json)
{
    mcoda_string *text = NULL;
    OK(render(mcoda_string_text(json, NULL), &text, &error));
    mcoda_string_free(json);
    return text;
}

static void answers_become_tables(void)
{
    mcoda_string *json = NULL, *text = NULL;
    const char *query =
        "{\"since\": \"2026-01-01\", \"groupBy\": [\"model\", \"day\"], \"timeZone\": \"Europe/Berlin\"}";
    OK(mcoda_token_usage_summary_json(workspace, query, &json, &error));
    const char *rows = mcoda_string_text(json, NULL);
    OK(mcoda_render_tokens_table(rows, "[\"model\", \"day\"]", &text, &error));
    HOLDS(text, "MODEL", "DAY", "claude-x", "2026-03-20");
    REFUSED(mcoda_render_tokens_table(rows, "[\"weekday\"]", &text, &error), MCODA_INVALID_INPUT, "groupBy");
    REFUSED(mcoda_render_tokens_table("7", NULL, &text, &error), MCODA_INVALID_INPUT, "rows");
    mcoda_string_free(json);

    OK(mcoda_token_usage_json(workspace, "{\"agent\": \"claude\"}", &json, &error));
    HOLDS(rendered(mcoda_render_job_tokens, json), "claude-x", "1,000");

    OK(mcoda_jobs_create_json(workspace, "{\"type\": \"nightly\"}", &json, &error));
    char id[64];
    snprintf(id, sizeof id, "%s", json_at(json, "/id"));
    mcoda_string_free(json);
    OK(mcoda_jobs_list_json(workspace, &json, &error));
    HOLDS(rendered(mcoda_render_jobs, json), "nightly", id);
    OK(mcoda_inspect_job_json(workspace, id, &json, &error));
    HOLDS(rendered(mcoda_render_job_inspection, json), "nightly", "none recorded");
    REFUSED(mcoda_inspect_job_json(workspace, "none", &json, &error), MCODA_NOT_FOUND, "jobId");

    OK(mcoda_record_status_transition(workspace, "P-1", "in_progress", NULL, NULL, &error));
    OK(mcoda_status_events_json(workspace, NULL, &json, &error));
    HOLDS(rendered(mcoda_render_status_events, json), "in_progress");
    OK(mcoda_velocity_json(workspace, NULL, &json, &error));
    HOLDS(rendered(mcoda_render_velocity, json), "SP/H");
    OK(mcoda_estimate_json(workspace, "{\"spPerHourAll\": 2}", &json, &error));
    HOLDS(rendered(mcoda_render_estimate, json), "P-1");
}

static void telemetry_can_be_opted_out_of(void)
{
    mcoda_string *json = NULL;
    OK(mcoda_telemetry_opt_out_json(workspace, true, &json, &error));
    HOLDS(json, "\"strict\":true", "\"localRecording\":false");
    OK(mcoda_record_token_usage_json(workspace, "{}", &json, &error));
    HOLDS(json, "\"recorded\":false");
    OK(mcoda_telemetry_opt_in_json(workspace, NULL, &error));
    OK(mcoda_telemetry_config_json(workspace, &json, &error));
    HOLDS(rendered(mcoda_render_telemetry_config, json), "SETTING", "enabled");
}

static void a_check_is_made_and_shown(void)
{
    mcoda_string *json = NULL;
    OK(mcoda_check_json(workspace, "{\"full\": true}", &json, &error));
    HOLDS(json, "\"ok\":true", "\"full\":true", "\"integrity\"");
    OK(mcoda_check_json(workspace, NULL, &json, &error));
    HOLDS(rendered(mcoda_render_check, json), "Database: ", "examinations: ");
    OK(mcoda_check_path_json("/nowhere/mcoda.db", NULL, &json, &error));
    HOLDS(rendered(mcoda_render_check, json), "ERROR missing");
    OK(mcoda_checkpoint_json(workspace, &json, &error));
    HOLDS(json, "\"truncated\":true", "\"busy\":false");
}

int main(int argc, char **argv)
{
    char path[512];
    CHECK(argc >= 2);
    snprintf(path, sizeof path, "%s/responses.db", argv[1]);
    workspace = furnished(path);
    an_answer_is_read_without_a_database();
    an_answer_is_recorded_once();
    a_file_of_answers_is_recorded_once(argv[1]);
    rows_come_a_few_at_a_time();
    answers_become_tables();
    telemetry_can_be_opted_out_of();
    a_check_is_made_and_shown();
    OK(mcoda_workspace_close(workspace, &error));
    return 0;
}
