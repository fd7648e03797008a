/* A clock that jumps: the system's, and as many seconds more as the file named by SOAK_CLOCK says. For LD_PRELOAD. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    const char *name = getenv("SOAK_CLOCK");
    if (result == 0 && clock == CLOCK_REALTIME && name != NULL) {
        char text[32] = {0};
        int file = open(name, O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) > 0)
                now->tv_sec += strtol(text, NULL, 10);
            close(file);
        }
    }
    return result;
}
