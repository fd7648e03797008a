/* A host with its own SQLite and another library written in Rust: none calls into the code of another. */

#include "check.h"

/* The host's SQLite. If libmcoda called it, the program would end here. */
const char *sqlite3_libversion(void);
int sqlite3_open_v2(const char *path, void **database, int flags, const char *vfs);

const char *sqlite3_libversion(void)
{
    return "the host's own";
}

int sqlite3_open_v2(const char *path, void **database, int flags, const char *vfs)
{
    (void)database, (void)flags, (void)vfs;
    fprintf(stderr, "libmcoda opened %s with the host's SQLite\n", path);
    exit(1);
}

/* other.rs */
extern int other_length_of_caught_panic(const char *text);

int main(void)
{
    mcoda_error *error = NULL;
    mcoda_workspace *workspace = furnished(":memory:");
    CHECK(strcmp(sqlite3_libversion(), "the host's own") == 0);
    CHECK(strncmp(value_of(workspace, "SELECT sqlite_version() AS it"), "3.", 2) == 0);
    CHECK(other_length_of_caught_panic("four") == 4);
    OK(mcoda_workspace_close(workspace, &error));
    return 0;
}
