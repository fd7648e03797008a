"""Ten questions about the work and what it costs. Run it with `python ten_questions.py FILE`."""

import sys

import mcoda


def answers(ws: mcoda.Workspace, now: mcoda.Time | None = None) -> list[object]:
    week = {"since": "7d", "now": now}
    estimate = ws.estimate(mode="empirical", now=now)
    return [
        ws.token_usage_summary(week, group_by=["day", "model"]),  # 1. What did each model cost on each day?
        ws.token_usage_summary(week, group_by="agent"),  # 2. How much of each agent's input came from a cache?
        ws.economics(group_by="agent"),  # 3. What does a story point cost, and what does rework?
        ws.velocity(mode="empirical"),  # 4. How fast is each lane?
        estimate.forecast and estimate.forecast.complete,  # 5. When will it be done, and how sure is that?
        estimate.forecast and estimate.forecast.cost,  # 6. What will it still cost?
        estimate.lane_times,  # 7. How long do tasks spend in each lane?
        [item.task_key for item in estimate.wip.review.items if item.aging],  # 8. Which reviews take too long?
        ws.cumulative_flow(now=now)[-7:],  # 9. Where were the tasks on each of the last seven days?
        ws.throughput(now=now)[-7:],  # 10. What was completed on each of them?
    ]


if __name__ == "__main__":
    with mcoda.Workspace.open_db(sys.argv[1]) as workspace:
        print(*answers(workspace), sep="\n\n")
