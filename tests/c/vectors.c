/* Makes calls of the C interface for vectors.py. A line is a call and its arguments, separated by tabs; an argument
 * is "-" for NULL, or "=" and text in which \t, \n and \\ stand for tab, line feed and backslash. The answer is a
 * line "ok TAB json" or "error TAB kind TAB field TAB message", the field "-" where there is none. */

#include <mcoda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef mcoda_code free2(const char *, const char *, mcoda_string **, mcoda_error **);
typedef mcoda_code text0(mcoda_workspace *, mcoda_string **, mcoda_error **);
typedef mcoda_code text1(mcoda_workspace *, const char *, mcoda_string **, mcoda_error **);
typedef mcoda_code text2(mcoda_workspace *, const char *, const char *, mcoda_string **, mcoda_error **);
typedef mcoda_code text3(mcoda_workspace *, const char *, const char *, const char *, mcoda_string **, mcoda_error **);
typedef mcoda_code global1(mcoda_global *, const char *, mcoda_string **, mcoda_error **);
typedef mcoda_code global2(mcoda_global *, const char *, const char *, mcoda_string **, mcoda_error **);

static const struct { const char *name; free2 *call; } frees2[] = {
    {"extract_usage", mcoda_extract_usage_json},
    {"extract_usages", mcoda_extract_usages_json},
};
static const struct { const char *name; text0 *call; } calls0[] = {
    {"projects.list", mcoda_projects_list_json},
    {"jobs.list", mcoda_jobs_list_json},
    {"telemetry_config", mcoda_telemetry_config_json},
    {"opt_in", mcoda_telemetry_opt_in_json},
};
static const struct { const char *name; text1 *call; } calls1[] = {
    {"record_token_usage", mcoda_record_token_usage_json},
    {"record_token_usages", mcoda_record_token_usages_json},
    {"status_events", mcoda_status_events_json},
    {"backfill_status_events", mcoda_backfill_status_events_json},
    {"token_usage", mcoda_token_usage_json},
    {"token_usage_summary", mcoda_token_usage_summary_json},
    {"velocity", mcoda_velocity_json},
    {"estimate", mcoda_estimate_json},
    {"inspect_job", mcoda_inspect_job_json},
    {"projects.ensure", mcoda_projects_ensure_json},
    {"projects.get", mcoda_projects_get_json},
    {"epics.create", mcoda_epics_create_json},
    {"epics.get", mcoda_epics_get_json},
    {"epics.list", mcoda_epics_list_json},
    {"stories.create", mcoda_stories_create_json},
    {"stories.get", mcoda_stories_get_json},
    {"stories.list", mcoda_stories_list_json},
    {"tasks.create", mcoda_tasks_create_json},
    {"tasks.create_many", mcoda_tasks_create_many_json},
    {"tasks.get", mcoda_tasks_get_json},
    {"tasks.list", mcoda_tasks_list_json},
    {"jobs.create", mcoda_jobs_create_json},
    {"jobs.get", mcoda_jobs_get_json},
    {"command_runs.create", mcoda_command_runs_create_json},
    {"command_runs.get", mcoda_command_runs_get_json},
    {"task_runs.create", mcoda_task_runs_create_json},
    {"task_runs.get", mcoda_task_runs_get_json},
    {"task_runs.list", mcoda_task_runs_list_json},
};
static const struct { const char *name; text2 *call; } calls2[] = {
    {"query", mcoda_query_json},
    {"record_agent_response", mcoda_record_agent_response_json},
    {"command_runs.finish", mcoda_command_runs_finish_json},
};
static const struct { const char *name; text3 *call; } calls3[] = {
    {"record_status_transition", mcoda_record_status_transition_json},
    {"jobs.finish", mcoda_jobs_finish_json},
    {"task_runs.finish", mcoda_task_runs_finish_json},
};
static const struct { const char *name; global1 *call; } globals1[] = {
    {"record_token_usage", mcoda_global_record_token_usage_json},
    {"record_token_usages", mcoda_global_record_token_usages_json},
    {"token_usage", mcoda_global_token_usage_json},
    {"token_usage_summary", mcoda_global_token_usage_summary_json},
};
static const struct { const char *name; global2 *call; } globals2[] = {
    {"query", mcoda_global_query_json},
    {"record_agent_response", mcoda_global_record_agent_response_json},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define FIND(table, ...)                               \
    for (size_t i = 0; i < COUNT(table); i++) {        \
        if (strcmp(table[i].name, name) == 0) {        \
            return table[i].call(__VA_ARGS__, error);  \
        }                                              \
    }

static mcoda_workspace *workspace;
static mcoda_global *global;
static mcoda_string *json;
/* The answer is text, which has to become JSON. */
static int is_text;

static mcoda_code unknown(const char *name)
{
    fprintf(stderr, "vectors: no such call: %s\n", name);
    exit(2);
}

static mcoda_code call_workspace(const char *name, char **given, mcoda_error **error)
{
    mcoda_workspace *handle = workspace;
    is_text = 1;
    if (strcmp(name, "id") == 0) {
        return mcoda_workspace_id(handle, &json, error);
    }
    if (strcmp(name, "database_path") == 0) {
        return mcoda_workspace_database_path(handle, &json, error);
    }
    is_text = 0;
    if (strcmp(name, "close") == 0) {
        return mcoda_workspace_close(handle, error);
    }
    if (strcmp(name, "backup_to") == 0) {
        return mcoda_backup_to(handle, given[0], error);
    }
    if (strcmp(name, "opt_out") == 0) {
        return mcoda_telemetry_opt_out_json(handle, given[0] && strcmp(given[0], "true") == 0, &json, error);
    }
    FIND(frees2, given[0], given[1], &json)
    FIND(calls0, handle, &json)
    FIND(calls1, handle, given[0], &json)
    FIND(calls2, handle, given[0], given[1], &json)
    FIND(calls3, handle, given[0], given[1], given[2], &json)
    return unknown(name);
}

static mcoda_code call_global(const char *name, char **given, mcoda_error **error)
{
    mcoda_global *handle = global;
    if (strcmp(name, "database_path") == 0) {
        is_text = 1;
        return mcoda_global_database_path(handle, &json, error);
    }
    if (strcmp(name, "close") == 0) {
        return mcoda_global_close(handle, error);
    }
    if (strcmp(name, "backup_to") == 0) {
        return mcoda_global_backup_to(handle, given[0], error);
    }
    FIND(frees2, given[0], given[1], &json)
    FIND(globals1, handle, given[0], &json)
    FIND(globals2, handle, given[0], given[1], &json)
    return unknown(name);
}

/* open workspace|global, path, options */
static mcoda_code open_database(char **given, mcoda_error **error)
{
    mcoda_options *options = NULL;
    mcoda_code code = mcoda_options_from_json(given[2], &options, error);
    mcoda_workspace_close(workspace, NULL);
    mcoda_global_close(global, NULL);
    workspace = NULL;
    global = NULL;
    if (code == MCODA_OK) {
        code = strcmp(given[0], "global") == 0 ? mcoda_global_open_db(given[1], options, &global, error)
                                               : mcoda_workspace_open_db(given[1], options, &workspace, error);
    }
    mcoda_options_free(options);
    return code;
}

/* "=text" to its text, in place; "-" and what is missing to NULL. */
static char *argument(char *field)
{
    if (field == NULL || *field != '=') {
        return NULL;
    }
    char *to = field;
    for (const char *from = field + 1; *from != 0; from++) {
        if (*from != '\\') {
            *to++ = *from;
        } else {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from;
        }
    }
    *to = 0;
    return field;
}

static void print_text(const char *text)
{
    putchar('"');
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar(*text);
    }
    putchar('"');
}

