/* What the C tests share: a test ends the program with the line at which it found something wrong. */
#ifndef CHECK_H
#define CHECK_H

#include <mcoda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) check_that((condition) != 0, #condition, __FILE__, __LINE__)
/* The call succeeds. */
#define OK(call) check_ok((call), &error, #call, __FILE__, __LINE__)
/* The call fails with this code, and with this field where one is given; the error is freed. */
#define REFUSED(call, code, field) check_refused((call), (code), (field), &error, #call, __FILE__, __LINE__)

static inline void check_that(int holds, const char *text, const char *file, int line)
{
    if (!holds) {
        fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
        exit(1);
    }
}

static inline void check_ok(mcoda_code code, mcoda_error **error, const char *text, const char *file, int line)
{
    if (code != MCODA_OK) {
        const char *message = mcoda_error_message(*error, NULL);
        fprintf(stderr, "%s:%d: %s: %s: %s\n", file, line, text, mcoda_code_name(code), message ? message : "?");
        exit(1);
    }
}

static inline void check_refused(mcoda_code code, mcoda_code wanted, const char *field, mcoda_error **error,
                                 const char *text, const char *file, int line)
{
    const char *message = mcoda_error_message(*error, NULL);
    const char *given = mcoda_error_field(*error, NULL);
    int same = field == NULL || (given != NULL && strcmp(field, given) == 0);
    if (code != wanted || *error == NULL || mcoda_error_code(*error) != code || message == NULL || !same) {
        fprintf(stderr, "%s:%d: %s: %s, field %s, %s; expected %s, field %s\n", file, line, text,
                mcoda_code_name(code), given ? given : "none", message ? message : "no message",
                mcoda_code_name(wanted), field ? field : "any");
        exit(1);
    }
    mcoda_error_free(*error);
    *error = NULL;
}

/* What JSON text has at the pointer, in a buffer that the next calls use again. */
static inline const char *json_at(const mcoda_string *json, const char *pointer)
{
    static char buffers[4][256];
    static int next = 0;
    char *buffer = buffers[next++ % 4];
    mcoda_error *error = NULL;
    mcoda_string *value = NULL;
    OK(mcoda_string_at(json, pointer, &value, &error));
    snprintf(buffer, sizeof buffers[0], "%s", mcoda_string_text(value, NULL));
    mcoda_string_free(value);
    return buffer;
}

/* The result of a query that has one row and one column named `it`, in the same way. */
static inline const char *value_of(mcoda_workspace *workspace, const char *sql)
{
    mcoda_error *error = NULL;
    mcoda_string *json = NULL;
    OK(mcoda_query_json(workspace, sql, NULL, &json, &error));
    const char *value = json_at(json, "/0/it");
    mcoda_string_free(json);
    return value;
}

/* A workspace with the project P and the tasks P-1 (3 story points) and P-2 (5), in a new file or in memory. */
static inline mcoda_workspace *furnished(const char *path)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = NULL;
    mcoda_string *json = NULL;
    char text[1024];
    OK(mcoda_workspace_open_db(path, NULL, &workspace, &error));
    OK(mcoda_projects_ensure_json(workspace, "{\"key\": \"P\"}", &json, &error));
    snprintf(text, sizeof text, "{\"projectId\": \"%s\", \"key\": \"P-E\", \"title\": \"e\"}", json_at(json, "/id"));
    mcoda_string_free(json);
    OK(mcoda_epics_create_json(workspace, text, &json, &error));
    snprintf(text, sizeof text, "{\"epicId\": \"%s\", \"key\": \"P-S\", \"title\": \"s\"}", json_at(json, "/id"));
    mcoda_string_free(json);
    OK(mcoda_stories_create_json(workspace, text, &json, &error));
    const char *story = json_at(json, "/id");
    mcoda_string_free(json);
    snprintf(text, sizeof text,
             "[{\"user_story_id\": \"%s\", \"key\": \"P-1\", \"title\": \"one\", \"storyPoints\": 3},"
             " {\"userStoryId\": \"%s\", \"key\": \"P-2\", \"title\": \"two\", \"storyPoints\": 5}]",
             story, story);
    OK(mcoda_tasks_create_many_json(workspace, text, NULL, &error));
    return workspace;
}

#endif
