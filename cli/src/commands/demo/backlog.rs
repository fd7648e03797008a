//! The backlog of a small web shop.

use mcoda_core::{NewEpic, NewProject, NewStory, NewTask, Task, Workspace};

use crate::failure::Failure;

/// An epic, its stories, and their tasks with their story points.
type Epic = (&'static str, &'static [(&'static str, &'static [(&'static str, f64)])]);

const EPICS: &[Epic] = &[
    (
        "Catalogue",
        &[
            (
                "Find a product",
                &[
                    ("Index titles and descriptions", 5.0),
                    ("Rank results by stock and sales", 3.0),
                    ("Filter by size and colour", 3.0),
                    ("Correct misspelt words", 2.0),
                ],
            ),
            (
                "Look at a product",
                &[
                    ("Picture gallery with zoom", 3.0),
                    ("Show the delivery date", 2.0),
                    ("Customer reviews", 5.0),
                ],
            ),
        ],
    ),
    (
        "Checkout",
        &[
            (
                "Pay",
                &[
                    ("Validate card numbers", 2.0),
                    ("Take payments by bank transfer", 5.0),
                    ("Retry a payment that timed out", 3.0),
                    ("Refund a part of an order", 3.0),
                ],
            ),
            ("Ship", &[("Compute postage by weight", 2.0), ("Print labels", 3.0), ("Track a parcel", 3.0)]),
        ],
    ),
    (
        "Account",
        &[(
            "Sign in",
            &[("Reset a password", 2.0), ("Sign in with a passkey", 8.0), ("Lock after ten failures", 1.0)],
        )],
    ),
];

/// Creates the backlog and returns its tasks, in the order in which they should be done.
pub fn create(workspace: &Workspace) -> Result<Vec<Task>, Failure> {
    let name = Some("Web shop".to_owned());
    let project = workspace.projects().ensure(&NewProject { name, ..NewProject::new("SHOP") })?;
    let mut tasks = Vec::new();
    for (epic_number, (title, stories)) in (1..).zip(EPICS) {
        let key = format!("SHOP-{epic_number}");
        let epic = workspace
            .epics()
            .create(&NewEpic { priority: Some(epic_number), ..NewEpic::new(&project.id, &key, *title) })?;
        for (story_number, (title, entries)) in (1..).zip(*stories) {
            let key = format!("{key}-S{story_number}");
            let story = workspace.stories().create(&NewStory {
                priority: Some(story_number),
                ..NewStory::new(&epic.id, &key, *title)
            })?;
            let first = tasks.len();
            let new: Vec<NewTask> = entries
                .iter()
                .enumerate()
                .map(|(index, (title, story_points))| NewTask {
                    story_points: Some(*story_points),
                    priority: i64::try_from(first + index).ok(),
                    ..NewTask::new(&story.id, format!("{key}-T{}", index + 1), *title)
                })
                .collect();
            tasks.extend(workspace.tasks().create_many(&new)?);
        }
    }
    Ok(tasks)
}
