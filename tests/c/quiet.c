/* Whatever goes wrong, the library prints nothing, and no error contains more of a record than the invalid field.
   run.sh looks at what was printed. */

#include "check.h"
#include <sys/stat.h>

#define SECRETS \
    "\"modelName\": \"SECRET-model\", \"commandName\": \"SECRET-command\", \"action\": \"SECRET-action\"," \
    " \"metadata\": {\"SECRET\": [\"SECRET\"]}"

static mcoda_error *error = NULL;

/* The call fails with this code, contains no secret, and its message contains `name`. */
static void refused(mcoda_code code, mcoda_code wanted, const char *name)
{
    CHECK(code == wanted && error != NULL);
    const char *message = mcoda_error_message(error, NULL), *detail = mcoda_error_detail(error, NULL);
    CHECK(strstr(message, "SECRET") == NULL && (detail == NULL || strstr(detail, "SECRET") == NULL));
    CHECK(strstr(message, name) != NULL);
    mcoda_error_free(error);
    error = NULL;
}

static mcoda_code record(mcoda_workspace *workspace, const char *json)
{
    return mcoda_record_token_usage_json(workspace, json, NULL, &error);
}

int main(int argc, char **argv)
{
    char root[1024], folder[1024];
    CHECK(argc > 1);
    snprintf(root, sizeof root, "%s/shop", argv[1]);
    mcoda_workspace *workspace = NULL;
    OK(mcoda_workspace_open(root, NULL, &workspace, &error));
    mcoda_string *path = NULL;
    OK(mcoda_workspace_database_path(workspace, &path, &error));
    snprintf(folder, sizeof folder - sizeof "/mcoda.db", "%s", mcoda_string_text(path, NULL));
    mcoda_string_free(path);
    *strrchr(folder, '/') = '\0';
    OK(record(workspace, "{\"id\": \"one\", " SECRETS "}"));
    refused(record(workspace, "{\"tokensPrompt\": -1, " SECRETS "}"), MCODA_INVALID_INPUT, "tokensPrompt");
    refused(record(workspace, "{" SECRETS ", \"id\": "), MCODA_INVALID_INPUT, "usage");
    refused(record(workspace, "{\"jobId\": \"nobody\", " SECRETS "}"), MCODA_NOT_FOUND, "jobId");
    refused(record(workspace, "{\"id\": \"one\", \"tokensPrompt\": 1, " SECRETS "}"), MCODA_CONFLICT, "id");
    mcoda_string *json = NULL;
    refused(mcoda_query_json(workspace, "SELECT json_extract('{}', action) FROM token_usage", NULL, &json, &error),
            MCODA_INVALID_INPUT, "bad JSON path");
    OK(mcoda_workspace_close(workspace, &error));
    refused(record(workspace, "{" SECRETS "}"), MCODA_CLOSED, "closed");

    CHECK(chmod(folder, 0777) == 0);
    refused(mcoda_workspace_open(root, NULL, &workspace, &error), MCODA_STORAGE, folder);
    CHECK(chmod(folder, 0700) == 0);
    strcat(folder, "/mcoda.db");
    FILE *file = fopen(folder, "w");
    for (int line = 0; line < 1000; line++) {
        fputs("SECRET ", file);
    }
    fclose(file);
    refused(mcoda_workspace_open(root, NULL, &workspace, &error), MCODA_CORRUPT, folder);
    return 0;
}
