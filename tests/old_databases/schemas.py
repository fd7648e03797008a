"""The schemas from which the databases of the tests are made, and what the scripts that make them share."""

import sqlite3

# The current schemas, as the TypeScript packages create them: a table's name, then its columns and
# constraints. Earlier schemas are derived from these by omitting columns and tables.
WORKSPACE = """
projects
    id TEXT PRIMARY KEY
    key TEXT NOT NULL UNIQUE
    name TEXT
    description TEXT
    metadata_json TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
epics
    id TEXT PRIMARY KEY
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE
    key TEXT NOT NULL
    title TEXT NOT NULL
    description TEXT
    story_points_total REAL
    priority INTEGER
    metadata_json TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
    UNIQUE(project_id, key)
user_stories
    id TEXT PRIMARY KEY
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE
    epic_id TEXT NOT NULL REFERENCES epics(id) ON DELETE CASCADE
    key TEXT NOT NULL
    title TEXT NOT NULL
    description TEXT
    acceptance_criteria TEXT
    story_points_total REAL
    priority INTEGER
    metadata_json TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
    UNIQUE(epic_id, key)
tasks
    id TEXT PRIMARY KEY
    project_id TEXT NOT NULL REFERENCES projects(id) ON DELETE CASCADE
    epic_id TEXT NOT NULL REFERENCES epics(id) ON DELETE CASCADE
    user_story_id TEXT NOT NULL REFERENCES user_stories(id) ON DELETE CASCADE
    key TEXT NOT NULL
    title TEXT NOT NULL
    description TEXT
    type TEXT
    status TEXT NOT NULL
    story_points REAL
    priority INTEGER
    assigned_agent_id TEXT
    assignee_human TEXT
    vcs_branch TEXT
    vcs_base_branch TEXT
    vcs_last_commit_sha TEXT
    metadata_json TEXT
    openapi_version_at_creation TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
    UNIQUE(user_story_id, key)
task_dependencies
    id TEXT PRIMARY KEY
    task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    depends_on_task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    relation_type TEXT NOT NULL
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
    UNIQUE(task_id, depends_on_task_id, relation_type)
jobs
    id TEXT PRIMARY KEY
    workspace_id TEXT NOT NULL
    type TEXT NOT NULL
    state TEXT NOT NULL
    command_name TEXT
    agent_id TEXT
    agent_ids_json TEXT
    payload_json TEXT
    total_items INTEGER
    processed_items INTEGER
    last_checkpoint TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
    completed_at TEXT
    error_summary TEXT
command_runs
    id TEXT PRIMARY KEY
    workspace_id TEXT NOT NULL
    command_name TEXT NOT NULL
    job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL
    agent_id TEXT
    task_ids_json TEXT
    git_branch TEXT
    git_base_branch TEXT
    started_at TEXT NOT NULL
    completed_at TEXT
    status TEXT NOT NULL
    error_summary TEXT
    duration_seconds REAL
    sp_processed REAL
task_runs
    id TEXT PRIMARY KEY
    task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    command TEXT NOT NULL
    job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL
    command_run_id TEXT REFERENCES command_runs(id) ON DELETE SET NULL
    agent_id TEXT
    status TEXT NOT NULL
    started_at TEXT NOT NULL
    finished_at TEXT
    story_points_at_run REAL
    sp_per_hour_effective REAL
    git_branch TEXT
    git_base_branch TEXT
    git_commit_sha TEXT
    run_context_json TEXT
task_status_events
    id TEXT PRIMARY KEY
    task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    from_status TEXT
    to_status TEXT NOT NULL
    timestamp TEXT NOT NULL
    command_name TEXT
    job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL
    task_run_id TEXT REFERENCES task_runs(id) ON DELETE SET NULL
    agent_id TEXT
    metadata_json TEXT
task_locks
    task_id TEXT PRIMARY KEY REFERENCES tasks(id) ON DELETE CASCADE
    task_run_id TEXT NOT NULL REFERENCES task_runs(id) ON DELETE CASCADE
    job_id TEXT
    acquired_at TEXT NOT NULL
    expires_at TEXT NOT NULL
task_qa_runs
    id TEXT PRIMARY KEY
    task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    task_run_id TEXT REFERENCES task_runs(id) ON DELETE SET NULL
    job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL
    command_run_id TEXT REFERENCES command_runs(id) ON DELETE SET NULL
    agent_id TEXT
    model_name TEXT
    source TEXT NOT NULL
    mode TEXT
    profile_name TEXT
    runner TEXT
    raw_outcome TEXT
    recommendation TEXT
    evidence_url TEXT
    artifacts_json TEXT
    raw_result_json TEXT
    started_at TEXT
    finished_at TEXT
    metadata_json TEXT
    created_at TEXT NOT NULL
task_logs
    id TEXT PRIMARY KEY
    task_run_id TEXT NOT NULL REFERENCES task_runs(id) ON DELETE CASCADE
    sequence INTEGER NOT NULL
    timestamp TEXT NOT NULL
    level TEXT
    source TEXT
    message TEXT
    details_json TEXT
    UNIQUE(task_run_id, sequence)
task_revisions
    id TEXT PRIMARY KEY
    task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    job_id TEXT
    command_run_id TEXT
    snapshot_before_json TEXT
    snapshot_after_json TEXT
    created_at TEXT NOT NULL
task_comments
    id TEXT PRIMARY KEY
    task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    task_run_id TEXT REFERENCES task_runs(id) ON DELETE SET NULL
    job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL
    source_command TEXT NOT NULL
    author_type TEXT NOT NULL
    author_agent_id TEXT
    category TEXT
    slug TEXT
    status TEXT DEFAULT 'open'
    file TEXT
    line INTEGER
    path_hint TEXT
    body TEXT NOT NULL
    metadata_json TEXT
    created_at TEXT NOT NULL
    resolved_at TEXT
    resolved_by TEXT
task_reviews
    id TEXT PRIMARY KEY
    task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE
    job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL
    agent_id TEXT
    model_name TEXT
    decision TEXT NOT NULL
    summary TEXT
    findings_json TEXT
    test_recommendations_json TEXT
    metadata_json TEXT
    created_at TEXT NOT NULL
    created_by TEXT
token_usage
    id TEXT PRIMARY KEY
    workspace_id TEXT NOT NULL
    agent_id TEXT
    model_name TEXT
    job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL
    command_run_id TEXT REFERENCES command_runs(id) ON DELETE SET NULL
    task_run_id TEXT REFERENCES task_runs(id) ON DELETE SET NULL
    task_id TEXT REFERENCES tasks(id) ON DELETE SET NULL
    project_id TEXT REFERENCES projects(id) ON DELETE SET NULL
    epic_id TEXT REFERENCES epics(id) ON DELETE SET NULL
    user_story_id TEXT REFERENCES user_stories(id) ON DELETE SET NULL
    command_name TEXT
    action TEXT
    invocation_kind TEXT
    provider TEXT
    currency TEXT
    tokens_prompt INTEGER
    tokens_completion INTEGER
    tokens_total INTEGER
    tokens_cached INTEGER
    tokens_cache_read INTEGER
    tokens_cache_write INTEGER
    cost_estimate REAL
    duration_seconds REAL
    duration_ms REAL
    started_at TEXT
    finished_at TEXT
    timestamp TEXT NOT NULL
    metadata_json TEXT
"""

