/* A process that forks while its threads call: the parent's handles are closed in the child, and using them does not wait for
 * a thread that does not exist there. A child of a process at rest may open its own. */

#define _DEFAULT_SOURCE
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static mcoda_workspace *shared;
static mcoda_token_usage_cursor *cursor;
static atomic_int stop;

/* Looks the handle up, and opens and closes others, as often as it can. */
static void *call(void *unused)
{
    (void)unused;
    mcoda_error *error = NULL;
    while (!stop) {
        mcoda_string *id = NULL;
        mcoda_workspace *other = NULL;
        for (int i = 0; i < 100; i++) {
            OK(mcoda_workspace_id(shared, &id, &error));
            mcoda_string_free(id);
        }
        OK(mcoda_workspace_open_db(":memory:", NULL, &other, &error));
        OK(mcoda_workspace_close(other, &error));
    }
    return NULL;
}

/* The code with which the child ends that does this. */
static int code_of_child(void (*work)(void))
{
    int status = 0;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(60); /* what waits for ever fails */
        work();
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_parents_handle_is_closed(void)
{
    mcoda_error *error = NULL;
    mcoda_string *json = NULL;
    REFUSED(mcoda_workspace_id(shared, &json, &error), MCODA_CLOSED, NULL);
    REFUSED(mcoda_record_token_usage_json(shared, "{}", NULL, &error), MCODA_CLOSED, NULL);
    REFUSED(mcoda_token_usage_cursor_next_json(cursor, 1, &json, &error), MCODA_CLOSED, NULL);
    OK(mcoda_token_usage_cursor_close(cursor, &error));
    OK(mcoda_workspace_close(shared, &error));
}

static void a_child_opens_its_own(void)
{
    mcoda_error *error = NULL;
    mcoda_workspace *own = NULL;
    the_parents_handle_is_closed();
    OK(mcoda_workspace_open_db(":memory:", NULL, &own, &error));
    OK(mcoda_record_token_usage_json(own, "{}", NULL, &error));
    OK(mcoda_workspace_close(own, &error));
}

int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    pthread_t threads[2];
    char path[512];
    CHECK(argc >= 2);
    snprintf(path, sizeof path, "%s/forks.db", argv[1]);
    shared = furnished(path);
    OK(mcoda_record_token_usage_json(shared, "{}", NULL, &error));
    OK(mcoda_token_usage_cursor_open(shared, NULL, &cursor, &error));
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, call, NULL) == 0);
    }
    for (int i = 0; i < 50; i++) {
        CHECK(code_of_child(the_parents_handle_is_closed) == 0);
    }
    stop = 1;
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(code_of_child(a_child_opens_its_own) == 0);
    OK(mcoda_token_usage_cursor_next_json(cursor, 1, NULL, &error));
    OK(mcoda_token_usage_cursor_close(cursor, &error));
    OK(mcoda_record_token_usage_json(shared, "{}", NULL, &error));
    OK(mcoda_workspace_close(shared, &error));
    return 0;
}
