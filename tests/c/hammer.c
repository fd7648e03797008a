/* libmcoda beside another copy of SQLite in one process, both writing to one database as fast as they can. Each
 * transaction is an insert and, by a trigger, a count, so that a lost update shows as well as a lost row; another
 * process counts both. Each scenario is run once more without the locks and must then go wrong: else it would show
 * nothing.
 *
 * Usage: hammer FOLDER [ROUNDS] (times as much as usual). Its own processes are started with other arguments. */

#define _GNU_SOURCE
#include "foreign.h"
#include "processes.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

static const char *file;
static mcoda_error *error;
static atomic_long acknowledged, busy, errors;
static atomic_int is_over, next_id;

static void usage(void)
{
    printf("%ld %ld %ld\n", (long)acknowledged, (long)busy, (long)errors);
}

/* Options as JSON, a handle, or NULL where it is turned away. */
static mcoda_workspace *open_ours(const char *json)
{
    mcoda_options *options = NULL;
    mcoda_workspace *workspace = NULL;
    OK(mcoda_options_from_json(json, &options, &error));
    mcoda_code code = mcoda_workspace_open_db(file, options, &workspace, NULL);
    if (code != MCODA_OK) {
        ++*(code == MCODA_BUSY ? &busy : &errors);
    }
    mcoda_options_free(options);
    return workspace;
}

static void close_ours(mcoda_workspace *workspace)
{
    if (mcoda_workspace_close(workspace, NULL) != MCODA_OK) {
        errors++;
    }
}

/* Records in one transaction, and says how many were acknowledged. */
static int record(mcoda_workspace *workspace, const char *records, int count)
{
    mcoda_error *refused = NULL;
    mcoda_code code = mcoda_record_token_usages_json(workspace, records, NULL, &refused);
    if (code == MCODA_OK) {
        acknowledged += count;
    } else {
        ++*(code == MCODA_BUSY ? &busy : &errors);
        if (code != MCODA_BUSY) {
            fprintf(stderr, "ours: %s\n", mcoda_error_message(refused, NULL));
        }
    }
    mcoda_error_free(refused);
    return code == MCODA_OK ? count : 0;
}

static int theirs(sqlite3 *connection, const char *sql)
{
    int code = foreign_run(connection, sql);
    if (code != SQLITE_OK) {
        ++*(code == SQLITE_BUSY ? &busy : &errors);
        if (code != SQLITE_BUSY) {
            fprintf(stderr, "theirs: code %d in %s\n", code, sql);
        }
    }
    return code == SQLITE_OK;
}

static int insert(sqlite3 *connection)
{
    char sql[160];
    snprintf(sql, sizeof sql, "INSERT INTO token_usage (id, workspace_id, timestamp) VALUES ('%d %d', 'w', 't')",
             (int)getpid(), next_id++);
    return theirs(connection, sql);
}

/* Says how many were acknowledged: one or none. */
static int commit(sqlite3 *connection, int begun)
{
    if (begun && theirs(connection, "COMMIT")) {
        acknowledged++;
        return 1;
    }
    (void)foreign_run(connection, "ROLLBACK");
    return 0;
}

static int begin(sqlite3 *connection)
{
    return theirs(connection, "BEGIN IMMEDIATE") && insert(connection);
}

/* The other copy is in the middle of a transaction whenever ours tries to write. */
static void overlap(long rounds)
{
    const char *at_once = "{\"busyTimeoutMs\": 0}";
    char log[600];
    snprintf(log, sizeof log, "%s-wal", file);
    mcoda_workspace *workspace = open_ours(at_once);
    sqlite3 *connection = foreign_open(file, 0);
    /* Without the locks, two who begin an empty log at once wait for ten seconds. */
    commit(connection, begin(connection));
    for (long round = 0; round < rounds; round++) {
        int begun = begin(connection);
        if (round % 50 == 49) {
            /* Closing this one must not drop the locks of the other copy, nor must the host. */
            close_ours(open_ours(at_once));
            CHECK(close(open(file, O_RDONLY)) == 0);
        }
        record(workspace, "[{}]", 1);
        commit(connection, begun);
        record(workspace, "[{}]", 1);
        if (round % 100 == 99) {
            sqlite3_close(foreign_open(file, 0));
            close_ours(workspace);
            /* The last of our handles leaves the log to the one who still has the database open. */
            errors += access(log, F_OK) != 0;
            workspace = open_ours(at_once);
        }
    }
    close_ours(workspace);
    sqlite3_close(connection);
}

