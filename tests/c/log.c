/* Messages: off by default, at the end of the call that caused them, of the level that was set, from several threads, and
 * not after another callback was set. */

#define _DEFAULT_SOURCE

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static mcoda_error *error;

struct seen {
    atomic_int count;
    pthread_mutex_t mutex;
    mcoda_log_level level;
    char topic[64], text[512];
    mcoda_workspace *workspace;
};

static void receive(const mcoda_log_message *message, void *user_data)
{
    struct seen *seen = user_data;
    size_t topic = 0, text = 0;
    mcoda_error *own = NULL;
    pthread_mutex_lock(&seen->mutex);
    seen->level = mcoda_log_message_level(message);
    snprintf(seen->topic, sizeof seen->topic, "%s", mcoda_log_message_topic(message, &topic));
    snprintf(seen->text, sizeof seen->text, "%s", mcoda_log_message_text(message, &text));
    CHECK(topic == strlen(seen->topic) && text >= strlen(seen->text) && strchr(seen->text, '\n') == NULL);
    pthread_mutex_unlock(&seen->mutex);
    /* The call has ended, so others with the same handle are possible. */
    if (seen->workspace) {
        mcoda_string *json = NULL;
        mcoda_code code = mcoda_token_usage_json(seen->workspace, NULL, &json, &own);
        check_ok(code, &own, "a call within the callback", __FILE__, __LINE__);
        mcoda_string_free(json);
    }
    mcoda_code code = mcoda_set_log(NULL, NULL, MCODA_LOG_OFF, &own);
    check_refused(code, MCODA_UNSUPPORTED, NULL, &own, "another callback within one", __FILE__, __LINE__);
    seen->count++;
}

static const char *body = "{\"id\": \"%d\", \"type\": \"message\", \"model\": \"%s\", \"usage\":"
                          " {\"input_tokens\": 10, \"output_tokens\": 1}}";

/* A cost that is unknown is a message. */
static void record(mcoda_workspace *workspace, int number, const char *model)
{
    char text[256];
    snprintf(text, sizeof text, body, number, model);
    mcoda_error *own = NULL;
    mcoda_code code = mcoda_record_agent_response_json(workspace, text, "{\"computeCost\": true}", NULL, &own);
    check_ok(code, &own, "recording a response", __FILE__, __LINE__);
}

static void *record_many(void *workspace)
{
    for (int i = 0; i < 50; i++)
        record(workspace, i, "a-model-without-a-price");
    return NULL;
}

static struct seen seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};

int main(int argc, char **argv)
{
    char path[512], log[512];
    mcoda_workspace *workspace = NULL;
    mcoda_options *options = mcoda_options_new();
    CHECK(argc > 1);
    snprintf(path, sizeof path, "%s/log.db", argv[1]);
    snprintf(log, sizeof log, "%s/token_usage.json", argv[1]);

    REFUSED(mcoda_set_log(receive, &seen, (mcoda_log_level)9, &error), MCODA_INVALID_INPUT, "level");
    OK(mcoda_set_log(receive, &seen, MCODA_LOG_INFO, &error));
    OK(mcoda_options_set_text(options, MCODA_OPTION_JSON_LOG_FOLDER, argv[1], &error));
    OK(mcoda_workspace_open_db(path, options, &workspace, &error));
    CHECK(seen.count == 1 && seen.level == MCODA_LOG_INFO && strcmp(seen.topic, "database") == 0);
    CHECK(strstr(seen.text, "log.db: created as a workspace database") != NULL);

    /* Only what the level includes. A model with a price is no message at all. */
    OK(mcoda_set_log(receive, &seen, MCODA_LOG_WARN, &error));
    seen.count = 0;
    record(workspace, 1, "claude-sonnet-4-5");
    CHECK(seen.count == 0);
    seen.workspace = workspace;
    record(workspace, 2, "a-model-without-a-price");
    CHECK(seen.count == 1 && seen.level == MCODA_LOG_WARN && strcmp(seen.topic, "prices") == 0);
    CHECK(strstr(seen.text, "\"a-model-without-a-price\"") != NULL);
    seen.workspace = NULL;

    /* A log that was damaged is repaired when it is next written. */
    OK(mcoda_workspace_close(workspace, &error));
    CHECK(truncate(log, 40) == 0);
    sleep(2); /* Until then, another program may still be writing it. */
    OK(mcoda_workspace_open_db(path, options, &workspace, &error));
    seen.count = 0;
    record(workspace, 3, "claude-sonnet-4-5");
    CHECK(seen.count == 1 && strcmp(seen.topic, "json_log") == 0 && strstr(seen.text, "damaged") != NULL);

    /* Threads deliver at the same time, and none after the callback was replaced. */
    pthread_t threads[4];
    seen.count = 0;
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, record_many, workspace) == 0);
    for (int i = 0; i < 20; i++) {
        struct seen *other = calloc(1, sizeof *other);
        pthread_mutex_init(&other->mutex, NULL);
        OK(mcoda_set_log(receive, other, MCODA_LOG_WARN, &error));
        usleep(1000);
        OK(mcoda_set_log(i % 2 ? receive : NULL, &seen, MCODA_LOG_WARN, &error));
        pthread_mutex_destroy(&other->mutex);
        free(other);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);

    OK(mcoda_set_log(receive, &seen, MCODA_LOG_OFF, &error));
    seen.count = 0;
    record(workspace, 4, "a-model-without-a-price");
    CHECK(seen.count == 0);
    OK(mcoda_workspace_close(workspace, &error));
    mcoda_options_free(options);
    return 0;
}
