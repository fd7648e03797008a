/* Opens, uses, fails and closes in a loop: the memory in use must not grow. */

#include "check.h"

static void round_of(const char *path, int number)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    mcoda_recorded *recorded = NULL;
    mcoda_transition *moved = NULL;
    mcoda_estimate_result *estimate = NULL;
    mcoda_string *json = NULL;
    char id[32];
    OK(mcoda_workspace_open_db(path, NULL, &workspace, &error));
    mcoda_token_usage *usage = mcoda_token_usage_new();
    snprintf(id, sizeof id, "round-%d", number);
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, id, &error));
    OK(mcoda_record_token_usage(workspace, usage, &recorded, &error));
    mcoda_recorded_free(recorded);
    OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, 1, &error));
    REFUSED(mcoda_record_token_usage(workspace, usage, NULL, &error), MCODA_CONFLICT, NULL);
    mcoda_token_usage_free(usage);
    OK(mcoda_record_status_transition(workspace, "P-1", number % 2 ? "in_progress" : "blocked", NULL, &moved, &error));
    mcoda_transition_free(moved);
    OK(mcoda_estimate(workspace, NULL, &estimate, &error));
    mcoda_estimate_free(estimate);
    OK(mcoda_query_json(workspace, "SELECT * FROM tasks", NULL, &json, &error));
    mcoda_string_free(json);
    OK(mcoda_workspace_close(workspace, &error));
    REFUSED(mcoda_workspace_id(workspace, &json, &error), MCODA_CLOSED, NULL);
    OK(mcoda_workspace_close(workspace, &error));
}

/* Usage: rounds FOLDER ROUNDS */
int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    char path[512];
    CHECK(argc == 3);
    snprintf(path, sizeof path, "%s/rounds.db", argv[1]);
    OK(mcoda_workspace_close(furnished(path), &error));
    for (int number = 0; number < atoi(argv[2]); number++) {
        round_of(path, number);
    }
    return 0;
}
