/* A host of agents in C: reads responses of providers and agents from standard input, one JSON document a line, records
 * them in a project's workspace, and prints what they cost and when the work will be done.
 *
 *     agent_host FOLDER [TASK] < responses.jsonl
 *
 * With TASK, the key of a task, the calls belong to it, and it moves to in_progress. A line that was recorded before counts
 * once, so the program may be run again with the same input. */

#include <mcoda.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints a failure and frees it. Returns whether the call succeeded. */
static bool succeeded(mcoda_code code, mcoda_error **error, const char *what)
{
    if (code == MCODA_OK)
        return true;
    fprintf(stderr, "%s: %s: %s\n", what, mcoda_code_name(code), mcoda_error_message(*error, NULL));
    mcoda_error_free(*error);
    *error = NULL;
    return false;
}

/* Reads a line of any length without its end. Returns false at the end of the input, and ends if there is no memory. */
static bool read_line(char **line, size_t *size)
{
    size_t length = 0;
    for (;;) {
        if (length + 2 > *size) {
            char *larger = realloc(*line, *size = *size ? *size * 2 : 4096);
            if (larger == NULL) {
                fprintf(stderr, "agent_host: a line of more than %zu bytes does not fit into memory\n", length);
                exit(1);
            }
            *line = larger;
        }
        int byte = getchar();
        if (byte == EOF && length == 0)
            return false;
        if (byte == '\n' || byte == EOF) {
            (*line)[length] = '\0';
            return true;
        }
        (*line)[length++] = (char)byte;
    }
}

/* The id of the task with this key, which is copied; false if there is none. */
static bool find_task(mcoda_workspace *workspace, const char *key, char *id, size_t size)
{
    mcoda_error *error = NULL;
    mcoda_string *json = NULL, *text = NULL;
    if (!succeeded(mcoda_tasks_get_json(workspace, key, &json, &error), &error, key))
        return false;
    bool is_found = mcoda_string_at(json, "/id", &text, NULL) == MCODA_OK;
    if (is_found)
        snprintf(id, size, "%s", mcoda_string_text(text, NULL));
    else
        fprintf(stderr, "agent_host: there is no task %s\n", key);
    mcoda_string_free(text);
    mcoda_string_free(json);
    return is_found;
}

/* Records every line. Returns the number of those that could not be recorded. */
static int record_lines(mcoda_workspace *workspace, const char *context)
{
    mcoda_error *error = NULL;
    char *line = NULL;
    size_t size = 0;
    int failures = 0;
    for (long number = 1; read_line(&line, &size); number++) {
        char what[48];
        if (line[0] == '\0')
            continue;
        snprintf(what, sizeof what, "line %ld", number);
        if (!succeeded(mcoda_record_agent_response_json(workspace, line, context, NULL, &error), &error, what))
            failures++;
    }
    free(line);
    return failures;
}

static bool print_costs(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_rows *rows = NULL;
    int32_t model, calls, cost, currency_known;
    const char *query = "{\"since\": \"1970-01-01\", \"groupBy\": [\"model\"]}";
    if (!succeeded(mcoda_token_usage_summary(workspace, query, &rows, &error), &error, "costs"))
        return false;
    mcoda_rows_column(rows, "model_name", &model, NULL);
    mcoda_rows_column(rows, "calls", &calls, NULL);
    mcoda_rows_column(rows, "cost_estimate", &cost, NULL);
    mcoda_rows_column(rows, "cost_known_calls", &currency_known, NULL);
    for (size_t row = 0; row < mcoda_rows_count(rows); row++) {
        const char *name = mcoda_rows_text(rows, row, model, NULL);
        printf("%-32s %6lld calls", name ? name : "(no model)", (long long)mcoda_rows_int(rows, row, calls));
        if (mcoda_rows_type(rows, row, cost) == MCODA_VALUE_REAL)
            printf("  %.4f for %lld of them", mcoda_rows_real(rows, row, cost),
                   (long long)mcoda_rows_int(rows, row, currency_known));
        printf("\n");
    }
    mcoda_rows_free(rows);
    return true;
}

static bool print_estimate(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_estimate_result *estimate = NULL;
    if (!succeeded(mcoda_estimate(workspace, NULL, &estimate, &error), &error, "estimate"))
        return false;
    const char *done = mcoda_estimate_eta(estimate, MCODA_MILESTONE_COMPLETE, NULL);
    printf("%g story points to implement, done at %s\n",
           mcoda_estimate_story_points(estimate, MCODA_LANE_IMPLEMENTATION), done ? done : "an unknown time");
    mcoda_estimate_free(estimate);
    return true;
}

int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    char task[64] = "", context[256] = "{\"computeCost\": true}";
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: agent_host FOLDER [TASK] < responses.jsonl\n");
        return 2;
    }
    if (!succeeded(mcoda_workspace_open(argv[1], NULL, &workspace, &error), &error, argv[1]))
        return 1;
    bool is_well = argc < 3 || find_task(workspace, argv[2], task, sizeof task);
    if (is_well && argc == 3) {
        /* The id of a task needs no escaping: the library has made it. */
        snprintf(context, sizeof context, "{\"computeCost\": true, \"taskId\": \"%s\"}", task);
        is_well = succeeded(mcoda_record_status_transition(workspace, task, "in_progress", NULL, NULL, &error), &error, argv[2]);
    }
    int failures = is_well ? record_lines(workspace, context) : 0;
    is_well = is_well && failures == 0;
    is_well = print_costs(workspace) && print_estimate(workspace) && is_well;
    return succeeded(mcoda_workspace_close(workspace, &error), &error, "close") && is_well ? 0 : 1;
}