GLOBAL = """
agents
    id TEXT PRIMARY KEY
    slug TEXT NOT NULL UNIQUE
    adapter TEXT NOT NULL
    default_model TEXT
    openai_compatible INTEGER
    context_window INTEGER
    max_output_tokens INTEGER
    supports_tools INTEGER
    rating INTEGER
    reasoning_rating INTEGER
    best_usage TEXT
    cost_per_million REAL
    max_complexity INTEGER
    rating_samples INTEGER
    rating_last_score REAL
    rating_updated_at TEXT
    complexity_samples INTEGER
    complexity_updated_at TEXT
    config_json TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
agent_auth
    agent_id TEXT PRIMARY KEY REFERENCES agents(id) ON DELETE CASCADE
    encrypted_secret TEXT NOT NULL
    last_verified_at TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
agent_capabilities
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE
    capability TEXT NOT NULL
    PRIMARY KEY(agent_id, capability)
agent_prompts
    agent_id TEXT PRIMARY KEY REFERENCES agents(id) ON DELETE CASCADE
    job_prompt TEXT
    character_prompt TEXT
    command_prompts_json TEXT
    job_path TEXT
    character_path TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
agent_health
    agent_id TEXT PRIMARY KEY REFERENCES agents(id) ON DELETE CASCADE
    status TEXT NOT NULL
    last_checked_at TEXT NOT NULL
    latency_ms INTEGER
    details_json TEXT
agent_models
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE
    model_name TEXT NOT NULL
    is_default INTEGER DEFAULT 0
    config_json TEXT
    PRIMARY KEY(agent_id, model_name)
agent_usage_limits
    id TEXT PRIMARY KEY
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE
    limit_scope TEXT NOT NULL
    limit_key TEXT NOT NULL
    window_type TEXT NOT NULL
    status TEXT NOT NULL
    reset_at TEXT
    observed_at TEXT NOT NULL
    source TEXT
    details_json TEXT
    created_at TEXT NOT NULL
    updated_at TEXT NOT NULL
    UNIQUE(agent_id, limit_scope, limit_key, window_type)
workspace_defaults
    workspace_id TEXT NOT NULL
    command_name TEXT NOT NULL
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE
    qa_profile TEXT
    docdex_scope TEXT
    updated_at TEXT NOT NULL
    PRIMARY KEY(workspace_id, command_name)
command_runs
    id TEXT PRIMARY KEY
    command_name TEXT NOT NULL
    started_at TEXT NOT NULL
    completed_at TEXT
    status TEXT NOT NULL
    exit_code INTEGER
    error_summary TEXT
    payload_json TEXT
    result_json TEXT
token_usage
    id TEXT PRIMARY KEY
    agent_id TEXT REFERENCES agents(id) ON DELETE SET NULL
    command_run_id TEXT REFERENCES command_runs(id) ON DELETE SET NULL
    model_name TEXT
    command_name TEXT
    action TEXT
    invocation_kind TEXT
    provider TEXT
    currency TEXT
    tokens_prompt INTEGER
    tokens_completion INTEGER
    tokens_total INTEGER
    tokens_cached INTEGER
    tokens_cache_read INTEGER
    tokens_cache_write INTEGER
    cost_estimate REAL
    duration_seconds REAL
    duration_ms REAL
    started_at TEXT
    finished_at TEXT
    timestamp TEXT NOT NULL
    metadata_json TEXT
agent_run_ratings
    id TEXT PRIMARY KEY
    agent_id TEXT NOT NULL REFERENCES agents(id) ON DELETE CASCADE
    job_id TEXT
    command_run_id TEXT
    task_id TEXT
    task_key TEXT
    command_name TEXT
    discipline TEXT
    complexity INTEGER
    quality_score REAL
    tokens_total INTEGER
    duration_seconds REAL
    iterations INTEGER
    total_cost REAL
    run_score REAL
    rating_version TEXT
    raw_review_json TEXT
    created_at TEXT NOT NULL
"""

