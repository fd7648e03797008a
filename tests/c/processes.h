/* Tasks in processes of their own: this program once more. What such a process has locked or broken is its own. */
#ifndef PROCESSES_H
#define PROCESSES_H

#include "check.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What became of a database that was hammered: what its process reports, and what another one counts. */
struct outcome {
    long reported[3];
    long counted[3];
    int has_crashed;
};
enum { ACKNOWLEDGED, BUSY, ERRORS };
enum { ROWS, COUNTER, IS_WHOLE };

/* Runs `task file rounds` with the locks as they are shipped (""), or "off". What hangs is killed, which without the
 * locks happens. Gives the numbers that it prints; false where it ends badly or prints something else. */
static inline int run_task(const char *task, const char *file, long rounds, const char *locks, long *numbers)
{
    int pipes[2], status = 0;
    char text[128] = "", number[24];
    CHECK(pipe(pipes) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        snprintf(number, sizeof number, "%ld", rounds);
        CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
        CHECK(dup2(pipes[1], 1) == 1 && close(pipes[0]) == 0 && close(pipes[1]) == 0);
        CHECK(setenv("MCODA_TEST_LOCKS", locks, 1) == 0);
        if (*locks != 0) {
            /* What goes wrong there is expected. */
            CHECK(freopen("/dev/null", "w", stderr) != NULL);
        }
        alarm(*locks != 0 ? 10 : 600);
        execl("/proc/self/exe", "hammer", task, file, number, (char *)NULL);
        _exit(127);
    }
    CHECK(close(pipes[1]) == 0);
    FILE *output = fdopen(pipes[0], "r");
    CHECK(output != NULL);
    size_t length = fread(text, 1, sizeof text - 1, output);
    text[length] = 0;
    CHECK(fclose(output) == 0 && waitpid(child, &status, 0) == child);
    int reported = sscanf(text, "%ld %ld %ld", &numbers[0], &numbers[1], &numbers[2]);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && reported == 3;
}

/* Hammers a new database, and has a process count that took no part in it. */
static inline struct outcome hammered(const char *creation, const char *task, const char *file, long rounds,
                                      const char *locks)
{
    struct outcome found = {0};
    long unused[3];
    CHECK(run_task(creation, file, 0, "", unused));
    found.has_crashed = !run_task(task, file, rounds, locks, found.reported);
    /* What cannot be counted is not whole. */
    found.counted[IS_WHOLE] = run_task("count", file, 0, "", found.counted) && found.counted[IS_WHOLE];
    return found;
}

static inline long lost(const struct outcome *found)
{
    long rows = labs(found->reported[ACKNOWLEDGED] - found->counted[ROWS]);
    long counter = labs(found->reported[ACKNOWLEDGED] - found->counted[COUNTER]);
    return rows > counter ? rows : counter;
}

#endif