static void print_answer(mcoda_code code, mcoda_error *error)
{
    const char *text = mcoda_string_text(json, NULL);
    const char *field = mcoda_error_field(error, NULL);
    if (code != MCODA_OK) {
        printf("error\t%s\t%s\t%s\n", mcoda_code_name(code), field ? field : "-", mcoda_error_message(error, NULL));
    } else if (text == NULL) {
        printf("ok\tnull\n");
    } else {
        printf("ok\t");
        if (is_text) {
            print_text(text);
        } else {
            fputs(text, stdout);
        }
        putchar('\n');
    }
    fflush(stdout);
}

static void answer(char *line)
{
    char *fields[5] = {NULL};
    for (size_t i = 0; i < COUNT(fields) && line != NULL; i++) {
        fields[i] = line;
        line = strchr(line, '\t');
        if (line != NULL) {
            *line++ = 0;
        }
    }
    char *given[4];
    for (size_t i = 0; i < COUNT(given); i++) {
        given[i] = argument(fields[i + 1]);
    }
    mcoda_error *error = NULL;
    mcoda_code code;
    is_text = 0;
    json = NULL;
    if (strcmp(fields[0], "open") == 0) {
        code = open_database(given, &error);
    } else if (global != NULL) {
        code = call_global(fields[0], given, &error);
    } else {
        code = call_workspace(fields[0], given, &error);
    }
    print_answer(code, error);
    mcoda_string_free(json);
    mcoda_error_free(error);
}

/* Reads a line of any length, without its end; NULL at the end of the input. */
static char *read_line(void)
{
    size_t length = 0, room = 4096;
    char *line = malloc(room);
    for (int c; line != NULL && (c = getchar()) != '\n'; line[length++] = (char)c) {
        if (c == EOF) {
            free(line);
            return NULL;
        }
        if (length + 2 > room) {
            char *longer = realloc(line, room *= 2);
            if (longer == NULL) {
                free(line);
            }
            line = longer;
        }
    }
    if (line != NULL) {
        line[length] = 0;
    }
    return line;
}

int main(void)
{
    for (char *line; (line = read_line()) != NULL; free(line)) {
        answer(line);
    }
    mcoda_workspace_close(workspace, NULL);
    mcoda_global_close(global, NULL);
    return 0;
}
