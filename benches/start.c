/* How long the library takes to load, and for the first cost that it computes: `start LIBRARY`. Both in a process of its
 * own, since a second time is not a first one. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <mcoda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 21 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

#define FUNCTION(name) __typeof__(&name) name##_ = (__typeof__(&name))dlsym(library, #name)

/* Milliseconds for: dlopen, the first open of a database in memory, the first record with a cost, the second. */
static void measure(const char *path, double *times)
{
    const char *body = "{\"id\":\"%d\",\"type\":\"message\",\"model\":\"claude-sonnet-4-5\",\"usage\":{\"input_tokens\":1000,"
                       "\"output_tokens\":100,\"cache_read_input_tokens\":5000}}";
    double start = now();
    void *library = dlopen(path, RTLD_NOW);
    times[0] = now() - start;
    if (!library) {
        fprintf(stderr, "start: %s\n", dlerror());
        _exit(1);
    }
    FUNCTION(mcoda_workspace_open_db);
    FUNCTION(mcoda_record_agent_response_json);
    FUNCTION(mcoda_token_usage_json);
    FUNCTION(mcoda_string_text);
    mcoda_workspace *workspace = NULL;
    mcoda_string *rows = NULL;
    start = now();
    if (mcoda_workspace_open_db_(":memory:", NULL, &workspace, NULL) != MCODA_OK)
        _exit(2);
    times[1] = now() - start;
    for (int i = 0; i < 2; i++) {
        char text[512];
        snprintf(text, sizeof text, body, i);
        start = now();
        if (mcoda_record_agent_response_json_(workspace, text, "{\"computeCost\": true}", NULL, NULL) != MCODA_OK)
            _exit(3);
        times[2 + i] = now() - start;
    }
    if (mcoda_token_usage_json_(workspace, NULL, &rows, NULL) != MCODA_OK ||
        !strstr(mcoda_string_text_(rows, NULL), "price_model"))
        _exit(4);
}

static int by_size(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char **argv)
{
    static double times[4][ROUNDS];
    const char *what[4] = {"dlopen", "first open of a database, in memory", "first record with a computed cost", "second one"};
    if (argc != 2)
        return 1;
    for (int round = 0; round < ROUNDS; round++) {
        int pipes[2];
        double one[4];
        if (pipe(pipes) != 0)
            return 1;
        pid_t child = fork();
        if (child == 0) {
            measure(argv[1], one);
            _exit(write(pipes[1], one, sizeof one) == sizeof one ? 0 : 5);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (status != 0 || read(pipes[0], one, sizeof one) != sizeof one) {
            fprintf(stderr, "start: the child failed: %d\n", WEXITSTATUS(status));
            return 1;
        }
        close(pipes[0]);
        close(pipes[1]);
        for (int i = 0; i < 4; i++)
            times[i][round] = one[i];
    }
    for (int i = 0; i < 4; i++) {
        qsort(times[i], ROUNDS, sizeof(double), by_size);
        printf("%-40s %9.3f ms\n", what[i], times[i][ROUNDS / 2]);
    }
    return 0;
}
