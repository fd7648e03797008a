//! An agent pipeline at work: two agents implement, one reviews, one tests.
//!
//! The schedule is planned first; then everything up to now is recorded in order of time, as a host would have recorded
//! it.

use mcoda_core::{
    CommandRun, CommandRunEnd, Job, NewCommandRun, NewJob, NewTaskRun, Task, TaskRun, Timestamp, TokenUsage,
    TransitionContext, Workspace,
};

use super::plan::{IMPLEMENT, Visit, plan};
use crate::failure::Failure;

/// The tokens of one call, and the seconds that it took.
struct Call {
    prompt: i64,
    cached: i64,
    completion: i64,
    seconds: i64,
}

/// Something that happens in a visit.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Begin,
    Call(usize),
    End,
}

/// The rows of a visit that is in progress.
struct Runs {
    command: CommandRun,
    task: TaskRun,
}

/// Records everything up to `now`.
pub fn run(workspace: &Workspace, tasks: &[Task], now: Timestamp) -> Result<(), Failure> {
    let visits = plan(tasks, now);
    let job = workspace.jobs().create(&NewJob {
        command_name: Some(IMPLEMENT.command.into()),
        total_items: i64::try_from(tasks.len()).ok(),
        ..NewJob::new("sprint")
    })?;
    let mut runs: Vec<Option<Runs>> = visits.iter().map(|_| None).collect();
    for (time, index, step) in in_order(&visits, now) {
        let visit = &visits[index];
        match (step, &runs[index]) {
            (Step::Begin, _) => runs[index] = Some(begin(workspace, visit, &job, time)?),
            (Step::Call(number), Some(runs)) => call(workspace, visit, &job, runs, number, time)?,
            (Step::End, Some(runs)) => end(workspace, visit, &job, runs, time)?,
            (_, None) => {}
        }
    }
    Ok(())
}

/// The steps up to `now`, in order of time.
fn in_order(visits: &[Visit<'_>], now: Timestamp) -> Vec<(Timestamp, usize, Step)> {
    let mut steps = Vec::new();
    for (index, visit) in visits.iter().enumerate() {
        let calls = visit.lane.actions.len();
        let moment = |part: usize| visit.start + (visit.end - visit.start) * part as i64 / (calls as i64 + 1);
        steps.push((visit.start, index, Step::Begin));
        steps.extend((0..calls).map(|number| (moment(number + 1), index, Step::Call(number))));
        steps.push((visit.end, index, Step::End));
    }
    let mut past: Vec<_> = steps
        .into_iter()
        .filter(|(millis, ..)| *millis <= now.millis())
        .filter_map(|(millis, index, step)| Some((Timestamp::from_millis(millis)?, index, step)))
        .collect();
    past.sort();
    past
}

fn begin(workspace: &Workspace, visit: &Visit<'_>, job: &Job, time: Timestamp) -> Result<Runs, Failure> {
    let command = workspace.command_runs().create(&NewCommandRun {
        job_id: Some(job.id.clone()),
        started_at: Some(time),
        ..NewCommandRun::new(visit.lane.command)
    })?;
    let task = workspace.task_runs().create(&NewTaskRun {
        job_id: Some(job.id.clone()),
        command_run_id: Some(command.id.clone()),
        agent_id: Some(visit.agent.id.into()),
        started_at: Some(time),
        ..NewTaskRun::new(&visit.task.id, visit.lane.command)
    })?;
    if visit.lane.command == IMPLEMENT.command {
        workspace.record_status_transition(
            &visit.task.id,
            "in_progress",
            &context(visit, job, &task, time),
        )?;
    }
    Ok(Runs { command, task })
}

fn call(
    workspace: &Workspace,
    visit: &Visit<'_>,
    job: &Job,
    runs: &Runs,
    number: usize,
    time: Timestamp,
) -> Result<(), Failure> {
    let Call { prompt, cached, completion, seconds } = size(visit, number);
    let [fresh_price, cached_price, completion_price] = visit.agent.prices;
    let cost = ((prompt - cached) as f64 * fresh_price
        + cached as f64 * cached_price
        + completion as f64 * completion_price)
        / 1e6;
    workspace.record_token_usage(&TokenUsage {
        agent_id: Some(visit.agent.id.into()),
        model_name: Some(visit.agent.model.into()),
        provider: Some(visit.agent.provider.into()),
        job_id: Some(job.id.clone()),
        command_run_id: Some(runs.command.id.clone()),
        task_run_id: Some(runs.task.id.clone()),
        task_id: Some(visit.task.id.clone()),
        project_id: Some(visit.task.project_id.clone()),
        epic_id: Some(visit.task.epic_id.clone()),
        user_story_id: Some(visit.task.user_story_id.clone()),
        command_name: Some(visit.lane.command.into()),
        action: visit.lane.actions.get(number).map(|action| (*action).into()),
        invocation_kind: Some("chat".into()),
        tokens_prompt: Some(prompt),
        tokens_completion: Some(completion),
        tokens_cached: Some(cached),
        tokens_cache_read: Some(cached),
        cost_estimate: Some(cost),
        currency: Some("USD".into()),
        started_at: Timestamp::from_millis(time.millis() - seconds * 1000),
        finished_at: Some(time),
        timestamp: Some(time),
        ..TokenUsage::default()
    })?;
    Ok(())
}

/// Later calls of a visit send the content of the earlier ones again, and find most of it in the cache.
fn size(visit: &Visit<'_>, number: usize) -> Call {
    let points = visit.task.story_points.unwrap_or(1.0) as i64;
    let turn = number as i64 + 1;
    let prompt = 2_400 + 1_900 * points * turn;
    Call {
        prompt,
        cached: if number == 0 { 0 } else { prompt * 7 / 10 },
        completion: 350 + 260 * points,
        seconds: 12 + 5 * points + 3 * turn,
    }
}

fn end(
    workspace: &Workspace,
    visit: &Visit<'_>,
    job: &Job,
    runs: &Runs,
    time: Timestamp,
) -> Result<(), Failure> {
    let status = if visit.leads_to == "failed" { "failed" } else { "succeeded" };
    workspace.task_runs().finish(&runs.task.id, status, Some(time))?;
    workspace.command_runs().finish(
        &runs.command.id,
        &CommandRunEnd {
            status: status.into(),
            error_summary: visit.reason.map(str::to_owned).filter(|_| status == "failed"),
            sp_processed: visit.task.story_points,
            completed_at: Some(time),
        },
    )?;
    let context = context(visit, job, &runs.task, time);
    workspace.record_status_transition(&visit.task.id, visit.leads_to, &context)?;
    Ok(())
}

fn context(visit: &Visit<'_>, job: &Job, run: &TaskRun, time: Timestamp) -> TransitionContext {
    TransitionContext {
        command_name: Some(visit.lane.command.into()),
        job_id: Some(job.id.clone()),
        task_run_id: Some(run.id.clone()),
        agent_id: Some(visit.agent.id.into()),
        timestamp: Some(time),
        reason: visit.reason.map(str::to_owned),
        ..TransitionContext::default()
    }
}
