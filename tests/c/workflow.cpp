// The same interface from C++17: handles in unique pointers, codes as exceptions. Records, moves tasks and estimates.

#include <mcoda.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

template <typename T, void (*Free)(T *)> struct Freed {
    void operator()(T *handle) const { Free(handle); }
};
template <typename T, void (*Free)(T *)> using Owned = std::unique_ptr<T, Freed<T, Free>>;

void close_workspace(mcoda_workspace *workspace) { mcoda_workspace_close(workspace, nullptr); }

using Workspace = Owned<mcoda_workspace, close_workspace>;
using String = Owned<mcoda_string, mcoda_string_free>;
using Usage = Owned<mcoda_token_usage, mcoda_token_usage_free>;
using Recorded = Owned<mcoda_recorded, mcoda_recorded_free>;
using Transition = Owned<mcoda_transition, mcoda_transition_free>;
using Options = Owned<mcoda_estimate_options, mcoda_estimate_options_free>;
using Estimate = Owned<mcoda_estimate_result, mcoda_estimate_free>;

struct Failure : std::runtime_error {
    mcoda_code code;
    explicit Failure(mcoda_error *error)
        : std::runtime_error(mcoda_error_message(error, nullptr)), code(mcoda_error_code(error))
    {
        mcoda_error_free(error);
    }
};

// Calls a function whose last two parameters are an out-parameter and an error.
template <typename Out, typename Handle = typename Out::pointer, typename Call, typename... Arguments>
Out made(Call call, Arguments... arguments)
{
    Handle out = nullptr;
    mcoda_error *error = nullptr;
    if (call(arguments..., &out, &error) != MCODA_OK) {
        throw Failure(error);
    }
    return Out(out);
}

template <typename Call, typename... Arguments> void done(Call call, Arguments... arguments)
{
    mcoda_error *error = nullptr;
    if (call(arguments..., &error) != MCODA_OK) {
        throw Failure(error);
    }
}

std::string at(const String &json, const char *pointer)
{
    return mcoda_string_text(made<String>(mcoda_string_at, json.get(), pointer).get(), nullptr);
}

void require(bool holds, const char *what)
{
    if (!holds) {
        throw std::logic_error(what);
    }
}

void run()
{
    auto workspace = made<Workspace>(mcoda_workspace_open_db, ":memory:", nullptr);
    auto project = made<String>(mcoda_projects_ensure_json, workspace.get(), R"({"key": "P"})");
    auto text = R"({"key": "E", "title": "Ümläute", "projectId": ")" + at(project, "/id") + "\"}";
    auto epic = made<String>(mcoda_epics_create_json, workspace.get(), text.c_str());
    require(at(epic, "/title") == "Ümläute", "UTF-8 comes back");
    text = R"({"key": "S", "title": "s", "epicId": ")" + at(epic, "/id") + "\"}";
    auto story = made<String>(mcoda_stories_create_json, workspace.get(), text.c_str());
    text = R"({"key": "T", "title": "t", "storyPoints": 4.5, "userStoryId": ")" + at(story, "/id") + "\"}";
    auto task = made<String>(mcoda_tasks_create_json, workspace.get(), text.c_str());

    Usage usage(mcoda_token_usage_new());
    done(mcoda_token_usage_set_text, usage.get(), MCODA_TOKEN_USAGE_TASK_ID, at(task, "/id").c_str());
    done(mcoda_token_usage_set_int, usage.get(), MCODA_TOKEN_USAGE_TOKENS_COMPLETION, 40);
    auto recorded = made<Recorded>(mcoda_record_token_usage, workspace.get(), usage.get());
    require(mcoda_recorded_is_recorded(recorded.get()), "the record is kept");

    auto moved = made<Transition>(mcoda_record_status_transition, workspace.get(), "T", "in_progress", nullptr);
    require(mcoda_transition_is_changed(moved.get()), "the task moves");
    try {
        made<Transition>(mcoda_record_status_transition, workspace.get(), "nobody", "in_progress", nullptr);
        require(false, "an unknown task is an error");
    } catch (const Failure &failure) {
        require(failure.code == MCODA_NOT_FOUND && std::strstr(failure.what(), "nobody"), "the error names it");
    }

    Options options(mcoda_estimate_options_new());
    done(mcoda_estimate_options_set_real, options.get(), MCODA_ESTIMATE_SP_PER_HOUR_ALL, 9.0);
    auto estimate = made<Estimate>(mcoda_estimate, workspace.get(), options.get());
    require(mcoda_estimate_story_points(estimate.get(), MCODA_LANE_IMPLEMENTATION) == 4.5, "what is left");
    require(mcoda_estimate_eta(estimate.get(), MCODA_MILESTONE_COMPLETE, nullptr) != nullptr, "it will be done");
}

} // namespace

int main()
{
    try {
        run();
    } catch (const std::exception &failure) {
        std::fprintf(stderr, "workflow.cpp: %s\n", failure.what());
        return 1;
    }
    return 0;
}
