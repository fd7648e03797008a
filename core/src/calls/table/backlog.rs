//! The backlog: projects, epics, user stories and tasks.

use crate::calls::Call;
use crate::calls::argument::OrEmpty;
use crate::calls::macros::calls;
use crate::lifecycle::TaskChanges;
use crate::repository::{
    DeletedTask, Epic, NewEpic, NewProject, NewStory, NewTask, Project, Story, Task, TaskFilter,
};

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
    /// Returns the project with this key, and creates it if there is none: any number of processes may call this at the
    /// same time, and all get the same project.
    Workspace "projects.ensure"(
        /// The project.
        project: NewProject,
    ) -> Project [InvalidInput] |workspace| workspace.projects().ensure(&project);

    /// Returns the project with this key.
    Workspace "projects.get"(
        /// The key.
        key: String,
    ) -> Option<Project> [] |workspace| workspace.projects().get(&key);

    /// Lists all projects, by key.
    Workspace "projects.list"() -> Vec<Project> [] |workspace| workspace.projects().list();

    /// Creates an epic. `NotFound` if its project is unknown, `Conflict` if the project has an epic with this key.
    Workspace "epics.create"(
        /// The epic.
        epic: NewEpic,
    ) -> Epic [InvalidInput, NotFound, Conflict] |workspace| workspace.epics().create(&epic);

    /// Creates many epics in one transaction: all or none. An error names the epic.
    Workspace "epics.create_many"(
        /// The epics.
        epics: Vec<NewEpic>,
    ) -> Vec<Epic> [InvalidInput, NotFound, Conflict] |workspace| workspace.epics().create_many(&epics);

    /// Returns the epic with this id.
    Workspace "epics.get"(
        /// The id.
        id: String,
    ) -> Option<Epic> [] |workspace| workspace.epics().get(&id);

    /// Lists the epics of a project, or of all projects, by key.
    Workspace "epics.list"(
        /// The project. Absent: all.
        project_id: Option<String>,
    ) -> Vec<Epic> [] |workspace| workspace.epics().list(project_id.as_deref());

    /// Creates a user story. `NotFound` if its epic is unknown, `Conflict` if the epic has a story with this key.
    Workspace "stories.create"(
        /// The user story.
        story: NewStory,
    ) -> Story [InvalidInput, NotFound, Conflict] |workspace| workspace.stories().create(&story);

    /// Creates many user stories in one transaction: all or none. An error names the story.
    Workspace "stories.create_many"(
        /// The user stories.
        stories: Vec<NewStory>,
    ) -> Vec<Story> [InvalidInput, NotFound, Conflict] |workspace| workspace.stories().create_many(&stories);

    /// Returns the user story with this id.
    Workspace "stories.get"(
        /// The id.
        id: String,
    ) -> Option<Story> [] |workspace| workspace.stories().get(&id);

    /// Lists the user stories of an epic, or of all epics, by key.
    Workspace "stories.list"(
        /// The epic. Absent: all.
        epic_id: Option<String>,
    ) -> Vec<Story> [] |workspace| workspace.stories().list(epic_id.as_deref());

    /// Creates a task. `NotFound` if its story is unknown, `Conflict` if the story has a task with this key.
    Workspace "tasks.create"(
        /// The task.
        task: NewTask,
    ) -> Task [InvalidInput, NotFound, Conflict] |workspace| workspace.tasks().create(&task);

    /// Creates many tasks in one transaction: all or none. An error names the task.
    Workspace "tasks.create_many"(
        /// The tasks.
        tasks: Vec<NewTask>,
    ) -> Vec<Task> [InvalidInput, NotFound, Conflict] |workspace| workspace.tasks().create_many(&tasks);

    /// Returns the task with this id or key. A key that several tasks have is `InvalidInput`, and the error lists them.
    Workspace "tasks.get"(
        /// The id or the key.
        task: String,
    ) -> Option<Task> [InvalidInput] |workspace| workspace.tasks().get(&task);

    /// Lists the tasks of a user story, or of all stories, by key.
    Workspace "tasks.list"(
        /// The user story. Absent: all.
        user_story_id: Option<String>,
    ) -> Vec<Task> [] |workspace| workspace.tasks().list(user_story_id.as_deref());

    /// Lists the tasks that match the filter, by key. `InvalidInput` for a key that several epics or stories have.
    Workspace "tasks.find"(
        /// Selects the tasks. Absent: all.
        filter: OrEmpty<TaskFilter>,
    ) -> Vec<Task> [InvalidInput, NotFound] |workspace| workspace.tasks().find(&filter.0);

    /// Changes fields of a task. Its status is changed by `record_status_transition` only. `Conflict` for a key that another
    /// task of the story has.
    Workspace "tasks.update"(
        /// The task, by id or key.
        task: String,
        /// The changes.
        changes: TaskChanges,
    ) -> Task [InvalidInput, NotFound, Conflict] |workspace| workspace.update_task(&task, &changes);

    /// Deletes a task with its status events, runs, comments and locks, in one transaction. Its usage is kept without the
    /// task: what it cost is still a part of every sum. The JSON log is not changed.
    Workspace "tasks.delete"(
        /// The task, by id or key.
        task: String,
    ) -> DeletedTask [InvalidInput, NotFound] |workspace| workspace.tasks().delete(&task);
};
