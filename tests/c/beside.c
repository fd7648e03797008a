/* A host that is linked with its own SQLite alongside libmcoda: each uses its own, and both see one database.
 * Prints the version of libmcoda's SQLite, then the host's; built with ALONE, there is no other one. */

#include "foreign.h"

int main(int argc, char **argv)
{
    mcoda_error *error = NULL;
    char path[512];
    CHECK(argc >= 2);
    snprintf(path, sizeof path, "%s/beside.db", argv[1]);
    mcoda_workspace *workspace = furnished(path);
    puts(value_of(workspace, "SELECT sqlite_version() || ' ' || sqlite_source_id() AS it"));
#ifndef ALONE
    char release[256], tasks[16];
    sqlite3 *connection = foreign_open(path, 0);
    foreign_value(connection, "SELECT sqlite_version() || ' ' || sqlite_source_id()", release, sizeof release);
    puts(release);
    CHECK(strncmp(release, sqlite3_libversion(), strlen(sqlite3_libversion())) == 0);
    CHECK(foreign_run(connection, "UPDATE tasks SET story_points = 8 WHERE key = 'P-1'") == SQLITE_OK);
    CHECK(strcmp(value_of(workspace, "SELECT story_points AS it FROM tasks WHERE key = 'P-1'"), "8") == 0);
    OK(mcoda_record_status_transition(workspace, "P-1", "in_progress", NULL, NULL, &error));
    foreign_value(connection, "SELECT count(*) FROM tasks WHERE status = 'in_progress'", tasks, sizeof tasks);
    CHECK(strcmp(tasks, "1") == 0);
    sqlite3_close(connection);
#endif
    OK(mcoda_workspace_close(workspace, &error));
    return 0;
}
