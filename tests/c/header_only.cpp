// mcoda.hpp: errors as exceptions and as results, moves, optional and chrono values, iteration over rows and sums.

#include <mcoda.hpp>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

#define CHECK(condition)                                                                                      \
    do {                                                                                                      \
        if (!(condition)) {                                                                                   \
            std::cerr << __FILE__ << ":" << __LINE__ << ": not so: " << #condition << "\n";                   \
            std::exit(1);                                                                                     \
        }                                                                                                     \
    } while (false)

static_assert(!std::is_copy_constructible_v<mcoda::workspace> && std::is_nothrow_move_constructible_v<mcoda::workspace>);
static_assert(!std::is_copy_constructible_v<mcoda::global> && std::is_nothrow_move_assignable_v<mcoda::global>);
static_assert(!std::is_copy_constructible_v<mcoda::usage> && std::is_move_constructible_v<mcoda::usage>);
static_assert(!std::is_copy_constructible_v<mcoda::cursor> && !std::is_copy_constructible_v<mcoda::rows>);

namespace {

void errors_are_exceptions_or_results(mcoda::workspace &workspace)
{
    mcoda::usage usage;
    usage.set_tokens_prompt(-1);
    try {
        workspace.record(usage);
        CHECK(false);
    } catch (const mcoda::error &error) {
        CHECK(error.code() == MCODA_INVALID_INPUT && error.field() == "tokensPrompt");
        CHECK(std::string(error.what()).find("got -1") != std::string::npos);
    }
    auto refused = workspace.try_record(usage);
    CHECK(!refused && refused.error().code() == MCODA_INVALID_INPUT);
    CHECK(workspace.try_move("nothing", "completed").error().code() == MCODA_NOT_FOUND);
    CHECK(mcoda::workspace::try_open_db("/dev/null/x.db").error().code() == MCODA_STORAGE);
    try {
        usage.set_metadata("{");
        CHECK(false);
    } catch (const mcoda::error &error) {
        CHECK(error.field() == "metadata");
    }
}

void messages_are_passed_to_a_function_object(mcoda::workspace &workspace)
{
    const std::string body = R"({"type": "message", "model": "a-model-without-a-price", "usage": {"input_tokens": 1, "output_tokens": 1}})";
    auto record = [&] { workspace.record_agent_response_json(body, R"({"computeCost": true})"); };
    std::vector<std::string> seen;
    bool refused = false;
    mcoda::set_log([&](mcoda_log_level level, std::string_view topic, std::string_view text) {
        seen.push_back(std::to_string(level) + " " + std::string(topic) + " " + std::string(text));
        workspace.token_usage_json();
        refused = mcoda::try_set_log({}).error().code() == MCODA_UNSUPPORTED;
        throw std::runtime_error("which is ignored");
    });
    record();
    CHECK(seen.size() == 1 && seen[0].rfind("2 prices no price of \"a-model-without-a-price\"", 0) == 0 && refused);
    mcoda::set_log([&](mcoda_log_level, std::string_view, std::string_view) { seen.clear(); }, MCODA_LOG_ERROR);
    record();
    CHECK(seen.size() == 1);
    mcoda::set_log({});
    record();
    CHECK(seen.size() == 1);
}

void values_are_optional_and_times_those_of_chrono(mcoda::workspace &workspace)
{
    // 2024-02-29T23:59:59.999Z, and a time before 1970.
    const auto start = std::chrono::system_clock::time_point(1709251199999ms);
    std::optional<double> unknown;
    mcoda::usage usage;
    usage.set_id("call").set_agent_id("claude").set_tokens_prompt(100).set_cost_estimate(unknown).set_provider(std::nullopt);
    usage.set_started_at(start).set_finished_at(start + 1500ms).set_timestamp(start);
    const auto first = workspace.record(usage);
    CHECK(first.id() == "call" && first.is_recorded() && !first.is_duplicate());
    CHECK(workspace.record(usage).is_duplicate());
    const auto before = std::chrono::system_clock::time_point(-1ms);
    workspace.record(mcoda::usage().set_id("old").set_timestamp(before).set_duration_ms(2s).set_cost_estimate(0.5));
    std::vector<std::string> times;
    for (const auto row : workspace.token_usage()) {
        times.emplace_back(row.text("timestamp").value());
        CHECK(row.real("duration_ms") == (row.text("id") == "old" ? 2000 : 1500));
        CHECK(row.real("cost_estimate").has_value() == (row.text("id") == "old"));
        CHECK(!row.text("no_such_column") && !row.integer("id"));
    }
    CHECK((times == std::vector<std::string>{"1969-12-31T23:59:59.999Z", "2024-02-29T23:59:59.999Z"}));
    CHECK(workspace.token_usage_summary("{\"since\": \"1960-01-01\"}").size() == 2);
    int groups = 0;
    for (const auto row : workspace.token_usage_summary("{\"since\": \"1960-01-01\", \"groupBy\": []}")) {
        groups += static_cast<int>(row.integer("calls").value());
    }
    CHECK(groups == 2);
    const auto economics = workspace.economics("{\"groupBy\": [\"model\"]}");
    CHECK(economics.groups.size() == 1 && economics.total.size() == 1);
    CHECK(economics.total[0].integer("calls") == 2 && economics.total[0].real("cost") == 0.5);
    CHECK(!economics.total[0].real("cost_per_task.median") && economics.total[0].integer("cost_per_task.tasks") == 0);
    const auto refused = workspace.try_economics("{\"groupBy\": [\"x\"]}");
    CHECK(!refused && refused.error().field() == "groupBy");
}

void a_backlog_moves(mcoda::workspace &workspace)
{
    const auto project = workspace.create_project(mcoda::new_project().set_key("P").set_name("A \"name\"")).at("/id");
    const auto epic = workspace.create_epic(mcoda::new_epic().set_project_id(project).set_key("E").set_title("E")).at("/id");
    const auto story = workspace.create_story(mcoda::new_story().set_epic_id(epic).set_key("S").set_title("S")).at("/id");
    workspace.create_task(mcoda::new_task().set_user_story_id(story).set_key("T").set_title("T").set_story_points(3));
    CHECK(workspace.projects_get_json("P").at("/name") == "A \"name\"");
    const auto moved = workspace.move("T", "in_progress", mcoda::transition_context().set_agent_id("claude"));
    CHECK(moved.is_changed() && moved.to_status() == "in_progress");
    const auto estimate = workspace.estimate(mcoda::estimate_options().set_sp_per_hour_all(1.5));
    CHECK(estimate.sp_per_hour(MCODA_LANE_IMPLEMENTATION) == 1.5 && estimate.story_points(MCODA_LANE_IMPLEMENTATION) == 3);
    CHECK(estimate.hours(MCODA_LANE_IMPLEMENTATION) > 0 && estimate.eta(MCODA_MILESTONE_COMPLETE).has_value());
    CHECK(workspace.velocity().samples(MCODA_LANE_QA) == 0 && !workspace.velocity().source().empty());
    CHECK(estimate.json().at("/backlogTotals/implementation/tasks") == "1");
}

void what_is_moved_from_or_closed_fails(mcoda::workspace workspace)
{
    mcoda::workspace other = std::move(workspace);
    CHECK(!other.id().empty());
    CHECK(workspace.try_record(mcoda::usage()).error().code() != MCODA_OK);  // NOLINT: moved from on purpose
    other.close();
    CHECK(other.try_record(mcoda::usage()).error().code() == MCODA_CLOSED);
    other.close();
}

} // namespace

int main()
{
    auto workspace = mcoda::workspace::open_db(":memory:", mcoda::options().set_workspace_id("w"));
    CHECK(workspace.id() == "w");
    errors_are_exceptions_or_results(workspace);
    auto own = mcoda::workspace::open_db(":memory:");
    messages_are_passed_to_a_function_object(own);
    values_are_optional_and_times_those_of_chrono(workspace);
    a_backlog_moves(workspace);
    auto global = mcoda::global::open_db(":memory:");
    CHECK(global.record(mcoda::usage().set_tokens_prompt(1)).is_recorded());
    CHECK(global.token_usage_json().at("/0/tokens_prompt") == "1");
    CHECK(!mcoda::render_tokens_table(global.token_usage_summary_json().str()).text().empty());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] { workspace.record(mcoda::usage().set_tokens_prompt(1)); });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    what_is_moved_from_or_closed_fails(std::move(workspace));
}
