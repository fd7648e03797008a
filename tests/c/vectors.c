/* Makes calls of the C interface for vectors.py. A line is a call and its arguments, separated by tabs; an argument
 * is "-" for NULL, or "=" and text in which \t, \n and \\ stand for tab, line feed and backslash. The result is a
 * line "ok TAB json" or "error TAB kind TAB field TAB message", the field "-" where there is none. */

#include <mcoda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

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
/* The result is text, which is converted to JSON. */
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

static void result(char *line)
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
        result(line);
    }
    mcoda_workspace_close(workspace, NULL);
    mcoda_global_close(global, NULL);
    return 0;
}