/* With a rollback journal. Opening turns the database to write-ahead logging, but not under a transaction. */
static void convert(long rounds)
{
    char mode[16];
    sqlite3 *connection = foreign_open(file, 0);
    for (long round = 0; round < rounds; round++) {
        int begun = begin(connection);
        mcoda_workspace *early = open_ours("{\"busyTimeoutMs\": 0}");
        commit(connection, begun);
        mcoda_workspace *workspace = open_ours("{\"busyTimeoutMs\": 0}");
        record(workspace, "[{}]", 1);
        commit(connection, begin(connection));
        close_ours(workspace);
        close_ours(early);
        foreign_value(connection, "PRAGMA journal_mode=DELETE", mode, sizeof mode);
        errors += strcmp(mode, "delete") != 0;
    }
    sqlite3_close(connection);
}

/* What the threads of a race share. */
static mcoda_workspace *shared;
static long each;

/* Whether a writer goes on until it has had so many acknowledged. Without the locks that may never be. */
static int goes_on(long done, long attempts)
{
    return done < each && attempts <= 20 * each && errors < 1000;
}

static void *write_singles(void *unused)
{
    (void)unused;
    for (long done = 0, attempts = 1; goes_on(done, attempts); attempts++) {
        done += record(shared, "[{}]", 1);
    }
    return NULL;
}

static void *write_batches(void *unused)
{
    (void)unused;
    for (long done = 0, attempts = 1; goes_on(done, attempts); attempts++) {
        done += record(shared, "[{},{},{},{},{},{},{},{},{},{}]", 10);
    }
    return NULL;
}

static void *write_and_reopen(void *unused)
{
    (void)unused;
    mcoda_workspace *workspace = open_ours("{}");
    for (long done = 0, attempts = 1; goes_on(done, attempts); attempts++) {
        done += record(workspace, "[{}]", 1);
        if (attempts % 50 == 0) {
            close_ours(workspace);
            workspace = open_ours("{}");
        }
    }
    close_ours(workspace);
    return NULL;
}

/* With a new connection after every so many, 0 for never. */
static void *write_theirs(void *reopen)
{
    long after = *(const long *)reopen;
    sqlite3 *connection = foreign_open(file, 10000);
    for (long done = 0, attempts = 1; goes_on(done, attempts); attempts++) {
        done += commit(connection, begin(connection));
        if (after != 0 && attempts % after == 0) {
            sqlite3_close(connection);
            connection = foreign_open(file, 10000);
        }
    }
    sqlite3_close(connection);
    return NULL;
}

/* In a child, where the parent's handles are closed. */
static int is_closed_in_child(void)
{
    return mcoda_workspace_id(shared, NULL, NULL) != MCODA_OK &&
           mcoda_record_token_usage_json(shared, "{}", NULL, NULL) == MCODA_CLOSED &&
           mcoda_workspace_close(shared, NULL) == MCODA_OK;
}

static void *fork_children(void *unused)
{
    (void)unused;
    for (int forks = 0; !is_over || forks == 0; forks++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            alarm(60);
            int closed = is_closed_in_child();
            usleep(5000);
            _exit(closed ? 0 : 1);
        }
        errors += waitpid(child, &status, 0) != child || status != 0;
        usleep(2000);
    }
    return NULL;
}

