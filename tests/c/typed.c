/* Rows and sums with typed columns, batches of handles, and a backlog that is built without JSON. */

#include "check.h"

static mcoda_error *error;

/* The text of a JSON value; valid until the next call. */
static const char *at(mcoda_string *json, const char *pointer)
{
    static mcoda_string *last;
    mcoda_string_free(last);
    last = NULL;
    OK(mcoda_string_at(json, pointer, &last, &error));
    mcoda_string_free(json);
    return mcoda_string_text(last, NULL);
}

static int32_t column(const mcoda_rows *rows, const char *name)
{
    int32_t number = -1;
    OK(mcoda_rows_column(rows, name, &number, &error));
    CHECK(strcmp(mcoda_rows_column_name(rows, number, NULL), name) == 0);
    return number;
}

static void a_backlog_is_built_without_escaping(mcoda_workspace *workspace)
{
    const char *title = "Say \"hello\\\"\tto \xc3\xa9";
    mcoda_string *json = NULL;
    char id[64];
    mcoda_new_project *project = mcoda_new_project_new();
    OK(mcoda_new_project_set_text(project, MCODA_NEW_PROJECT_KEY, "P", &error));
    OK(mcoda_new_project_set_text(project, MCODA_NEW_PROJECT_DESCRIPTION, title, &error));
    OK(mcoda_projects_ensure(workspace, project, &json, &error));
    snprintf(id, sizeof id, "%s", at(json, "/id"));
    OK(mcoda_projects_get_json(workspace, "P", &json, &error));
    CHECK(strcmp(at(json, "/description"), title) == 0);
    mcoda_new_project_free(project);

    mcoda_new_epic *epic = mcoda_new_epic_new();
    REFUSED(mcoda_epics_create(workspace, epic, NULL, &error), MCODA_INVALID_INPUT, "projectId");
    OK(mcoda_new_epic_set_text(epic, MCODA_NEW_EPIC_PROJECT_ID, id, &error));
    OK(mcoda_new_epic_set_text(epic, MCODA_NEW_EPIC_KEY, "E", &error));
    OK(mcoda_new_epic_set_text(epic, MCODA_NEW_EPIC_TITLE, "An epic", &error));
    OK(mcoda_epics_create(workspace, epic, &json, &error));
    snprintf(id, sizeof id, "%s", at(json, "/id"));
    REFUSED(mcoda_epics_create(workspace, epic, NULL, &error), MCODA_CONFLICT, NULL);
    mcoda_new_epic_free(epic);

    mcoda_new_story *story = mcoda_new_story_new();
    OK(mcoda_new_story_set_text(story, MCODA_NEW_STORY_EPIC_ID, id, &error));
    OK(mcoda_new_story_set_text(story, MCODA_NEW_STORY_KEY, "S", &error));
    OK(mcoda_new_story_set_text(story, MCODA_NEW_STORY_TITLE, "A story", &error));
    OK(mcoda_stories_create(workspace, story, &json, &error));
    snprintf(id, sizeof id, "%s", at(json, "/id"));
    mcoda_new_story_free(story);

    mcoda_new_task *task = mcoda_new_task_new();
    OK(mcoda_new_task_set_text(task, MCODA_NEW_TASK_USER_STORY_ID, id, &error));
    OK(mcoda_new_task_set_text(task, MCODA_NEW_TASK_KEY, "T1", &error));
    OK(mcoda_new_task_set_text(task, MCODA_NEW_TASK_TITLE, "A task", &error));
    OK(mcoda_new_task_set_real(task, MCODA_NEW_TASK_STORY_POINTS, 3, &error));
    OK(mcoda_tasks_create(workspace, task, &json, &error));
    CHECK(atof(at(json, "/storyPoints")) == 3);
    mcoda_new_task_free(task);
}

static void a_batch_of_handles_is_recorded_as_a_whole(mcoda_workspace *workspace)
{
    uint64_t duplicates = 77;
    mcoda_token_usage *usages[3];
    for (int i = 0; i < 3; i++) {
        char id[8];
        snprintf(id, sizeof id, "c%d", i);
        usages[i] = mcoda_token_usage_new();
        OK(mcoda_token_usage_set_text(usages[i], MCODA_TOKEN_USAGE_ID, id, &error));
        OK(mcoda_token_usage_set_text(usages[i], MCODA_TOKEN_USAGE_AGENT_ID, i < 2 ? "claude" : "codex", &error));
        OK(mcoda_token_usage_set_int(usages[i], MCODA_TOKEN_USAGE_TOKENS_PROMPT, 1000 * (i + 1), &error));
        OK(mcoda_token_usage_set_real(usages[i], MCODA_TOKEN_USAGE_COST_ESTIMATE, i == 2 ? 2.0 : 0.25, &error));
    }
    const mcoda_token_usage *all[4] = {usages[0], usages[1], usages[2], NULL};
    OK(mcoda_token_usage_set_int(usages[1], MCODA_TOKEN_USAGE_TOKENS_COMPLETION, -1, &error));
    REFUSED(mcoda_record_token_usages(workspace, all, 3, &duplicates, &error), MCODA_INVALID_INPUT, "tokensCompletion");
    REFUSED(mcoda_record_token_usages(workspace, all, 4, &duplicates, &error), MCODA_INVALID_INPUT, "usages");
    CHECK(duplicates == 77);
    OK(mcoda_token_usage_set_int(usages[1], MCODA_TOKEN_USAGE_TOKENS_COMPLETION, 5, &error));
    OK(mcoda_record_token_usages(workspace, all, 2, &duplicates, &error));
    CHECK(duplicates == 0);
    OK(mcoda_record_token_usages(workspace, all, 3, &duplicates, &error));
    CHECK(duplicates == 2);
    OK(mcoda_record_token_usages(workspace, NULL, 0, NULL, &error));
    for (int i = 0; i < 3; i++)
        mcoda_token_usage_free(usages[i]);
}

