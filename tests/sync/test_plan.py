"""Actions that make one calendar equal to another: the fewest, and only on what is ours."""

from hypothesis import given
from hypothesis import strategies as st

from sync.plan import Create, Known, Remove, Replace, Wanted, actions

CONTENTS = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("xyz"))


def run(wanted: dict[str, str], known: dict[str, str]) -> tuple[dict[str, str], int]:
    planned = actions(
        [Wanted(key, f"{key}@uid", content, content) for key, content in wanted.items()],
        [Known(key, f"{key}@uid", content, "tag") for key, content in known.items()],
    )
    calendar = dict(known)
    for action in planned:
        match action:
            case Create(event):
                assert event.event_id not in calendar
                calendar[event.event_id] = event.body
            case Replace(event, former):
                assert former.fingerprint == calendar[event.event_id]
                calendar[event.event_id] = event.body
            case Remove(former):
                del calendar[former.event_id]
    return calendar, len(planned)


@given(CONTENTS, CONTENTS)
def test_afterwards_the_calendar_is_what_is_wanted(
    wanted: dict[str, str], known: dict[str, str]
) -> None:
    calendar, steps = run(wanted, known)
    assert calendar == wanted
    assert steps == sum(wanted.get(key) != known.get(key) for key in wanted.keys() | known.keys())


@given(CONTENTS)
def test_an_equal_calendar_is_left_alone(content: dict[str, str]) -> None:
    assert run(content, content)[1] == 0
