// What a C++ host records in destructors that run when a thread or the process ends: of a thread's own objects, and of
// static ones, made before the library was first used and after.

#include <mcoda.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

mcoda_workspace *workspace = nullptr;

void expect(mcoda_code code, mcoda_error *error)
{
    if (code != MCODA_OK) {
        std::fprintf(stderr, "%s (%s)\n", mcoda_error_message(error, nullptr), mcoda_error_detail(error, nullptr));
        _exit(2);
    }
}

void record()
{
    mcoda_error *error = nullptr;
    expect(mcoda_record_token_usage_json(workspace, "{\"tokensPrompt\": 1}", nullptr, &error), error);
}

struct Recorder {
    ~Recorder()
    {
        if (workspace != nullptr) {
            record();
        }
    }
};

Recorder before_main;
thread_local Recorder of_thread;

void child(const std::string &file)
{
    mcoda_error *error = nullptr;
    expect(mcoda_workspace_open_db(file.c_str(), nullptr, &workspace, &error), error);
    static Recorder after_the_first_call;
    auto use = [] {
        (void)&of_thread;
        record();
    };
    std::thread(use).join();
    use();
    std::exit(0); // the handle stays open: the records are there without a close
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 1;
    }
    const std::string file = std::string(argv[1]) + "/mcoda.db";
    const pid_t process = fork();
    if (process == 0) {
        child(file);
    }
    int status = 0;
    if (waitpid(process, &status, 0) != process || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        std::fprintf(stderr, "the child failed: %d\n", status);
        return 1;
    }
    workspace = nullptr;
    mcoda_error *error = nullptr;
    mcoda_workspace *reopened = nullptr;
    mcoda_string *json = nullptr;
    expect(mcoda_workspace_open_db(file.c_str(), nullptr, &reopened, &error), error);
    expect(mcoda_query_json(reopened, "SELECT count(*) AS n FROM token_usage", nullptr, &json, &error), error);
    // Two calls, the destructors of two threads' objects, and those of two static ones.
    const bool all = std::string(mcoda_string_text(json, nullptr)).find("\"n\":6") != std::string::npos;
    if (!all) {
        std::fprintf(stderr, "%s\n", mcoda_string_text(json, nullptr));
    }
    mcoda_string_free(json);
    expect(mcoda_workspace_close(reopened, &error), error);
    return all ? 0 : 1;
}
