/* Calls that are interrupted, that reach their time limit, or whose handle is closed. */

#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static const char *const ENDLESS =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n";

static mcoda_workspace *workspace = NULL;
static mcoda_global *global = NULL;
static mcoda_error *error = NULL;

typedef struct {
    mcoda_code (*call)(void);
    mcoda_code code;
    atomic_int has_ended;
} query;

static mcoda_code query_workspace(void)
{
    return mcoda_query_json(workspace, ENDLESS, NULL, NULL, NULL);
}

static mcoda_code ask_global(void)
{
    return mcoda_global_query_json(global, ENDLESS, NULL, NULL, NULL);
}

static mcoda_code batch(void)
{
    char calls[512];
    snprintf(calls, sizeof calls,
             "[{\"call\": \"projects.ensure\", \"args\": [{\"key\": \"P\"}]}, {\"call\": \"query\", \"args\": [\"%s\"]}]",
             ENDLESS);
    return mcoda_batch_json(workspace, calls, NULL, NULL);
}

static void *run(void *given)
{
    query *own = given;
    own->code = own->call();
    own->has_ended = 1;
    return NULL;
}

static void pause_for(long milliseconds)
{
    struct timespec time = {0, milliseconds * 1000000};
    nanosleep(&time, NULL);
}

/* Nothing but the interrupts ends the call. */
static mcoda_code interrupted(mcoda_code (*call)(void))
{
    query one = {call, MCODA_OK, 0};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, &one) == 0);
    while (!one.has_ended) {
        pause_for(20);
        OK(call == ask_global ? mcoda_global_interrupt(global, &error) : mcoda_interrupt(workspace, &error));
    }
    CHECK(pthread_join(thread, NULL) == 0);
    return one.code;
}

int main(int argc, char **argv)
{
    char file[1024];
    CHECK(argc > 1);
    snprintf(file, sizeof file, "%s/mcoda.db", argv[1]);
    OK(mcoda_workspace_open_db(file, NULL, &workspace, &error));
    snprintf(file, sizeof file, "%s/global.db", argv[1]);
    OK(mcoda_global_open_db(file, NULL, &global, &error));
    CHECK(interrupted(query_workspace) == MCODA_CANCELLED);
    CHECK(interrupted(ask_global) == MCODA_CANCELLED);
    CHECK(interrupted(batch) == MCODA_CANCELLED);
    mcoda_string *json = NULL;
    OK(mcoda_query_json(workspace, "SELECT count(*) AS n FROM projects", NULL, &json, &error));
    CHECK(strcmp(json_at(json, "/0/n"), "0") == 0);
    mcoda_string_free(json);
    OK(mcoda_record_token_usage_json(workspace, "{\"id\": \"one\"}", NULL, &error));

    /* Closing ends what only reads, and what waits to. */
    query many[6];
    pthread_t threads[6];
    for (int i = 0; i < 6; i++) {
        many[i] = (query){query_workspace, MCODA_OK, 0};
        CHECK(pthread_create(&threads[i], NULL, run, &many[i]) == 0);
    }
    pause_for(100);
    OK(mcoda_workspace_close(workspace, &error));
    for (int i = 0; i < 6; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(many[i].code == MCODA_CLOSED);
    }
    REFUSED(mcoda_interrupt(workspace, &error), MCODA_CLOSED, NULL);
    OK(mcoda_global_close(global, &error));
    REFUSED(mcoda_global_interrupt(global, &error), MCODA_CLOSED, NULL);

    mcoda_options *options = mcoda_options_new();
    OK(mcoda_options_set_int(options, MCODA_OPTION_CALL_TIMEOUT_MS, 0, &error));
    REFUSED(mcoda_workspace_open_db(file, options, &workspace, &error), MCODA_INVALID_INPUT, "callTimeoutMs");
    OK(mcoda_options_set_int(options, MCODA_OPTION_CALL_TIMEOUT_MS, 50, &error));
    snprintf(file, sizeof file, "%s/mcoda.db", argv[1]);
    OK(mcoda_workspace_open_db(file, options, &workspace, &error));
    mcoda_options_free(options);
    CHECK(query_workspace() == MCODA_CANCELLED);
    CHECK(batch() == MCODA_CANCELLED);
    OK(mcoda_workspace_close(workspace, &error));
    return 0;
}
