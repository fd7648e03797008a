/* Opens a database, creates two tasks, records the usage of a call, changes a status, computes an estimate, and
 * handles an error. Usage: quickstart [FILE] */

#include <mcoda.h>
#include <stdio.h>
#include <stdlib.h>

/* Exits if a call failed. It takes the address of the error: C does not define whether a call or the argument
 * after it is evaluated first. */
static void check(mcoda_code code, mcoda_error **error)
{
    if (code != MCODA_OK) {
        fprintf(stderr, "%s: %s\n", mcoda_code_name(code), mcoda_error_message(*error, NULL));
        mcoda_error_free(*error);
        exit(1);
    }
}

/* Extracts the id from the JSON that a call returned, and frees the JSON. */
static mcoda_string *id_of(mcoda_string *json)
{
    mcoda_error *error = NULL;
    mcoda_string *id = NULL;
    check(mcoda_string_at(json, "/id", &id, &error), &error);
    mcoda_string_free(json);
    return id;
}

/* Trees are passed as JSON. */
static void plan(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_string *json = NULL;
    char text[512];

    check(mcoda_projects_ensure_json(workspace, "{\"key\": \"SHOP\"}", &json, &error), &error);
    mcoda_string *project = id_of(json);
    snprintf(text, sizeof text, "{\"projectId\": \"%s\", \"key\": \"SHOP-1\", \"title\": \"Checkout\"}",
             mcoda_string_text(project, NULL));
    check(mcoda_epics_create_json(workspace, text, &json, &error), &error);
    mcoda_string *epic = id_of(json);
    snprintf(text, sizeof text, "{\"epicId\": \"%s\", \"key\": \"SHOP-1-S1\", \"title\": \"Pay by card\"}",
             mcoda_string_text(epic, NULL));
    check(mcoda_stories_create_json(workspace, text, &json, &error), &error);
    mcoda_string *story = id_of(json);
    snprintf(text, sizeof text,
             "[{\"userStoryId\": \"%s\", \"key\": \"T1\", \"title\": \"Validate cards\", \"storyPoints\": 2},"
             " {\"userStoryId\": \"%s\", \"key\": \"T2\", \"title\": \"Refund\", \"storyPoints\": 3}]",
             mcoda_string_text(story, NULL), mcoda_string_text(story, NULL));
    check(mcoda_tasks_create_many_json(workspace, text, NULL, &error), &error);

    mcoda_string_free(story);
    mcoda_string_free(epic);
    mcoda_string_free(project);
}

static void record(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_recorded *recorded = NULL;
    mcoda_token_usage *usage = mcoda_token_usage_new();
    /* A retry with the same id counts once. */
    check(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, "call-1", &error), &error);
    check(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_AGENT_ID, "claude", &error), &error);
    /* All input tokens, including cached ones. */
    check(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, 12400, &error), &error);
    check(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_CACHED, 8100, &error), &error);
    check(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_COMPLETION, 950, &error), &error);
    check(mcoda_token_usage_set_real(usage, MCODA_TOKEN_USAGE_COST_ESTIMATE, 0.0296, &error), &error);
    check(mcoda_record_token_usage(workspace, usage, &recorded, &error), &error);
    printf("recorded %s\n", mcoda_recorded_id(recorded, NULL));
    mcoda_recorded_free(recorded);

    /* The same handle with an invalid value: it is refused, and nothing is written. */
    check(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, -1, &error), &error);
    mcoda_code code = mcoda_record_token_usage(workspace, usage, NULL, &error);
    if (code == MCODA_INVALID_INPUT) {
        printf("refused: %s\n", mcoda_error_message(error, NULL));
        mcoda_error_free(error);
    } else {
        check(code, &error);
    }
    mcoda_token_usage_free(usage);
}

static void move(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_transition *moved = NULL;
    check(mcoda_record_status_transition(workspace, "T1", "in_progress", NULL, &moved, &error), &error);
    printf("T1: %s -> %s\n", mcoda_transition_from_status(moved, NULL), mcoda_transition_to_status(moved, NULL));
    mcoda_transition_free(moved);
}

static void estimate(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_estimate_result *estimate = NULL;
    mcoda_estimate_options *options = mcoda_estimate_options_new();
    check(mcoda_estimate_options_set_real(options, MCODA_ESTIMATE_SP_PER_HOUR_ALL, 2.5, &error), &error);
    check(mcoda_estimate(workspace, options, &estimate, &error), &error);
    const char *done = mcoda_estimate_eta(estimate, MCODA_MILESTONE_COMPLETE, NULL);
    printf("%g story points left\n", mcoda_estimate_story_points(estimate, MCODA_LANE_IMPLEMENTATION));
    printf("done at %s\n", done ? done : "?");
    mcoda_estimate_free(estimate);
    mcoda_estimate_options_free(options);
}

int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    /* A project's own workspace is opened by its root folder: mcoda_workspace_open(".", …) */
    check(mcoda_workspace_open_db(argc > 1 ? argv[1] : ":memory:", NULL, &workspace, &error), &error);
    plan(workspace);
    record(workspace);
    move(workspace);
    estimate(workspace);
    check(mcoda_workspace_close(workspace, &error), &error);
    return 0;
}
