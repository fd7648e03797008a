/* Recording while a thread or the process exits, when thread-local data has already been destroyed. */

#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 200

/* A thread that waits for another one registers thread-local data. In the last moments of a thread nothing frees what
   glibc notes for that, 32 bytes. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:__cxa_thread_atexit_impl\n";
}

static mcoda_workspace *workspace = NULL;
static mcoda_error *error = NULL;
static pthread_key_t key;
static char file[1024];

static void record(void)
{
    mcoda_error *own = NULL;
    mcoda_string *json = NULL;
    mcoda_error **error = &own;
    if (mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 1}", NULL, error) != MCODA_OK ||
        mcoda_query_json(workspace, "SELECT count(*) AS n FROM token_usage", NULL, &json, error) != MCODA_OK) {
        fprintf(stderr, "%s (%s)\n", mcoda_error_message(own, NULL), mcoda_error_detail(own, NULL));
        _exit(2);
    }
    mcoda_string_free(json);
}

static void *compete(void *given)
{
    (void)given;
    for (int i = 0; i < ROUNDS; i++) {
        record();
    }
    return NULL;
}

/* Some of them find the connection in use by another thread. */
static void at_exit(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, compete, NULL) == 0);
    compete(NULL);
    CHECK(pthread_join(thread, NULL) == 0);
    OK(mcoda_workspace_close(workspace, &error));
}

/* Called repeatedly while it sets its value again: in the last rounds all other thread-local data is gone. */
static void at_end_of_thread(void *value)
{
    int *rounds = value;
    record();
    if (--*rounds > 0) {
        pthread_setspecific(key, rounds);
    }
}

static void *set_key(void *given)
{
    record();
    CHECK(pthread_setspecific(key, given) == 0);
    return NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc > 1);
    snprintf(file, sizeof file, "%s/mcoda.db", argv[1]);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(atexit(at_exit) == 0);
        CHECK(pthread_key_create(&key, at_end_of_thread) == 0);
        OK(mcoda_workspace_open_db(file, NULL, &workspace, &error));
        record();
        int rounds[2] = {3, 3};
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) {
            CHECK(pthread_create(&threads[i], NULL, set_key, &rounds[i]) == 0);
        }
        for (int i = 0; i < 2; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
            CHECK(rounds[i] == 0);
        }
        exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(mcoda_workspace_open_db(file, NULL, &workspace, &error));
    mcoda_string *json = NULL;
    OK(mcoda_query_json(workspace, "SELECT count(*) AS n FROM token_usage", NULL, &json, &error));
    CHECK(atoi(json_at(json, "/0/n")) == 1 + 2 * (1 + 3) + 2 * ROUNDS);
    mcoda_string_free(json);
    OK(mcoda_workspace_close(workspace, &error));
    return 0;
}
