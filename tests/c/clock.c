/* A clock before 1970 or after 9999: every call that would date something, or compute with the current time, fails, and
 * nothing is written. For LD_PRELOAD of tests/soak/clock.c: SOAK_CLOCK names the file with the seconds that are added. */

#include "check.h"

static mcoda_error *error;

static void set_clock(const char *seconds)
{
    const char *name = getenv("SOAK_CLOCK");
    CHECK(name != NULL);
    FILE *file = fopen(name, "w");
    CHECK(file != NULL && fputs(seconds, file) >= 0 && fclose(file) == 0);
}

/* The bytes of a file; 0 for a missing one. */
static size_t read_file(const char *folder, const char *name, char *bytes, size_t size)
{
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    size_t length = fread(bytes, 1, size, file);
    CHECK(length < size);
    fclose(file);
    return length;
}

/* Everything that the calls below would write. */
static const char *const ROWS =
    "SELECT (SELECT count(*) FROM token_usage) || ' ' || (SELECT count(*) FROM task_status_events) || ' ' ||"
    " (SELECT count(*) FROM projects) || ' ' || (SELECT count(*) FROM jobs) || ' ' ||"
    " (SELECT group_concat(key || status || updated_at) FROM tasks) AS it";

static void no_call_dates_anything(mcoda_workspace *workspace)
{
    static const char *const body =
        "{\"id\": \"m\", \"type\": \"message\", \"model\": \"m\", \"usage\": {\"input_tokens\": 10, \"output_tokens\": 1}}";
    static const char *const dated = "{\"tokensPrompt\": 1, \"timestamp\": \"2026-03-20T12:00:00Z\"}";
#define FAILS(call) REFUSED(call, MCODA_UNSUPPORTED, NULL)
    FAILS(mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 1}", NULL, &error));
    FAILS(mcoda_record_token_usage_json(workspace, dated, NULL, &error));
    FAILS(mcoda_record_token_usages_json(workspace, "[{\"tokensPrompt\": 1}, {\"tokensPrompt\": 2}]", NULL, &error));
    FAILS(mcoda_record_agent_response_json(workspace, body, NULL, NULL, &error));
    FAILS(mcoda_record_status_transition_json(workspace, "P-1", "in_progress", NULL, NULL, &error));
    FAILS(mcoda_backfill_status_events_json(workspace, NULL, NULL, &error));
    FAILS(mcoda_projects_ensure_json(workspace, "{\"key\": \"NEW\"}", NULL, &error));
    FAILS(mcoda_tasks_update_json(workspace, "P-1", "{\"title\": \"new\"}", NULL, &error));
    FAILS(mcoda_jobs_create_json(workspace, "{\"type\": \"work\"}", NULL, &error));
    FAILS(mcoda_batch_json(workspace, "[{\"call\": \"record_token_usage\", \"args\": [{}]}]", NULL, &error));
    FAILS(mcoda_checkpoint_json(workspace, NULL, &error));
    FAILS(mcoda_token_usage_json(workspace, NULL, NULL, &error));
    FAILS(mcoda_token_usage_summary_json(workspace, "{\"since\": \"7d\"}", NULL, &error));
    FAILS(mcoda_status_events_json(workspace, NULL, NULL, &error));
    FAILS(mcoda_velocity_json(workspace, NULL, NULL, &error));
    FAILS(mcoda_estimate_json(workspace, NULL, NULL, &error));
}

