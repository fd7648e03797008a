/* Another copy of SQLite in the process, as a host brings it along: the system's, or one that is built for the tests.
 * Declared here, since where it is not installed for development its header is not, either. */
#ifndef FOREIGN_H
#define FOREIGN_H

#include "check.h"

typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
const char *sqlite3_libversion(void);
int sqlite3_open_v2(const char *path, sqlite3 **connection, int flags, const char *vfs);
int sqlite3_close(sqlite3 *connection);
int sqlite3_busy_timeout(sqlite3 *connection, int milliseconds);
int sqlite3_exec(sqlite3 *connection, const char *sql, void *callback, void *argument, char **message);
int sqlite3_prepare_v2(sqlite3 *connection, const char *sql, int length, sqlite3_stmt **statement, const char **rest);
int sqlite3_step(sqlite3_stmt *statement);
const unsigned char *sqlite3_column_text(sqlite3_stmt *statement, int column);
int sqlite3_finalize(sqlite3_stmt *statement);

enum { SQLITE_OK = 0, SQLITE_BUSY = 5, SQLITE_ROW = 100, SQLITE_OPEN_READWRITE = 2, SQLITE_OPEN_FULLMUTEX = 0x10000 };

static inline int foreign_run(sqlite3 *connection, const char *sql)
{
    return sqlite3_exec(connection, sql, NULL, NULL, NULL) & 0xff;
}

/* A connection to a database that is there. It waits for others for so long. */
static inline sqlite3 *foreign_open(const char *file, int milliseconds)
{
    sqlite3 *connection = NULL;
    CHECK(sqlite3_open_v2(file, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL) == SQLITE_OK);
    CHECK(sqlite3_busy_timeout(connection, milliseconds) == SQLITE_OK);
    /* Slow flushes are irrelevant here. Other errors are found by the transactions. */
    (void)foreign_run(connection, "PRAGMA synchronous=OFF");
    return connection;
}

/* The first value of the first row, as text; empty where there is none, or an error. */
static inline void foreign_value(sqlite3 *connection, const char *sql, char *value, size_t room)
{
    sqlite3_stmt *statement = NULL;
    *value = 0;
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(statement, 0);
        snprintf(value, room, "%s", text != NULL ? (const char *)text : "");
    }
    sqlite3_finalize(statement);
}

#endif
