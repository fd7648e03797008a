'use strict'

const { optionalText, optionalTime, record, records, text } = require('./encode')

/** The tables of a workspace. `call(method, args, options)` makes a call of the table's. */
class Repository {
  #call

  constructor(call) {
    this.#call = call
  }

  /** For the classes below alone. */
  static call(repository, method, args, options) {
    return repository.#call(method, args, options)
  }
}

const { call } = Repository

class Projects extends Repository {
  async ensure(project, options) {
    return call(this, 'ensure', [record('project', project)], options)
  }

  async get(key, options) {
    return call(this, 'get', [text('key', key)], options)
  }

  async list(options) {
    return call(this, 'list', [], options)
  }
}

class Epics extends Repository {
  async create(epic, options) {
    return call(this, 'create', [record('epic', epic)], options)
  }

  async get(id, options) {
    return call(this, 'get', [text('id', id)], options)
  }

  async list(projectId, options) {
    return call(this, 'list', [optionalText('projectId', projectId)], options)
  }
}

class Stories extends Repository {
  async create(story, options) {
    return call(this, 'create', [record('story', story)], options)
  }

  async get(id, options) {
    return call(this, 'get', [text('id', id)], options)
  }

  async list(epicId, options) {
    return call(this, 'list', [optionalText('epicId', epicId)], options)
  }
}

class Tasks extends Repository {
  async create(task, options) {
    return call(this, 'create', [record('task', task)], options)
  }

  async createMany(tasks, options) {
    return call(this, 'createMany', [records('tasks', tasks, 'task')], options)
  }

  async get(idOrKey, options) {
    return call(this, 'get', [text('task', idOrKey)], options)
  }

  async list(userStoryId, options) {
    return call(this, 'list', [optionalText('userStoryId', userStoryId)], options)
  }
}

class Jobs extends Repository {
  async create(job, options) {
    return call(this, 'create', [record('job', job)], options)
  }

  async get(id, options) {
    return call(this, 'get', [text('id', id)], options)
  }

  async list(options) {
    return call(this, 'list', [], options)
  }

  async finish(id, state, errorSummary, options) {
    const args = [text('jobId', id), text('state', state), optionalText('errorSummary', errorSummary)]
    return call(this, 'finish', args, options)
  }
}

class CommandRuns extends Repository {
  async create(commandRun, options) {
    return call(this, 'create', [record('commandRun', commandRun)], options)
  }

  async get(id, options) {
    return call(this, 'get', [text('id', id)], options)
  }

  async finish(id, end, options) {
    return call(this, 'finish', [text('commandRunId', id), record('commandRunEnd', end)], options)
  }
}

class TaskRuns extends Repository {
  async create(taskRun, options) {
    return call(this, 'create', [record('taskRun', taskRun)], options)
  }

  async get(id, options) {
    return call(this, 'get', [text('id', id)], options)
  }

  async list(taskId, options) {
    return call(this, 'list', [text('taskId', taskId)], options)
  }

  async finish(id, status, finishedAt, options) {
    const args = [text('taskRunId', id), text('status', status), optionalTime('finishedAt', finishedAt)]
    return call(this, 'finish', args, options)
  }
}

module.exports = {
  projects: Projects,
  epics: Epics,
  stories: Stories,
  tasks: Tasks,
  jobs: Jobs,
  commandRuns: CommandRuns,
  taskRuns: TaskRuns,
}
