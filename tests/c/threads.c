/* One handle in many threads: calls queue, none is lost, and closing it meanwhile makes them fail, not crash. */

#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define THREADS 8
#define CALLS 125

static mcoda_workspace *shared;

static void *record(void *number)
{
    mcoda_error *error = NULL;
    mcoda_token_usage *usage = mcoda_token_usage_new();
    char id[64];
    for (int call = 0; call < CALLS; call++) {
        snprintf(id, sizeof id, "thread-%d-call-%d", *(int *)number, call);
        OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_ID, id, &error));
        OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, 1, &error));
        OK(mcoda_record_token_usage(shared, usage, NULL, &error));
    }
    mcoda_token_usage_free(usage);
    return NULL;
}

static void records_of_eight_threads_are_all_kept(const char *folder)
{
    mcoda_error *error = NULL;
    pthread_t threads[THREADS];
    int numbers[THREADS];
    char path[512];
    snprintf(path, sizeof path, "%s/threads.db", folder);
    shared = furnished(path);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, record, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(strcmp(value_of(shared, "SELECT sum(tokens_prompt) AS it FROM token_usage"), "1000") == 0);
    OK(mcoda_workspace_close(shared, &error));
}

static mcoda_token_usage_cursor *cursor;
static atomic_int rows_read;

/* Takes single rows until there are none. */
static void *read_rows(void *unused)
{
    (void)unused;
    mcoda_error *error = NULL;
    for (;;) {
        mcoda_string *json = NULL;
        OK(mcoda_token_usage_cursor_next_json(cursor, 1, &json, &error));
        int is_over = strcmp(mcoda_string_text(json, NULL), "[]") == 0;
        mcoda_string_free(json);
        if (is_over) {
            return NULL;
        }
        rows_read++;
    }
}

static void a_cursor_gives_each_row_to_one_thread(const char *folder)
{
    mcoda_error *error = NULL;
    pthread_t threads[THREADS];
    char path[512];
    snprintf(path, sizeof path, "%s/threads.db", folder);
    OK(mcoda_workspace_open_db(path, NULL, &shared, &error));
    OK(mcoda_token_usage_cursor_open(shared, NULL, &cursor, &error));
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, read_rows, NULL) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(rows_read == THREADS * CALLS);
    OK(mcoda_token_usage_cursor_close(cursor, &error));
    OK(mcoda_workspace_close(shared, &error));
}

static atomic_int acknowledged;
static atomic_int under_way;

/* Calls until another thread closes the handle. */
static void *record_until_closed(void *unused)
{
    (void)unused;
    mcoda_code code;
    do {
        mcoda_string *json = NULL;
        mcoda_error *error = NULL;
        code = mcoda_record_token_usage_json(shared, "{\"tokensPrompt\": 1}", &json, &error);
        if (code == MCODA_OK) {
            acknowledged++;
            CHECK(strstr(mcoda_string_text(json, NULL), "\"recorded\":true") != NULL);
            mcoda_string_free(json);
        } else {
            CHECK(code == MCODA_CLOSED && json == NULL && mcoda_error_code(error) == code);
            mcoda_error_free(error);
        }
        under_way++;
    } while (code == MCODA_OK);
    return NULL;
}

static void *close_it(void *unused)
{
    (void)unused;
    mcoda_error *error = NULL;
    OK(mcoda_workspace_close(shared, &error));
    return NULL;
}

static void a_handle_that_is_closed_under_calls_keeps_what_it_acknowledged(const char *folder)
{
    mcoda_error *error = NULL;
    pthread_t threads[THREADS], closers[2];
    char path[512], kept[32];
    snprintf(path, sizeof path, "%s/closed.db", folder);
    for (int round = 0; round < 10; round++) {
        shared = NULL;
        OK(mcoda_workspace_open_db(path, NULL, &shared, &error));
        under_way = 0;
        for (int i = 0; i < THREADS; i++) {
            CHECK(pthread_create(&threads[i], NULL, record_until_closed, NULL) == 0);
        }
        while (under_way < 20) {
            sched_yield();
        }
        for (int i = 0; i < 2; i++) {
            CHECK(pthread_create(&closers[i], NULL, close_it, NULL) == 0);
        }
        for (int i = 0; i < THREADS; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
        for (int i = 0; i < 2; i++) {
            CHECK(pthread_join(closers[i], NULL) == 0);
        }
    }
    OK(mcoda_workspace_open_db(path, NULL, &shared, &error));
    snprintf(kept, sizeof kept, "%d", (int)acknowledged);
    CHECK(strcmp(value_of(shared, "SELECT count(*) AS it FROM token_usage"), kept) == 0);
    OK(mcoda_workspace_close(shared, &error));
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    records_of_eight_threads_are_all_kept(argv[1]);
    a_cursor_gives_each_row_to_one_thread(argv[1]);
    a_handle_that_is_closed_under_calls_keeps_what_it_acknowledged(argv[1]);
    return 0;
}
