/* Running out of memory: what SQLite or the result of a query lacks is an error, and the database remains usable; what the
 * library itself lacks ends the process, with one line that says so. Without sanitizers, which reserve more memory than the
 * limit allows. */

#include "check.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static mcoda_error *error;

/* Allows this process so many bytes more than it has. */
static void limit_memory(size_t more)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    struct rlimit limit = {pages * (size_t)sysconf(_SC_PAGESIZE) + more, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void sqlite_reports_it(void)
{
    mcoda_workspace *workspace = NULL;
    mcoda_string *json = NULL;
    OK(mcoda_workspace_open_db(":memory:", NULL, &workspace, &error));
    OK(mcoda_query_json(workspace, "SELECT 1 AS one", NULL, NULL, &error));
    limit_memory(64 * MIB);
    REFUSED(mcoda_query_json(workspace, "SELECT length(replace(hex(zeroblob(30000000)), '0', 'abc')) AS x", NULL, &json, &error),
            MCODA_STORAGE, NULL);
    CHECK(json == NULL);
    OK(mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 1}", NULL, &error));
    OK(mcoda_workspace_close(workspace, &error));
}

/* A limit of 512 MB, as of a container. The last two results fit in SQLite, but not as JSON. */
static void a_large_result_is_reported(void)
{
    static const char *const queries[] = {
        "SELECT zeroblob(300000000) AS x",
        "SELECT zeroblob(200000000) AS x",
        "SELECT replace(hex(zeroblob(70000000)), '0', '\"') AS x",
    };
    mcoda_options *options = mcoda_options_new();
    mcoda_workspace *workspace = NULL;
    mcoda_string *json = NULL;
    OK(mcoda_options_set_int(options, MCODA_OPTION_QUERY_BYTES, 2000000000, &error));
    OK(mcoda_workspace_open_db(":memory:", options, &workspace, &error));
    mcoda_options_free(options);
    limit_memory(512 * (size_t)MIB);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        REFUSED(mcoda_query_json(workspace, queries[i], NULL, &json, &error), MCODA_STORAGE, NULL);
        CHECK(json == NULL);
        OK(mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 1}", NULL, &error));
    }
    CHECK(strcmp(value_of(workspace, "SELECT count(*) AS it FROM token_usage"), "3") == 0);
    OK(mcoda_workspace_close(workspace, &error));
}

static void the_library_ends_with_one_line(void)
{
    size_t size = 48 * MIB;
    char *body = malloc(size + 1);
    CHECK(body != NULL);
    /* As JSON text it has to be copied. */
    memset(body, 'x', size);
    memcpy(body, "{\"id\": \"", 8);
    memcpy(body + size - 2, "\"}", 3);
    limit_memory(16 * MIB);
    mcoda_extract_usage_json(body, NULL, NULL, &error);
    mcoda_record_token_usage_json(NULL, body, NULL, &error);
    free(body);
}

int main(void)
{
    int pipes[2], status = 0;
    char text[4096];
    size_t length = 0;
    CHECK(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        the_library_ends_with_one_line();
        _exit(0);
    }
    close(pipes[1]);
    for (ssize_t got; (got = read(pipes[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strncmp(text, "libmcoda: out of memory: ", 25) == 0 && strchr(text, '\n') == text + length - 1);
    a_large_result_is_reported();
    sqlite_reports_it();
    return 0;
}
