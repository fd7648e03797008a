"""Opens a database, creates two tasks, records the usage of a call, changes a status, computes an estimate, and
handles an error. Run it with `python quickstart.py [FILE]`."""

import sys

import mcoda


def main(file: str = ":memory:") -> None:
    # A project's own workspace is opened by its root folder: mcoda.Workspace.open(".")
    with mcoda.Workspace.open_db(file) as workspace:
        project = workspace.projects.ensure(key="SHOP")
        epic = workspace.epics.create(project_id=project.id, key="SHOP-1", title="Checkout")
        story = workspace.stories.create(epic_id=epic.id, key="SHOP-1-S1", title="Pay by card")
        tasks = workspace.tasks.create_many(
            {"user_story_id": story.id, "key": key, "title": title, "story_points": points}
            for key, title, points in [("T1", "Validate cards", 2), ("T2", "Refund", 3)]
        )
        print(len(tasks), "tasks in SHOP")

        usage = {
            "id": "call-1",  # a retry with the same id counts once
            "task_id": tasks[0].id,
            "agent_id": "claude",
            "command_name": "work-on-tasks",
            "tokens_prompt": 12_400,  # all input tokens, including cached ones
            "tokens_cached": 8_100,
            "tokens_completion": 950,
            "cost_estimate": 0.0296,
            "currency": "USD",
        }
        print("recorded", workspace.record_token_usage(usage).id)
        print("a retry is a duplicate:", workspace.record_token_usage(usage).duplicate)

        moved = workspace.record_status_transition("T1", "in_progress", agent_id="claude")
        print("T1:", moved.from_status, "->", moved.to_status)

        estimate = workspace.estimate(sp_per_hour_all=2.5)
        print(f"{estimate.backlog_totals.implementation.story_points:g} story points left")
        print("done at", estimate.etas.complete_eta)

        try:
            workspace.record_token_usage(tokens_prompt=-1)
        except mcoda.InvalidInputError as error:
            print("refused:", error)


if __name__ == "__main__":
    main(*sys.argv[1:])
