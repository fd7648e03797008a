// Opens a database, creates two tasks, records the usage of a call, changes a status, computes an estimate, and handles an
// error. Usage: quickstart [FILE]

#include <mcoda.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <tuple>

using namespace std::chrono_literals;

static void plan(mcoda::workspace &workspace)
{
    const auto project = workspace.create_project(mcoda::new_project().set_key("SHOP")).at("/id");
    const auto epic =
        workspace.create_epic(mcoda::new_epic().set_project_id(project).set_key("SHOP-1").set_title("Checkout")).at("/id");
    const auto story =
        workspace.create_story(mcoda::new_story().set_epic_id(epic).set_key("SHOP-1-S1").set_title("Pay by \"card\"")).at("/id");
    for (const auto &[key, title, points] : {std::tuple("T1", "Validate cards", 2.0), std::tuple("T2", "Refund", 3.0)}) {
        workspace.create_task(
            mcoda::new_task().set_user_story_id(story).set_key(key).set_title(title).set_story_points(points));
    }
}

static void record(mcoda::workspace &workspace, std::optional<double> reported_cost)
{
    const auto finished = std::chrono::system_clock::now();
    mcoda::usage usage;
    usage.set_id("call-1")  // A retry with the same id counts once.
        .set_agent_id("claude")
        .set_tokens_prompt(12400)  // All input tokens, including cached ones.
        .set_tokens_cached(8100)
        .set_tokens_completion(950)
        .set_cost_estimate(reported_cost)
        .set_started_at(finished - 2500ms)
        .set_finished_at(finished);
    std::cout << "recorded " << workspace.record(usage).id() << "\n";

    // Without exceptions: the result holds the record or the error.
    if (auto recorded = workspace.try_record(usage.set_tokens_prompt(-1)); !recorded) {
        std::cout << "refused: " << recorded.error().what() << "\n";
    }
}

int main(int argc, char **argv)
{
    try {
        // A project's own workspace is opened by its root folder: mcoda::workspace::open(".")
        auto workspace = mcoda::workspace::open_db(argc > 1 ? argv[1] : ":memory:");
        plan(workspace);
        record(workspace, 0.0296);
        for (const auto row : workspace.token_usage()) {
            std::cout << row.text("agent_id").value_or("?") << ": " << row.integer("tokens_prompt").value_or(0)
                      << " tokens, " << row.real("cost_estimate").value_or(0) << " USD\n";
        }
        const auto moved = workspace.move("T1", "in_progress");
        std::cout << "T1: " << moved.from_status() << " -> " << moved.to_status() << "\n";
        const auto estimate = workspace.estimate(mcoda::estimate_options().set_sp_per_hour_all(2.5));
        std::cout << estimate.story_points(MCODA_LANE_IMPLEMENTATION) << " story points left\n";
        std::cout << "done at " << estimate.eta(MCODA_MILESTONE_COMPLETE).value_or("?") << "\n";
        workspace.close();
    } catch (const mcoda::error &error) {
        std::cerr << mcoda_code_name(error.code()) << ": " << error.what() << "\n";
        return 1;
    }
}
