/* What recording costs beside plain SQLite in C: the same amalgamation with the same flags, the same table with its
 * indexes, the same pragmas, and full rows, whose values are those that the library has written.
 *
 *     benches/record.sh
 */

#include <mcoda.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 15, CALLS = 1000, COLUMNS = 64 };

static mcoda_workspace *workspace;
static mcoda_token_usage *usage;
static char *batch;
static sqlite3 *plain;
static sqlite3_stmt *insert, *begin, *commit;
static int columns;
static char *values[COLUMNS];
static int types[COLUMNS];
static int id_column;
static long long number;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "record: %s: %s\n", what, why ? why : "?");
    exit(1);
}

static void done(mcoda_code code, mcoda_error *error)
{
    if (code != MCODA_OK)
        fail(mcoda_code_name(code), mcoda_error_message(error, NULL));
}

#define DO(call) do { mcoda_error *error = NULL; mcoda_code code = (call); done(code, error); } while (0)

static void sql(int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        fail("SQLite", sqlite3_errmsg(plain));
}

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void our_records(void)
{
    for (int i = 0; i < CALLS; i++)
        DO(mcoda_record_token_usage(workspace, usage, NULL, &error));
}

static void our_batch(void)
{
    static const mcoda_token_usage *usages[CALLS];
    for (int i = 0; i < CALLS; i++)
        usages[i] = usage;
    DO(mcoda_record_token_usages(workspace, usages, CALLS, NULL, &error));
}

static void our_json_batch(void)
{
    DO(mcoda_record_token_usages_json(workspace, batch, NULL, &error));
}

/* Binds every value anew, as a program with other values each time does. */
static void plain_insert(void)
{
    char id[64];
    snprintf(id, sizeof id, "019b0000-0000-7000-8000-%012lld", ++number % 1000000000000);
    for (int i = 0; i < columns; i++) {
        if (i == id_column)
            sql(sqlite3_bind_text(insert, i + 1, id, -1, SQLITE_STATIC));
        else if (types[i] == SQLITE_NULL)
            sql(sqlite3_bind_null(insert, i + 1));
        else if (types[i] == SQLITE_INTEGER)
            sql(sqlite3_bind_int64(insert, i + 1, atoll(values[i])));
        else if (types[i] == SQLITE_FLOAT)
            sql(sqlite3_bind_double(insert, i + 1, atof(values[i])));
        else
            sql(sqlite3_bind_text(insert, i + 1, values[i], -1, SQLITE_STATIC));
    }
    sql(sqlite3_step(insert));
    sql(sqlite3_reset(insert));
}

static void plain_records(void)
{
    for (int i = 0; i < CALLS; i++)
        plain_insert();
}

static void plain_batch(void)
{
    sql(sqlite3_step(begin));
    sql(sqlite3_reset(begin));
    for (int i = 0; i < CALLS; i++)
        plain_insert();
    sql(sqlite3_step(commit));
    sql(sqlite3_reset(commit));
}

