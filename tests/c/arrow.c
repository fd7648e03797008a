/* Rows as a stream of Apache Arrow, walked with the declarations of its specification. Without the feature, an error. */

#include "check.h"

#include <stdint.h>

/* https://arrow.apache.org/docs/format/CDataInterface.html and CStreamInterface.html */
struct ArrowSchema {
    const char *format, *name, *metadata;
    int64_t flags, n_children;
    struct ArrowSchema **children, *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length, null_count, offset, n_buffers, n_children;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

static mcoda_error *error;
static mcoda_workspace *workspace;

static int64_t child(const struct ArrowSchema *schema, const char *name, const char *format)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strcmp(schema->children[i]->name, name) == 0) {
            CHECK(strcmp(schema->children[i]->format, format) == 0);
            return i;
        }
    CHECK(!"there is such a column");
    return -1;
}

static int is_null(const struct ArrowArray *array, int64_t row)
{
    const uint8_t *valid = array->buffers[0];
    return valid && !(valid[(row + array->offset) / 8] >> (row + array->offset) % 8 & 1);
}

static int64_t whole(const struct ArrowArray *array, int64_t row)
{
    return ((const int64_t *)array->buffers[1])[row + array->offset];
}

static int is_text(const struct ArrowArray *array, int64_t row, const char *expected)
{
    const int32_t *ends = array->buffers[1];
    const char *texts = array->buffers[2];
    int32_t start = ends[row + array->offset], end = ends[row + array->offset + 1];
    return (size_t)(end - start) == strlen(expected) && memcmp(texts + start, expected, strlen(expected)) == 0;
}

static void record(const char *model, int64_t prompt)
{
    mcoda_token_usage *usage = mcoda_token_usage_new();
    OK(mcoda_token_usage_set_text(usage, MCODA_TOKEN_USAGE_MODEL_NAME, model, &error));
    if (prompt >= 0)
        OK(mcoda_token_usage_set_int(usage, MCODA_TOKEN_USAGE_TOKENS_PROMPT, prompt, &error));
    OK(mcoda_record_token_usage(workspace, usage, NULL, &error));
    mcoda_token_usage_free(usage);
}

static void rows_are_a_stream(void)
{
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    memset(&stream, 0xff, sizeof stream); /* What was there is not released. */
    OK(mcoda_arrow_stream(workspace, "token_usage", "[{\"model\": \"a\"}]", &stream, &error));
    CHECK(stream.get_schema(&stream, &schema) == 0 && strcmp(schema.format, "+s") == 0);
    int64_t model = child(&schema, "model_name", "u"), prompt = child(&schema, "tokens_prompt", "l");
    child(&schema, "timestamp", "tsm:UTC");
    schema.release(&schema);
    CHECK(schema.release == NULL);

    /* The stream does not depend on the database any more. */
    OK(mcoda_workspace_close(workspace, &error));
    int64_t rows = 0;
    for (;;) {
        CHECK(stream.get_next(&stream, &array) == 0);
        if (array.release == NULL)
            break;
        for (int64_t row = 0; row < array.length; row++, rows++) {
            CHECK(is_text(array.children[model], row, "a"));
            CHECK(rows == 2 ? is_null(array.children[prompt], row) : whole(array.children[prompt], row) == rows);
        }
        array.release(&array);
        CHECK(array.release == NULL);
    }
    CHECK(rows == 3);
    stream.release(&stream);
    CHECK(stream.release == NULL);
}

int main(int argc, char **argv)
{
    struct ArrowArrayStream stream;
    memset(&stream, 0, sizeof stream);
    OK(mcoda_workspace_open_db(":memory:", NULL, &workspace, &error));
    record("a", 0);
    record("a", 1);
    record("b", 7);
    record("a", -1);
    if (argc > 2 && strcmp(argv[2], "without") == 0) {
        REFUSED(mcoda_arrow_stream(workspace, "token_usage", NULL, &stream, &error), MCODA_UNSUPPORTED, NULL);
        CHECK(stream.release == NULL);
        OK(mcoda_workspace_close(workspace, &error));
        return 0;
    }
    REFUSED(mcoda_arrow_stream(workspace, "token_usage", "{}", &stream, &error), MCODA_INVALID_INPUT, "arguments");
    REFUSED(mcoda_arrow_stream(workspace, "token_usage", "[{\"wrong\": 1}]", &stream, &error), MCODA_INVALID_INPUT, "wrong");
    REFUSED(mcoda_arrow_stream(workspace, "tasks.create", NULL, &stream, &error), MCODA_INVALID_INPUT, "call");
    CHECK(stream.release == NULL); /* Written on success only. */
    OK(mcoda_arrow_stream(workspace, "query", "[\"SELECT count(*) AS n FROM token_usage\"]", &stream, &error));
    stream.release(&stream); /* Without reading it. */
    rows_are_a_stream();
    return 0;
}
