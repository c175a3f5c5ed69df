import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import column, select
from sqlalchemy.dialects import postgresql

from core.text import clean_text
from db.types import (
    CleanString,
    CleanText,
    FamilyPreferences,
    FreeObject,
    ItemData,
    Json,
    LearningPreferences,
    LogActual,
    LogScheduled,
    ModelParameters,
    QuestionnaireSession,
    ScheduleData,
    Shape,
    UtcTimestamp,
    read,
    write,
)

DIALECT = postgresql.dialect()
EXAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "seed_examples.json").read_text()
)
MODELS: dict[str, type[Shape]] = {
    "family_preferences": FamilyPreferences,
    "learning_preferences": LearningPreferences,
    "schedule_data": ScheduleData,
    "item_data": ItemData,
    "log_scheduled": LogScheduled,
    "log_actual": LogActual,
    "model_parameters": ModelParameters,
    "questionnaire_session": QuestionnaireSession,
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def canonical(value: object) -> str:
    """JSON text that tells 4 from 4.0, and ignores the order of keys."""
    return json.dumps(value, sort_keys=True)


def objects_in(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for inner in value.values() for found in objects_in(inner))]
    if isinstance(value, list):
        return [found for inner in value for found in objects_in(inner)]
    return []


def test_every_example_has_a_model() -> None:
    assert set(EXAMPLES) == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_examples_are_read_and_written_unchanged(name: str) -> None:
    example = EXAMPLES[name]
    assert canonical(write(read(MODELS[name], example))) == canonical(example)


@pytest.mark.parametrize("name", MODELS)
def test_models_know_the_keys_of_their_example(name: str) -> None:
    assert not read(MODELS[name], EXAMPLES[name]).model_extra


@pytest.mark.parametrize("name", MODELS)
def test_unknown_keys_survive_at_any_depth(name: str) -> None:
    example = json.loads(json.dumps(EXAMPLES[name]))
    for number, found in enumerate(objects_in(example)):
        if found is not example.get("progress"):
            found["somethingNew"] = {"deep_key": [number, None, {"x": 1.5}]}
    assert canonical(write(read(MODELS[name], example))) == canonical(example)


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=5))
def test_free_objects_come_back_clean_and_whole(data: dict[str, Any]) -> None:
    written = write(read(FreeObject, data))
    assert canonical(write(read(FreeObject, written))) == canonical(written)
    assert set(written) == {clean_text(key) for key in data}


def test_shapes_are_frozen() -> None:
    preferences = read(FamilyPreferences, EXAMPLES["family_preferences"])
    with pytest.raises(ValidationError):
        preferences.planning_approach = None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("model", "data", "part"),
    [
        (FamilyPreferences, {"schedulingFlexibility": "loose"}, "very_flexible"),
        (FamilyPreferences, {"homeschoolingPhilosophy": {"montessori": 6}}, "from 1 to 5"),
        (FamilyPreferences, {"schedulingStyle": {"loop": True}}, "from 1 to 5"),
        (LearningPreferences, {"bestLearningTimes": ["noon"]}, "mid-morning"),
        (
            LearningPreferences,
            {"homeschoolingHours": {"startTime": "9:00", "endTime": "14:00"}},
            "such as 09:30",
        ),
        (LearningPreferences, {"schoolDays": ["Mo"]}, "Monday"),
        (ScheduleData, {"weekStartDate": "2025-02-30"}, "not a date"),
    ],
)
def test_values_outside_their_set_are_refused(
    model: type[Shape], data: dict[str, Any], part: str
) -> None:
    with pytest.raises(ValidationError, match=part):
        read(model, data)


def test_json_column_binds_and_loads_a_model() -> None:
    kind = Json(LearningPreferences)
    example = EXAMPLES["learning_preferences"]
    bind = kind.process_bind_param(read(LearningPreferences, example), DIALECT)
    assert canonical(bind) == canonical(example)
    loaded = kind.process_result_value(bind, DIALECT)
    assert isinstance(loaded, LearningPreferences)
    assert loaded == read(LearningPreferences, example)
    assert kind.process_bind_param(None, DIALECT) is None
    assert kind.process_result_value(None, DIALECT) is None


def test_json_column_is_jsonb_with_sql_null_and_its_operators() -> None:
    kind = Json(FreeObject)
    assert kind.compile(dialect=DIALECT) == "JSONB"
    assert kind.bind_processor(DIALECT)(None) is None
    query = select(column("data", kind)["key"].astext == "value")
    assert "->>" in str(query.compile(dialect=DIALECT))


def test_json_column_cleans_keys_and_values() -> None:
    dirty = FreeObject(**{"a\x00b": ["x\ud800y", {"k": "e\u0301"}]})
    bound = Json(FreeObject).process_bind_param(dirty, DIALECT)
    assert bound == {"ab": ["xy", {"k": "\u00e9"}]}


@given(st.datetimes(), st.timedeltas(timedelta(hours=-14), timedelta(hours=14)))
def test_timestamps_keep_their_instant(naive: datetime, offset: timedelta) -> None:
    if not 2 <= naive.year <= 9998:
        naive = naive.replace(year=2026, day=1)
    moment = naive.replace(tzinfo=timezone(offset))
    bound = UtcTimestamp().process_bind_param(moment, DIALECT)
    assert bound is not None
    assert bound.tzinfo is None
    loaded = UtcTimestamp().process_result_value(bound, DIALECT)
    assert loaded == moment
    assert loaded is not None
    assert loaded.tzinfo is UTC


def test_naive_timestamps_are_refused() -> None:
    naive = datetime.combine(date(2026, 11, 30), datetime.min.time())
    with pytest.raises(ValueError, match="no time zone"):
        UtcTimestamp().process_bind_param(naive, DIALECT)
    assert UtcTimestamp().process_bind_param(None, DIALECT) is None
    assert UtcTimestamp().process_result_value(None, DIALECT) is None
    assert UtcTimestamp().compile(dialect=DIALECT) == "TIMESTAMP WITHOUT TIME ZONE"


def test_text_columns_clean_and_keep_their_sql_type() -> None:
    assert CleanString(80).compile(dialect=DIALECT) == "VARCHAR(80)"
    assert CleanText().compile(dialect=DIALECT) == "TEXT"
    for kind in (CleanString(80), CleanText()):
        assert kind.process_bind_param("No\x00ah", DIALECT) == "Noah"
        assert kind.process_bind_param(None, DIALECT) is None