static int by_size(const void *one, const void *other)
{
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static void compare(const char *what, void (*ours)(void), void (*peer)(void))
{
    static double times[4][ROUNDS];
    void (*work[2])(void) = {ours, peer};
    work[0]();
    work[1]();
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < 2; i++) {
            int which = (round + i) % 2;
            double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
            work[which]();
            times[which][round] = (now(CLOCK_MONOTONIC) - wall) / CALLS;
            times[2 + which][round] = (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / CALLS;
        }
    for (int i = 0; i < 4; i++)
        qsort(times[i], ROUNDS, sizeof(double), by_size);
    double m[4];
    for (int i = 0; i < 4; i++)
        m[i] = times[i][ROUNDS / 2];
    printf("%-46s %8.2f %8.2f %6.2f %8.2f %8.2f %6.2f\n", what, m[0], m[1], m[0] / m[1], m[2], m[3], m[2] / m[3]);
}

static void set_fields(void)
{
    usage = mcoda_token_usage_new();
    struct { int field; const char *text; } texts[] = {
        {MCODA_TOKEN_USAGE_AGENT_ID, "claude"}, {MCODA_TOKEN_USAGE_MODEL_NAME, "claude-sonnet-4-5"},
        {MCODA_TOKEN_USAGE_COMMAND_NAME, "work-on-tasks"}, {MCODA_TOKEN_USAGE_ACTION, "implement"},
        {MCODA_TOKEN_USAGE_INVOCATION_KIND, "chat"}, {MCODA_TOKEN_USAGE_PROVIDER, "anthropic"},
        {MCODA_TOKEN_USAGE_CURRENCY, "USD"}, {MCODA_TOKEN_USAGE_STARTED_AT, "2026-03-20T12:00:00.000Z"},
        {MCODA_TOKEN_USAGE_FINISHED_AT, "2026-03-20T12:00:02.500Z"}};
    struct { int field; long long count; } counts[] = {
        {MCODA_TOKEN_USAGE_TOKENS_PROMPT, 12400}, {MCODA_TOKEN_USAGE_TOKENS_COMPLETION, 950},
        {MCODA_TOKEN_USAGE_TOKENS_TOTAL, 13350}, {MCODA_TOKEN_USAGE_TOKENS_CACHED, 8100},
        {MCODA_TOKEN_USAGE_TOKENS_CACHE_READ, 8100}, {MCODA_TOKEN_USAGE_TOKENS_CACHE_WRITE, 300}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        DO(mcoda_token_usage_set_text(usage, texts[i].field, texts[i].text, &error));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        DO(mcoda_token_usage_set_int(usage, counts[i].field, counts[i].count, &error));
    DO(mcoda_token_usage_set_real(usage, MCODA_TOKEN_USAGE_COST_ESTIMATE, 0.0296, &error));
}

static void write_batch(void)
{
    const char *one =
        "{\"agentId\":\"claude\",\"modelName\":\"claude-sonnet-4-5\",\"commandName\":\"work-on-tasks\",\"action\":\"implement\","
        "\"invocationKind\":\"chat\",\"provider\":\"anthropic\",\"currency\":\"USD\",\"startedAt\":\"2026-03-20T12:00:00.000Z\","
        "\"finishedAt\":\"2026-03-20T12:00:02.500Z\",\"tokensPrompt\":12400,\"tokensCompletion\":950,\"tokensTotal\":13350,"
        "\"tokensCached\":8100,\"tokensCacheRead\":8100,\"tokensCacheWrite\":300,\"costEstimate\":0.0296}";
    char *end = batch = malloc(CALLS * (strlen(one) + 1) + 3);
    *end++ = '[';
    for (int i = 0; i < CALLS; i++) {
        end += sprintf(end, "%s,", one);
    }
    strcpy(end - 1, "]");
}

/* Opens the peer's database, which the library has created, and takes the values of the row that is in it. */
static void open_plain(const char *path)
{
    sqlite3_stmt *row;
    char text[4096] = "INSERT INTO token_usage (", places[256] = "";
    sql(sqlite3_open_v2(path, &plain, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
    sql(sqlite3_exec(plain, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=1", NULL, NULL, NULL));
    sql(sqlite3_prepare_v2(plain, "SELECT * FROM token_usage", -1, &row, NULL));
    sql(sqlite3_step(row));
    columns = sqlite3_column_count(row);
    int filled = 0;
    for (int i = 0; i < columns; i++) {
        const char *name = sqlite3_column_name(row, i), *value = (const char *)sqlite3_column_text(row, i);
        if (strcmp(name, "id") == 0)
            id_column = i;
        types[i] = sqlite3_column_type(row, i);
        filled += types[i] != SQLITE_NULL;
        values[i] = strdup(value ? value : "");
        strcat(strcat(text, i ? ", " : ""), name);
        strcat(places, i ? ", ?" : "?");
    }
    sql(sqlite3_finalize(row));
    strcat(strcat(strcat(text, ") VALUES ("), places), ")");
    sql(sqlite3_prepare_v3(plain, text, -1, SQLITE_PREPARE_PERSISTENT, &insert, NULL));
    sql(sqlite3_prepare_v3(plain, "BEGIN IMMEDIATE", -1, SQLITE_PREPARE_PERSISTENT, &begin, NULL));
    sql(sqlite3_prepare_v3(plain, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &commit, NULL));
    printf("%d columns, %d of them not null; SQLite %s\n", columns, filled, sqlite3_libversion());
}

int main(int argc, char **argv)
{
    char ours[1024], theirs[1024];
    if (argc != 2)
        fail("usage", "record FOLDER");
    snprintf(ours, sizeof ours, "%s/ours.db", argv[1]);
    snprintf(theirs, sizeof theirs, "%s/plain.db", argv[1]);
    set_fields();
    write_batch();
    DO(mcoda_workspace_open_db(theirs, NULL, &workspace, &error));
    DO(mcoda_record_token_usage(workspace, usage, NULL, &error));
    DO(mcoda_workspace_close(workspace, &error));
    open_plain(theirs);
    DO(mcoda_workspace_open_db(ours, NULL, &workspace, &error));
    printf("%-46s %8s %8s %6s %8s %8s %6s\n", "medians, µs for a record", "wall", "plain", "ratio", "CPU", "plain", "ratio");
    compare("one record / one autocommit INSERT", our_records, plain_records);
    compare("one of a batch of 1,000 / one of a transaction", our_batch, plain_batch);
    compare("the same, from JSON", our_json_batch, plain_batch);
    DO(mcoda_workspace_close(workspace, &error));
    sqlite3_finalize(insert);
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_close(plain);
    mcoda_token_usage_free(usage);
    return 0;
}