static void rows_have_typed_columns(mcoda_workspace *workspace)
{
    mcoda_token_usage_cursor *cursor = NULL;
    mcoda_rows *rows = NULL;
    uint64_t seen = 0;
    int64_t prompt = 0;
    size_t length = 0;
    OK(mcoda_token_usage_cursor_open(workspace, NULL, &cursor, &error));
    for (;;) {
        OK(mcoda_token_usage_cursor_next(cursor, 2, &rows, &error));
        uint64_t count = mcoda_rows_count(rows);
        int32_t agent = column(rows, "agent_id"), tokens = column(rows, "tokens_prompt");
        int32_t cost = column(rows, "cost_estimate"), output = column(rows, "tokens_completion");
        for (size_t row = 0; row < count; row++, seen++) {
            prompt += mcoda_rows_int(rows, row, tokens);
            CHECK(mcoda_rows_type(rows, row, agent) == MCODA_VALUE_TEXT);
            CHECK(mcoda_rows_text(rows, row, agent, &length) != NULL && (length == 6 || length == 5));
            CHECK(mcoda_rows_type(rows, row, tokens) == MCODA_VALUE_INT);
            CHECK(mcoda_rows_real(rows, row, tokens) == (double)mcoda_rows_int(rows, row, tokens));
            /* 2.0 is a real number as well, although JSON writes it as 2. */
            CHECK(mcoda_rows_type(rows, row, cost) == MCODA_VALUE_REAL);
            CHECK(mcoda_rows_text(rows, row, tokens, NULL) == NULL && mcoda_rows_int(rows, row, agent) == 0);
            int is_known = mcoda_rows_type(rows, row, output) == MCODA_VALUE_INT;
            CHECK(is_known == (mcoda_rows_int(rows, row, tokens) == 2000));
            CHECK(mcoda_rows_type(rows, row, column(rows, "metadata")) == MCODA_VALUE_JSON);
        }
        CHECK(mcoda_rows_type(rows, count, agent) == MCODA_VALUE_ABSENT);
        CHECK(mcoda_rows_type(rows, 0, -1) == MCODA_VALUE_ABSENT && mcoda_rows_type(rows, SIZE_MAX, 3) == MCODA_VALUE_ABSENT);
        CHECK(mcoda_rows_text(rows, 0, 9999, NULL) == NULL && mcoda_rows_column_name(rows, 9999, NULL) == NULL);
        int32_t untouched = 5;
        REFUSED(mcoda_rows_column(rows, "no_such", &untouched, &error), MCODA_NOT_FOUND, "name");
        CHECK(untouched == 5);
        mcoda_rows_free(rows);
        if (count == 0)
            break;
    }
    CHECK(seen == 3 && prompt == 6000);
    OK(mcoda_token_usage_cursor_close(cursor, &error));

    OK(mcoda_token_usage_summary(workspace, "{\"since\": \"2000-01-01\", \"groupBy\": [\"agent\"]}", &rows, &error));
    CHECK(mcoda_rows_count(rows) == 2);
    CHECK(strcmp(mcoda_rows_text(rows, 0, column(rows, "agent_id"), NULL), "claude") == 0);
    CHECK(mcoda_rows_int(rows, 0, column(rows, "calls")) == 2 && mcoda_rows_int(rows, 1, column(rows, "calls")) == 1);
    CHECK(mcoda_rows_real(rows, 0, column(rows, "cost_estimate")) == 0.5);
    CHECK(mcoda_rows_type(rows, 0, column(rows, "day")) == MCODA_VALUE_ABSENT);
    mcoda_rows_free(rows);
    REFUSED(mcoda_token_usage_summary(workspace, "{\"groupBy\": [\"x\"]}", &rows, &error), MCODA_INVALID_INPUT, "groupBy");

    mcoda_rows *total = NULL;
    OK(mcoda_economics(workspace, "{\"groupBy\": [\"agent\"]}", &rows, &total, &error));
    CHECK(mcoda_rows_count(rows) == 2 && mcoda_rows_count(total) == 1);
    CHECK(strcmp(mcoda_rows_text(rows, 0, column(rows, "agent_id"), NULL), "codex") == 0);
    CHECK(mcoda_rows_int(rows, 0, column(rows, "calls")) == 1 && mcoda_rows_int(total, 0, column(total, "calls")) == 3);
    CHECK(mcoda_rows_real(rows, 0, column(rows, "cost")) == 2 && mcoda_rows_real(total, 0, column(total, "cost")) == 2.5);
    CHECK(mcoda_rows_type(rows, 0, column(rows, "cost_per_task.median")) == MCODA_VALUE_ABSENT);
    CHECK(mcoda_rows_type(rows, 0, column(rows, "cost_per_task.tasks")) == MCODA_VALUE_INT);
    mcoda_rows_free(rows);
    mcoda_rows_free(total);
    OK(mcoda_economics(workspace, NULL, &rows, NULL, &error));
    mcoda_rows_free(rows);
    REFUSED(mcoda_economics(workspace, "{\"groupBy\": [\"x\"]}", &rows, &total, &error), MCODA_INVALID_INPUT, "groupBy");
}

int main(void)
{
    mcoda_workspace *workspace = NULL;
    OK(mcoda_workspace_open_db(":memory:", NULL, &workspace, &error));
    a_backlog_is_built_without_escaping(workspace);
    a_batch_of_handles_is_recorded_as_a_whole(workspace);
    rows_have_typed_columns(workspace);
    OK(mcoda_workspace_close(workspace, &error));
    return 0;
}
