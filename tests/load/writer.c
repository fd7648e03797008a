/* One of the processes of the load test. tests/load/load.py says what it does and what it writes; writer.py and
 * writer.mjs do the same. */

#define _GNU_SOURCE
#include "check.h"
#include <time.h>

enum { RECORDS_A_MOVE = 20, QUERIES = 10 };

static const char *const STATUSES[] = {"in_progress", "ready_to_code_review", "ready_to_qa", "changes_requested"};

static FILE *log;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void tell_failed(const char *what, mcoda_code code, mcoda_error **error)
{
    fprintf(log, "failed %s %s\n", what, mcoda_code_name(code));
    mcoda_error_free(*error);
    *error = NULL;
}

static void record(mcoda_workspace *workspace, const char *name, const char *task, int number)
{
    mcoda_error *error = NULL;
    mcoda_recorded *recorded = NULL;
    mcoda_token_usage *usage = mcoda_token_usage_new();
    char id[64];
    snprintf(id, sizeof id, "%s-%d", name, number);
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, id, &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_TASK_ID, task, &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_AGENT_ID, name, &error));
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_COMMAND_NAME, "work-on-tasks", &error));
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, number, &error));
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_COMPLETION, 1, &error));
    double begun = now();
    mcoda_code code = mcoda_record_token_usage(workspace, usage, &recorded, &error);
    double took = now() - begun;
    if (code == MCODA_OK) {
        const char *logged = mcoda_recorded_is_logged(recorded) ? "logged" : "unlogged";
        fprintf(log, "recorded %s %.0f %s\n", id, took * 1e6, logged);
        mcoda_recorded_free(recorded);
    } else {
        tell_failed(id, code, &error);
    }
    mcoda_token_usage_free(usage);
}

static void move(mcoda_workspace *workspace, const char *task, const char *status)
{
    mcoda_error *error = NULL;
    mcoda_transition *moved = NULL;
    double begun = now();
    mcoda_code code = mcoda_record_status_transition(workspace, task, status, NULL, &moved, &error);
    double took = now() - begun;
    if (code != MCODA_OK) {
        tell_failed("move", code, &error);
        return;
    }
    /* Another process may have moved it there meanwhile: then there is no event. */
    const char *event = mcoda_transition_event_id(moved, NULL);
    fprintf(log, "moved %s %.0f\n", event ? event : "-", took * 1e6);
    mcoda_transition_free(moved);
}

static void run_query(mcoda_workspace *workspace, const char *name)
{
    mcoda_error *error = NULL;
    mcoda_string *rows = NULL;
    char query[128];
    snprintf(query, sizeof query, "{\"agent\": \"%s\", \"groupBy\": [\"agent\"]}", name);
    double begun = now();
    mcoda_code code = mcoda_token_usage_summary_json(workspace, query, &rows, &error);
    double took = now() - begun;
    if (code != MCODA_OK) {
        tell_failed("query", code, &error);
        return;
    }
    fprintf(log, "queried %s %.0f\n", json_at(rows, "/0/calls"), took * 1e6);
    mcoda_string_free(rows);
}

/* Usage: writer NAME ROOT SECONDS FILE TASK… */
int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    CHECK(argc > 5);
    const char *name = argv[1];
    double seconds = atof(argv[3]);
    char **tasks = argv + 5;
    int count = argc - 5;
    log = fopen(argv[4], "w");
    CHECK(log);
    OK(mcoda_workspace_open(argv[2], NULL, &workspace, &error));
    puts("ready");
    fflush(stdout);
    CHECK(getchar() == '\n');
    double begun = now(), next = seconds / QUERIES;
    for (int number = 1; now() - begun < seconds; number++) {
        record(workspace, name, tasks[number % count], number);
        if (number % RECORDS_A_MOVE == 0) {
            int move_number = number / RECORDS_A_MOVE;
            move(workspace, tasks[move_number % count], STATUSES[move_number / count % 4]);
        }
        if (now() - begun >= next) {
            run_query(workspace, name);
            next += seconds / QUERIES;
        }
    }
    OK(mcoda_workspace_close(workspace, &error));
    CHECK(fclose(log) == 0);
    return 0;
}
