/* Leaks small handles: shows that the sanitizers of this machine detect a leak. */

#include "check.h"

int main(void)
{
    /* One may still be in a register, and would not count as leaked. */
    for (int i = 0; i < 100; i++) {
        CHECK(mcoda_token_usage_new() != NULL);
    }
    return 0;
}