static void *open_and_close_theirs(void *unused)
{
    (void)unused;
    char count[24];
    while (!is_over) {
        sqlite3 *connection = foreign_open(file, 10000);
        foreign_value(connection, "SELECT n FROM counter", count, sizeof count);
        sqlite3_close(connection);
        usleep(2000);
    }
    return NULL;
}

/* A host that backs the file up by itself, say. */
static void *read_the_file(void *unused)
{
    (void)unused;
    static char buffer[1 << 16];
    while (!is_over) {
        int descriptor = open(file, O_RDONLY);
        while (read(descriptor, buffer, sizeof buffer) > 0) {
        }
        CHECK(close(descriptor) == 0);
        usleep(2000);
    }
    return NULL;
}

/* Handles that only read come and go. What they see is one state of the database. */
static void *read_ours(void *unused)
{
    (void)unused;
    while (!is_over) {
        mcoda_string *json = NULL;
        mcoda_workspace *workspace = open_ours("{\"readOnly\": true}");
        const char *sql = "SELECT (SELECT count(*) FROM token_usage) - (SELECT n FROM counter) AS it";
        mcoda_code code = mcoda_query_json(workspace, sql, NULL, &json, NULL);
        errors += code != MCODA_OK || strcmp(mcoda_string_text(json, NULL), "[{\"it\":0}]") != 0;
        mcoda_string_free(json);
        close_ours(workspace);
        usleep(3000);
    }
    return NULL;
}

/* Another process with the other copy. */
static void *write_elsewhere(void *unused)
{
    (void)unused;
    const char *locks = getenv("MCODA_TEST_LOCKS");
    long reported[3];
    if (run_task("write", file, each, locks ? locks : "", reported)) {
        acknowledged += reported[ACKNOWLEDGED];
        busy += reported[BUSY];
        errors += reported[ERRORS];
    } else {
        errors++;
    }
    return NULL;
}

struct worker {
    void *(*work)(void *);
    const void *argument;
};

