-- The data model's own DDL, verbatim. Tests compare the migrated database with it.

-- 1. Users Table

CREATE TABLE users (
    id SERIAL PRIMARY KEY,
    google_id VARCHAR(255) UNIQUE,
    email VARCHAR(255) UNIQUE NOT NULL,
    name VARCHAR(255) NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    last_login TIMESTAMP,
    questionnaire_completed BOOLEAN DEFAULT FALSE,
    questionnaire_completed_at TIMESTAMP
);

CREATE INDEX idx_users_google_id ON users(google_id);
CREATE INDEX idx_users_email ON users(email);

-- 2. Families Table

CREATE TABLE families (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    
    -- Structured fields for efficient querying
    scheduling_flexibility VARCHAR(50), -- e.g., 'moderate_structure'
    planning_approach VARCHAR(50), -- e.g., 'mix_of_planned_and_spontaneous'
    
    -- JSONB fields for flexible and hierarchical data
    preferences JSONB, -- Detailed preferences from questionnaire
    questionnaire_responses JSONB, -- Complete family-wide responses
    
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_families_user_id ON families(user_id);
CREATE INDEX idx_families_scheduling_flexibility ON families(scheduling_flexibility);
CREATE INDEX idx_families_preferences_gin ON families USING GIN (preferences);

-- 3. Family Commitments Table

CREATE TABLE family_commitments (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    frequency VARCHAR(50) NOT NULL, -- 'daily', 'weekly', 'monthly', 'one-time'
    days_of_week VARCHAR(255), -- JSON array as string: '["Monday", "Wednesday"]'
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_family_commitments_family_id ON family_commitments(family_id);

-- 4. Children Table

CREATE TABLE children (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    age INTEGER NOT NULL CHECK (age >= 2 AND age <= 18),
    
    -- JSONB fields for flexible data
    learning_preferences JSONB, -- Preferred learning times, styles, etc.
    questionnaire_responses JSONB, -- Complete child-specific responses
    
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_children_family_id ON children(family_id);
CREATE INDEX idx_children_age ON children(age);
CREATE INDEX idx_children_learning_preferences_gin ON children USING GIN (learning_preferences);

-- 5. Child Commitments Table

CREATE TABLE child_commitments (
    id SERIAL PRIMARY KEY,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    frequency VARCHAR(50) NOT NULL, -- 'daily', 'weekly', 'monthly', 'one-time'
    days_of_week VARCHAR(255), -- JSON array as string: '["Monday", "Wednesday"]'
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_child_commitments_child_id ON child_commitments(child_id);

-- 6. Subjects Table

CREATE TABLE subjects (
    id SERIAL PRIMARY KEY,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    is_core_subject BOOLEAN NOT NULL DEFAULT FALSE,
    session_duration INTEGER NOT NULL, -- in minutes
    frequency VARCHAR(50) NOT NULL, -- 'daily', '2-3_times_per_week', 'once_a_week', 'occasionally'
    parent_involvement VARCHAR(50) NOT NULL, -- 'full_involvement', 'some_assistance', 'minimal_supervision', 'independent'
    fixed_time_required BOOLEAN NOT NULL DEFAULT FALSE,
    preferred_time TIME,
    interest_level INTEGER NOT NULL CHECK (interest_level >= 1 AND interest_level <= 5),
    
    -- Additional JSONB field for flexible metadata
    metadata JSONB,
    
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_subjects_child_id ON subjects(child_id);
CREATE INDEX idx_subjects_is_core ON subjects(is_core_subject);
CREATE INDEX idx_subjects_name ON subjects(name);

-- 7. Schedules Table

CREATE TABLE schedules (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    week_start_date DATE NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE,
    version INTEGER NOT NULL DEFAULT 1,
    generation_method VARCHAR(50) NOT NULL,
    
    -- JSONB for complete schedule structure
    schedule_data JSONB NOT NULL,
    
    -- JSONB for ML insights about this schedule
    patterns JSONB,
    
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_schedules_child_id_week ON schedules(child_id, week_start_date);
CREATE INDEX idx_schedules_family_id ON schedules(family_id);
CREATE INDEX idx_schedules_is_active ON schedules(is_active);
CREATE INDEX idx_schedules_data_gin ON schedules USING GIN (schedule_data);

-- 8. Schedule Items Table

CREATE TABLE schedule_items (
    id SERIAL PRIMARY KEY,
    schedule_id INTEGER REFERENCES schedules(id) ON DELETE CASCADE,
    day_date DATE NOT NULL,
    item_type VARCHAR(50) NOT NULL, -- 'subject', 'commitment', 'break', etc.
    name VARCHAR(255) NOT NULL,
    start_time TIME NOT NULL,
    end_time TIME NOT NULL,
    is_external BOOLEAN NOT NULL DEFAULT FALSE,
    completed BOOLEAN DEFAULT FALSE,
    completed_at TIMESTAMP,
    
    -- Reference fields to link to original entities
    subject_id INTEGER REFERENCES subjects(id) ON DELETE SET NULL,
    commitment_id INTEGER REFERENCES child_commitments(id) ON DELETE SET NULL,
    
    -- JSONB for item-specific details
    item_data JSONB NOT NULL,
    
    created_at TIMESTAMP NOT NULL DEFAULT NOW(),
    updated_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_schedule_items_schedule_id ON schedule_items(schedule_id);
CREATE INDEX idx_schedule_items_day_date ON schedule_items(day_date);
CREATE INDEX idx_schedule_items_completion ON schedule_items(completed, completed_at);
CREATE INDEX idx_schedule_items_subject_id ON schedule_items(subject_id);
CREATE INDEX idx_schedule_items_item_data_gin ON schedule_items USING GIN (item_data);

-- 9. Activity Logs Table

CREATE TABLE activity_logs (
    id SERIAL PRIMARY KEY,
    schedule_id INTEGER REFERENCES schedules(id) ON DELETE CASCADE,
    schedule_item_id INTEGER REFERENCES schedule_items(id) ON DELETE CASCADE,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE CASCADE,
    date DATE NOT NULL,
    activity_name VARCHAR(255) NOT NULL,
    activity_type VARCHAR(50) NOT NULL,
    
    -- JSONB fields for flexible data
    scheduled JSONB NOT NULL,
    actual JSONB,
    
    notes TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_activity_logs_child_id_date ON activity_logs(child_id, date);
CREATE INDEX idx_activity_logs_schedule_item_id ON activity_logs(schedule_item_id);
CREATE INDEX idx_activity_logs_family_id ON activity_logs(family_id);
CREATE INDEX idx_activity_logs_actual_gin ON activity_logs USING GIN (actual);

-- 10. User Feedback Table

CREATE TABLE user_feedback (
    id SERIAL PRIMARY KEY,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE,
    child_id INTEGER REFERENCES children(id) ON DELETE SET NULL,
    schedule_id INTEGER REFERENCES schedules(id) ON DELETE SET NULL,
    feedback_type VARCHAR(50) NOT NULL, -- 'schedule_satisfaction', 'feature_suggestion', etc.
    rating INTEGER CHECK (rating >= 1 AND rating <= 5),
    comments TEXT,
    
    -- JSONB for detailed feedback data
    feedback_data JSONB,
    
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_user_feedback_family_id ON user_feedback(family_id);
CREATE INDEX idx_user_feedback_schedule_id ON user_feedback(schedule_id);
CREATE INDEX idx_user_feedback_feedback_data_gin ON user_feedback USING GIN (feedback_data);

-- 11. ML Models Table

CREATE TABLE ml_models (
    id SERIAL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    version VARCHAR(50) NOT NULL,
    description TEXT,
    
    -- JSONB for model parameters and metrics
    parameters JSONB NOT NULL,
    feature_importance JSONB,
    performance_metrics JSONB,
    
    is_active BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE UNIQUE INDEX idx_ml_models_name_version ON ml_models(name, version);
CREATE INDEX idx_ml_models_is_active ON ml_models(is_active);
CREATE INDEX idx_ml_models_parameters_gin ON ml_models USING GIN (parameters);

-- 12. Questionnaire Sessions Table (Future Enhancement)

CREATE TABLE questionnaire_sessions (
    id SERIAL PRIMARY KEY,
    user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    family_id INTEGER REFERENCES families(id) ON DELETE CASCADE NULL,
    session_data JSONB NOT NULL,
    last_updated TIMESTAMP NOT NULL DEFAULT NOW(),
    created_at TIMESTAMP NOT NULL DEFAULT NOW()
);

CREATE INDEX idx_questionnaire_sessions_user_id ON questionnaire_sessions(user_id);
CREATE INDEX idx_questionnaire_sessions_last_updated ON questionnaire_sessions(last_updated);
