import mcoda  # with the extras pandas and plot
from mcoda import plot

with mcoda.Workspace.open_db("shop.db") as ws:
    days = ws.token_usage_summary(group_by=["day", "model"], since="30d").to_pandas()
    print(days.pivot(index="day", columns="model_name", values="cost_estimate"))  # 1. What each model cost on each day
    print(ws.token_usage_summary(group_by="agent", since="30d"))  # 2. How much of each agent's input came from a cache
    print(ws.economics(group_by="agent"))  # 3. What a story point costs, and what rework does
    print(ws.velocity(mode="empirical"))  # 4. How fast each lane is
    estimate = ws.estimate(mode="empirical")
    print(estimate.forecast and estimate.forecast.complete)  # 5. When it will be done, and how sure that is
    print(estimate.forecast and estimate.forecast.cost)  # 6. What it will still cost
    print(estimate.lane_times)  # 7. How long tasks spend in each lane
    print([item.task_key for item in estimate.wip.review.items if item.aging])  # 8. Which reviews take too long
    plot.cumulative_flow(ws).figure.savefig("flow.svg")  # 9. Where the tasks were on each day
    print(ws.throughput()[-7:])  # 10. What was completed on each of the last seven days