/* Runs the writers to their end, and the others until then. */
static void race(const struct worker *writers, int writer_count, const struct worker *others, int other_count)
{
    pthread_t threads[16];
    for (int i = 0; i < writer_count + other_count; i++) {
        const struct worker *worker = i < writer_count ? &writers[i] : &others[i - writer_count];
        CHECK(pthread_create(&threads[i], NULL, worker->work, (void *)worker->argument) == 0);
    }
    for (int i = 0; i < writer_count + other_count; i++) {
        is_over = i >= writer_count;
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}
#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

static const long never = 0, often = 200;

static void race_in_wal_mode(long rounds)
{
    const struct worker writers[] = {
        {write_singles, NULL}, {write_batches, NULL}, {write_and_reopen, NULL},
        {write_theirs, &often}, {write_theirs, &never},
    };
    const struct worker others[] = {{fork_children, NULL}, {open_and_close_theirs, NULL}, {read_the_file, NULL}};
    each = rounds;
    shared = open_ours("{}");
    race(writers, COUNT(writers), others, COUNT(others));
    close_ours(shared);
}

static void race_with_a_rollback_journal(long rounds)
{
    const struct worker writers[] = {{write_theirs, &often}, {write_elsewhere, NULL}};
    const struct worker others[] = {{fork_children, NULL}, {open_and_close_theirs, NULL}, {read_ours, NULL}};
    each = rounds;
    shared = open_ours("{\"readOnly\": true}");
    race(writers, COUNT(writers), others, COUNT(others));
    close_ours(shared);
}

static void write_alone(long rounds)
{
    each = rounds;
    write_theirs((void *)&often);
}

static void create(const char *journal_mode)
{
    char sql[400], mode[16];
    close_ours(open_ours("{}"));
    sqlite3 *connection = foreign_open(file, 0);
    snprintf(sql, sizeof sql,
             "CREATE TABLE counter (n INTEGER NOT NULL); INSERT INTO counter VALUES (0);"
             "CREATE TRIGGER counted AFTER INSERT ON token_usage BEGIN UPDATE counter SET n = n + 1; END;");
    CHECK(theirs(connection, sql));
    snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", journal_mode);
    foreign_value(connection, sql, mode, sizeof mode);
    CHECK(strcmp(mode, journal_mode) == 0);
    sqlite3_close(connection);
}

/* What a process sees that has nothing to do with the hammering. */
static void count(void)
{
    const char *queries[] = {"SELECT count(*) FROM token_usage", "SELECT n FROM counter", "PRAGMA integrity_check"};
    char results[3][128];
    sqlite3 *connection = foreign_open(file, 10000);
    for (int i = 0; i < 3; i++) {
        foreign_value(connection, queries[i], results[i], sizeof results[i]);
    }
    sqlite3_close(connection);
    printf("%s %s %d\n", results[0], results[1], strcmp(results[2], "ok") == 0);
}

static const struct scenario {
    const char *task, *journal_mode;
    void (*work)(long rounds);
    /* How many inserts a round makes and how many calls must be turned away, where time does not decide that; how
     * many rounds there are, and how many without the locks. */
    long inserts, turned_away, rounds, without;
} scenarios[] = {
    {"overlapping transactions, WAL", "wal", overlap, 2, 1, 10000, 40},
    {"racing threads, WAL", "wal", race_in_wal_mode, 5, 0, 2400, 200},
    {"opening under a transaction, rollback journal", "delete", convert, 3, 1, 200, 10},
    {"racing threads and another process, rollback journal", "delete", race_with_a_rollback_journal, 2, 0, 2500, 500},
};

/* A process of its own. */
static int do_task(const char *task, long rounds)
{
    if (strcmp(task, "count") == 0) {
        count();
        return 0;
    }
    if (strncmp(task, "create ", 7) == 0) {
        create(task + 7);
    } else if (strcmp(task, "write") == 0) {
        write_alone(rounds);
    }
    for (int i = 0; i < COUNT(scenarios); i++) {
        if (strcmp(task, scenarios[i].task) == 0) {
            scenarios[i].work(rounds);
        }
    }
    usage();
    return 0;
}

static void run_scenario(const struct scenario *scenario, const char *folder, long factor)
{
    static int number = 0;
    char path[512], creation[24];
    snprintf(creation, sizeof creation, "create %s", scenario->journal_mode);
    for (int off = 0; off < 2; off++) {
        snprintf(path, sizeof path, "%s/hammer%d.db", folder, number++);
        long rounds = off ? scenario->without : scenario->rounds * factor;
        struct outcome found = hammered(creation, scenario->task, path, rounds, off ? "off" : "");
        printf("hammer: %s%s: %ld acknowledged, %ld lost, %ld turned away, %ld errors%s%s\n", scenario->task,
               off ? ", without the locks" : "", found.reported[ACKNOWLEDGED], lost(&found), found.reported[BUSY],
               found.reported[ERRORS], found.counted[IS_WHOLE] ? "" : ", damaged", found.has_crashed ? ", crashed" : "");
        fflush(stdout);
        int is_well = lost(&found) == 0 && found.reported[ERRORS] == 0 && found.counted[IS_WHOLE] && !found.has_crashed;
        CHECK(is_well != off);
        if (off) {
            CHECK(scenario->turned_away == 0 || lost(&found) > 0);
        } else {
            CHECK(found.reported[ACKNOWLEDGED] >= scenario->inserts * rounds);
            CHECK(scenario->turned_away == 0 || found.reported[BUSY] == scenario->turned_away * rounds);
        }
    }
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    if (argc == 4) {
        file = argv[2];
        return do_task(argv[1], atol(argv[3]));
    }
    printf("hammer: beside SQLite %s\n", sqlite3_libversion());
    for (int i = 0; i < COUNT(scenarios); i++) {
        run_scenario(&scenarios[i], argv[1], argc > 2 ? atol(argv[2]) : 1);
    }
    return 0;
}