WORKSPACE_INDEXES = [
    "CREATE INDEX idx_task_locks_expires_at ON task_locks(expires_at)",
    "CREATE INDEX idx_task_status_events_task_id_timestamp ON task_status_events(task_id, timestamp)",
    "CREATE INDEX idx_task_comments_slug ON task_comments(task_id, slug)",
]

GLOBAL_INDEXES = [
    "CREATE INDEX idx_agent_usage_limits_agent_id ON agent_usage_limits(agent_id)",
    "CREATE INDEX idx_token_usage_command_run_id ON token_usage(command_run_id)",
]

USAGE_SINCE_2026 = (
    "tokens_cached tokens_cache_read tokens_cache_write started_at finished_at duration_ms"
    " command_name action invocation_kind provider currency"
)

BEFORE_2026 = {
    "task_status_events": None,
    "task_locks": None,
    "token_usage": USAGE_SINCE_2026,
    "jobs": "agent_id agent_ids_json",
    "command_runs": "agent_id",
    "task_comments": "slug status",
}

FIRST = BEFORE_2026 | {
    "task_qa_runs": None,
    "task_revisions": None,
    "task_comments": None,
    "task_reviews": None,
    "command_runs": "agent_id sp_processed",
}

LATER_AGENT_COLUMNS = (
    "openai_compatible context_window max_output_tokens supports_tools rating reasoning_rating best_usage"
    " cost_per_million max_complexity rating_samples rating_last_score rating_updated_at"
    " complexity_samples complexity_updated_at"
)

GLOBAL_BEFORE_2026 = {
    "agents": LATER_AGENT_COLUMNS,
    "token_usage": USAGE_SINCE_2026,
    "agent_run_ratings": None,
    "agent_usage_limits": None,
}

GLOBAL_EARLY = GLOBAL_BEFORE_2026 | {
    "token_usage": None,
    "command_runs": None,
    "workspace_defaults": "qa_profile docdex_scope",
}

OLD_DEFAULTS = """
workspace_defaults
    workspace TEXT PRIMARY KEY
    default_agent TEXT NOT NULL
    updated_at TEXT
"""

PROTOTYPE = """
agents
    name TEXT PRIMARY KEY
    provider TEXT NOT NULL
    model TEXT
    api_base TEXT
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
    updated_at TEXT
agent_auth
    agent_name TEXT PRIMARY KEY REFERENCES agents(name) ON DELETE CASCADE
    encrypted_secret TEXT NOT NULL
agent_capabilities
    agent_name TEXT NOT NULL REFERENCES agents(name) ON DELETE CASCADE
    capability TEXT NOT NULL
    PRIMARY KEY(agent_name, capability)
agent_models
    agent_name TEXT NOT NULL REFERENCES agents(name) ON DELETE CASCADE
    model_name TEXT NOT NULL
    PRIMARY KEY(agent_name, model_name)
command_runs
    id TEXT PRIMARY KEY
    command_name TEXT NOT NULL
    started_at TEXT NOT NULL
    completed_at TEXT
    status TEXT NOT NULL
token_usage
    id TEXT PRIMARY KEY
    agent_id TEXT REFERENCES agents(id) ON DELETE SET NULL
    command_run_id TEXT REFERENCES command_runs(id) ON DELETE SET NULL
    model_name TEXT
    tokens_prompt INTEGER
    tokens_completion INTEGER
    tokens_total INTEGER
    cost_estimate REAL
    timestamp TEXT NOT NULL
    metadata_json TEXT
    request_label TEXT
"""


def tables(text):
    """{table: [column or constraint, …]}"""
    found = {}
    for line in text.strip("\n").split("\n"):
        if line.startswith(" "):
            found[table].append(line.strip())
        else:
            table = line
            found[table] = []
    return found


def content(path):
    """The whole contents of a database, independent of the SQLite version that wrote it."""
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return list(database.iterdump())
    finally:
        database.close()
