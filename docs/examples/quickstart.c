/* Opens a record of work, plans two tasks, records what an agent call cost, moves a task, and asks when all will
 * be done. Usage: quickstart [DATABASE]; without one, a temporary database is used. */

#include <mcoda.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program where a call failed. It takes the error's address: C does not say whether a call or the
 * argument behind it is evaluated first. */
static void check(mcoda_code code, mcoda_error **error)
{
    if (code == MCODA_OK) {
        return;
    }
    fprintf(stderr, "%s: %s\n", mcoda_code_name(code), mcoda_error_message(*error, NULL));
    mcoda_error_free(*error);
    exit(1);
}

/* Takes the id out of what a call that creates something answered, and frees the answer. */
static mcoda_string *id_of(mcoda_string *json)
{
    mcoda_error *error = NULL;
    mcoda_string *id = NULL;
    check(mcoda_string_at(json, "/id", &id, &error), &error);
    mcoda_string_free(json);
    return id;
}

/* Plans a project with two tasks. Trees go in and out as JSON. */
static void plan(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_string *json = NULL;
    char text[1024];

    check(mcoda_projects_ensure_json(workspace, "{\"key\": \"SHOP\"}", &json, &error), &error);
    mcoda_string *project = id_of(json);
    snprintf(text, sizeof text, "{\"projectId\": \"%s\", \"key\": \"SHOP-1\", \"title\": \"Checkout\"}",
             mcoda_string_text(project, NULL));
    check(mcoda_epics_create_json(workspace, text, &json, &error), &error);
    mcoda_string *epic = id_of(json);
    snprintf(text, sizeof text, "{\"epicId\": \"%s\", \"key\": \"SHOP-1-S1\", \"title\": \"Pay\"}",
             mcoda_string_text(epic, NULL));
    check(mcoda_stories_create_json(workspace, text, &json, &error), &error);
    mcoda_string *story = id_of(json);
    const char *id = mcoda_string_text(story, NULL);
    snprintf(text, sizeof text,
             "[{\"userStoryId\": \"%s\", \"key\": \"SHOP-1-S1-T1\", \"title\": \"Check cards\", \"storyPoints\": 3},"
             " {\"userStoryId\": \"%s\", \"key\": \"SHOP-1-S1-T2\", \"title\": \"Refund\", \"storyPoints\": 5}]",
             id, id);
    check(mcoda_tasks_create_many_json(workspace, text, NULL, &error), &error);

    mcoda_string_free(story);
    mcoda_string_free(epic);
    mcoda_string_free(project);
}

/* Records what an agent call cost. With an id, recording it again counts once. */
static void record(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_token_usage *usage = mcoda_token_usage_new();
    check(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, "call-1", &error), &error);
    check(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_AGENT_ID, "claude", &error), &error);
    check(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, 12400, &error), &error);
    check(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_COMPLETION, 950, &error), &error);
    for (int attempt = 1; attempt <= 2; attempt++) {
        mcoda_recorded *recorded = NULL;
        check(mcoda_record_token_usage(workspace, usage, &recorded, &error), &error);
        printf("%s, attempt %d: %s\n", mcoda_recorded_id(recorded, NULL), attempt,
               mcoda_recorded_is_duplicate(recorded) ? "was there already" : "recorded");
        mcoda_recorded_free(recorded);
    }
    mcoda_token_usage_free(usage);
}

/* Moves a task, but only if it is where we think: the second time it is not, which is an error to handle. */
static void move(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_transition_context *context = mcoda_transition_context_new();
    check(mcoda_transition_context_set_text(context, MCODA_TRANSITION_EXPECTED_FROM, "not_started", &error), &error);
    for (int attempt = 1; attempt <= 2; attempt++) {
        mcoda_code code = mcoda_record_status_transition(workspace, "SHOP-1-S1-T1", "in_progress", context, NULL, &error);
        if (code == MCODA_CONFLICT) {
            printf("move %d: %s\n", attempt, mcoda_error_message(error, NULL));
            mcoda_error_free(error);
            error = NULL;
        } else {
            check(code, &error);
            printf("move %d: done\n", attempt);
        }
    }
    mcoda_transition_context_free(context);
}

static void estimate(mcoda_workspace *workspace)
{
    mcoda_error *error = NULL;
    mcoda_estimate_result *estimate = NULL;
    mcoda_estimate_options *options = mcoda_estimate_options_new();
    check(mcoda_estimate_options_set_text(options, MCODA_ESTIMATE_PROJECT_KEY, "SHOP", &error), &error);
    check(mcoda_estimate_options_set_real(options, MCODA_ESTIMATE_SP_PER_HOUR_ALL, 4.0, &error), &error);
    check(mcoda_estimate(workspace, options, &estimate, &error), &error);
    printf("%g story points are left, which takes about %.1f hours\n",
           mcoda_estimate_story_points(estimate, MCODA_LANE_IMPLEMENTATION), mcoda_estimate_total_hours(estimate));
    mcoda_estimate_free(estimate);
    mcoda_estimate_options_free(options);
}

int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    check(mcoda_workspace_open_db(argc > 1 ? argv[1] : ":memory:", NULL, &workspace, &error), &error);
    plan(workspace);
    record(workspace);
    move(workspace);
    estimate(workspace);
    check(mcoda_workspace_close(workspace, &error), &error);
    return 0;
}