int main(int argc, char **argv)
{
    /* Before 1970, and after 9999. */
    static const char *const clocks[] = {"-3000000000", "300000000000"};
    static char before[1 << 16], after[1 << 16];
    char path[1100], rows[512];
    mcoda_workspace *workspace = NULL, *log_only = NULL, *fresh = NULL;
    mcoda_global *global = NULL;
    mcoda_options *logging = mcoda_options_new(), *no_database = mcoda_options_new();
    CHECK(argc > 1);
    set_clock("0");

    snprintf(path, sizeof path, "%s/mcoda.db", argv[1]);
    OK(mcoda_workspace_close(furnished(path), &error));
    OK(mcoda_options_set_text(logging, MCODA_OPTION_JSON_LOG_FOLDER, argv[1], &error));
    OK(mcoda_workspace_open_db(path, logging, &workspace, &error));
    OK(mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 1}", NULL, &error));
    snprintf(rows, sizeof rows, "%s", value_of(workspace, ROWS));

    snprintf(path, sizeof path, "%s/root", argv[1]);
    char environment[1200];
    snprintf(environment, sizeof environment, "{\"MCODA_DISABLE_DB\": \"1\", \"HOME\": \"%s\"}", argv[1]);
    OK(mcoda_options_set_json(no_database, MCODA_OPTION_ENVIRONMENT, environment, &error));
    OK(mcoda_options_set_text(no_database, MCODA_OPTION_JSON_LOG_FOLDER, path, &error));
    OK(mcoda_workspace_open(path, no_database, &log_only, &error));
    OK(mcoda_record_token_usage_json(log_only, "{\"tokensPrompt\": 1}", NULL, &error));

    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        size_t length = read_file(argv[1], "token_usage.json", before, sizeof before);
        CHECK(length > 0);
        set_clock(clocks[i]);
        no_call_dates_anything(workspace);
        set_clock("0");
        CHECK(strcmp(value_of(workspace, ROWS), rows) == 0);
        CHECK(read_file(argv[1], "token_usage.json", after, sizeof after) == length);
        CHECK(memcmp(before, after, length) == 0);

        length = read_file(path, "token_usage.json", before, sizeof before);
        CHECK(length > 0);
        set_clock(clocks[i]);
        FAILS(mcoda_record_token_usage_json(log_only, "{\"tokensPrompt\": 1}", NULL, &error));
        FAILS(mcoda_record_token_usage_json(log_only, "{\"id\": \"x\", \"timestamp\": \"2026-03-20T12:00:00Z\"}", NULL, &error));
        CHECK(read_file(path, "token_usage.json", after, sizeof after) == length);
        CHECK(memcmp(before, after, length) == 0);

        /* Opening may migrate, which dates what has no time. */
        char file[1200];
        snprintf(file, sizeof file, "%s/mcoda.db", argv[1]);
        FAILS(mcoda_workspace_open_db(file, logging, &fresh, &error));
        snprintf(file, sizeof file, "%s/fresh", argv[1]);
        FAILS(mcoda_workspace_open(file, NULL, &fresh, &error));
        snprintf(file, sizeof file, "%s/fresh.db", argv[1]);
        FAILS(mcoda_workspace_open_db(file, NULL, &fresh, &error));
        FAILS(mcoda_global_open_db(file, NULL, &global, &error));
        CHECK(fresh == NULL && global == NULL);
        CHECK(read_file(argv[1], "fresh/.mcoda/workspace.json", after, sizeof after) == 0);
        set_clock("0");
    }
    /* The handles remain usable, and so do the names of the databases that were not made. */
    OK(mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 1}", NULL, &error));
    OK(mcoda_record_token_usage_json(log_only, "{\"tokensPrompt\": 1}", NULL, &error));
    snprintf(path, sizeof path, "%s/fresh", argv[1]);
    OK(mcoda_workspace_open(path, NULL, &fresh, &error));
    OK(mcoda_record_token_usage_json(fresh, "{\"tokensPrompt\": 1}", NULL, &error));
    CHECK(strcmp(value_of(fresh, "SELECT count(*) AS it FROM token_usage WHERE timestamp > '2020' AND timestamp < '2999'"), "1") == 0);
    OK(mcoda_workspace_close(fresh, &error));
    OK(mcoda_workspace_close(log_only, &error));
    OK(mcoda_workspace_close(workspace, &error));
    mcoda_options_free(logging);
    mcoda_options_free(no_database);
    return 0;
}
