"""The questionnaire as families play it: whole runs, each section, bad answers."""

import pytest
from transcript import DEFAULT_RUN, HINTS, TODAY, Chat

from bot.conversations.cards import Typed
from bot.conversations.flow import (
    Consented,
    Flow,
    Hints,
    Kept,
    SpeakLanguage,
    State,
    Submit,
    step,
)
from bot.texts import LANGUAGES
from core.defaults import OFFERED, subject_kind
from core.family import Flexibility, Scope
from core.phrase import say
from db.document import parse_document, to_family

SECTION_1 = DEFAULT_RUN[:6]
CHILDREN = DEFAULT_RUN[:8]
COMMITMENTS = DEFAULT_RUN[:11]
SUBJECTS = DEFAULT_RUN[:14]
LONG = "x" * 10_000


def test_a_family_that_accepts_the_defaults_needs_at_most_twenty_five_inputs(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN)
    print(f"inputs from consent to submission: {len(DEFAULT_RUN)}")
    assert len(DEFAULT_RUN) <= 25
    assert chat.title == "closing.title"
    assert chat.card.thinking
    family = to_family(parse_document(chat.submitted.document))
    assert family.timezone == "America/New_York"
    assert [(child.name, child.age) for child in family.children] == [("Emma", 9), ("Noah", 6)]
    assert family.preferences.flexibility is Flexibility.MODERATE
    assert all(child.subjects for child in family.children)


def test_siblings_share_what_was_ticked_at_the_youngers_length(chat: Chat) -> None:
    chat.say(*CHILDREN, "@none", "@none", "@none", "Science 45 min", "@accept", "@accept")
    assert chat.title == "together.ask"
    chat.say("@accept", *DEFAULT_RUN[14:])
    emma, noah = to_family(parse_document(chat.submitted.document)).children
    shared = {s.name: s for s in emma.subjects if s.teach_together}
    assert set(shared) == {s.name for s in noah.subjects if s.teach_together}
    assert shared["Science"].minutes == 30
    assert "Mathematics" not in shared


def test_nothing_is_shared_when_each_learns_alone(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:13], "@none", *DEFAULT_RUN[14:])
    family = to_family(parse_document(chat.submitted.document))
    assert not any(s.teach_together for child in family.children for s in child.subjects)


def test_a_typed_run_in_words_only(chat: Chat) -> None:
    chat.say("yes", "My name is Sarah", "sarah@example.com", "Chicago", "Sarah and Tom")
    chat.say("Tue Thu 10-11:30", "Tom Mon-Fri 9-17", "that's all")
    chat.say("Emma (9) and Noah, 6", "that's everyone")
    chat.say("Co-op Fri 1-3pm", "all of us", "done")
    chat.say("Soccer Mon Wed 4-5pm", "yes", "done", "none")
    chat.say("Latin 2x 20 min independent, Music at 11:00", "looks right")
    chat.say("remove Music", "looks right", "looks right", "3")
    chat.say("9-3, Mon-Thu", "yes", "yes")
    chat.say("balanced", "yes", "classical 4", "yes", "2 5 3 1 4 4 4", "yes", "2", "yes")
    document = parse_document(chat.submitted.document)
    family = to_family(document)
    assert chat.submitted.document["parent"] == {"name": "Sarah", "email": "sarah@example.com"}
    assert family.timezone == "America/Chicago"
    assert [adult.name for adult in family.adults] == ["Sarah", "Tom"]
    away, toms, coop = family.commitments
    assert (away.name, away.scope, away.adult_id) == ("Work", Scope.PARENT, 1)
    assert (toms.scope, toms.adult_id, len(toms.days_of_week)) == (Scope.PARENT, 2, 5)
    assert (coop.name, coop.scope) == ("Co-op", Scope.FAMILY)
    emma, noah = family.children
    assert (emma.commitments[0].name, emma.commitments[0].needs_adult) == ("Soccer", True)
    assert (emma.commitments[0].start, emma.commitments[0].end) == (16 * 60, 17 * 60)
    assert len(emma.school_days) == 4
    latin = next(subject for subject in emma.subjects if subject.name == "Latin")
    assert (latin.minutes, latin.sessions_per_week, latin.involvement.attention) == (20, 2, 0)
    music = next(subject for subject in emma.subjects if subject.name == "Music")
    assert (music.fixed_time, music.preferred_time) == (True, 11 * 60)
    assert "Music" not in [subject.name for subject in noah.subjects]


def test_a_run_in_spanish_names_the_subjects_in_spanish(flow: Flow) -> None:
    chat = Chat(flow, State(hints=Hints("Sara", None)))
    chat.say("@speak-es")
    assert SpeakLanguage("es") in chat.replies
    chat.say(
        "sí", "me llamo Sara", "saltar", "Bogotá", "solo yo", "mar jue 10-11:30", "eso es todo"
    )
    chat.say("Emma 9 y Noah 6", "ya están todos", "ninguno", "nada")
    chat.say("Fútbol lun mié de 16 a 17", "sí", "listo")
    chat.say("Latín 2x 20 min solo", "está bien", "está bien", "cada uno aparte")
    chat.say("algo de estructura", "está bien", "lun-jue 9 a 14", "está bien")
    chat.say("tranquilo", "sí", "rotación 5", "sí", "naturaleza 5", "sí", "currículo de guía", "sí")
    family = to_family(parse_document(chat.submitted.document))
    assert family.timezone == "America/Bogota"
    assert family.commitments[0].name == "Trabajo"
    names = {subject.name for subject in family.children[0].subjects}
    assert {"Matemáticas", "Latín", "Ciencias"} <= names
    assert family.children[1].commitments[0].name == "Fútbol"


@pytest.mark.parametrize("language", LANGUAGES)
def test_offered_subjects_are_known_again_by_the_name_they_were_given(
    flow: Flow, language: str
) -> None:
    for kind in OFFERED:
        assert subject_kind(flow.translators[language](say(f"subject.{kind}"))) is kind


def test_spanish_answers_are_understood_while_english_is_spoken(chat: Chat) -> None:
    chat.say("de acuerdo", "@accept", "saltar", "@accept", "solo yo", "nunca", "Emma 9 y Noah 6")
    assert [line.args["name"] for line in chat.card.lines] == ["Emma", "Noah"]


def test_consent_comes_first_and_is_told_once(chat: Chat) -> None:
    assert chat.title == "consent.ask"
    assert chat.card.option("back") is None
    assert chat.card.progress is None
    chat.say("@agree")
    assert Consented() in chat.replies
    assert chat.card.progress is not None
    chat.say("@back", "@agree")
    assert Consented() not in chat.replies


def test_nothing_begins_without_consent(chat: Chat) -> None:
    for text in ("Sarah", "Emma 9", "no", "maybe"):
        chat.say(text)
        assert chat.title == "consent.ask"
        assert chat.notice is not None
    assert not chat.state.answers


def test_each_answer_is_told_in_one_line(chat: Chat) -> None:
    for entry in DEFAULT_RUN:
        before = chat.title
        chat.say(entry)
        if chat.title != before and chat.title != "children.more":
            assert len(chat.kept) <= 1
    assert [type(reply) for reply in chat.replies][:2] == [Kept, Submit]


def test_progress_only_grows(chat: Chat) -> None:
    done = [0.0]
    for entry in DEFAULT_RUN[:-1]:
        chat.say(entry)
        assert chat.card.progress is not None
        done.append(chat.card.progress.done)
    assert done == sorted(done)
    assert done[-1] == 1.0


BAD_ANSWERS = [
    (DEFAULT_RUN[:1], "", "flow.empty"),
    (DEFAULT_RUN[:1], "\x00 \x00", "flow.empty"),
    (DEFAULT_RUN[:1], LONG, "flow.too_long"),
    (DEFAULT_RUN[:1], "x" * 81, "name.too_long"),
    (DEFAULT_RUN[:1], "😀😀", "name.letters"),
    (DEFAULT_RUN[:1], "yes", None),
    (DEFAULT_RUN[:1], "no", "flow.bare_word"),
    (DEFAULT_RUN[:2], "sarah at home", "email.misread"),
    (DEFAULT_RUN[:2], "😀", "email.misread"),
    (DEFAULT_RUN[:3], "Xyzzyville", "timezone.unknown"),
    (DEFAULT_RUN[:3], "😀", "timezone.unknown"),
    (DEFAULT_RUN[:4], "Sarah and sarah", "adults.double"),
    (DEFAULT_RUN[:4], "😀", "name.letters"),
    (DEFAULT_RUN[:4], "A, B, C, D, E, F, G, H, I", "adults.too_many"),
    (DEFAULT_RUN[:5], "Tue 25:00-26:00", "times.impossible"),
    (DEFAULT_RUN[:5], "Tue 10-10", "times.same"),
    (DEFAULT_RUN[:5], "me Tuesday 5-4pm", "times.which_half"),
    (DEFAULT_RUN[:5], "I work Sat 9-12, Tom works Sun 8-9", "commitment.one_at_a_time"),
    (SECTION_1, "baby Sofi 18 months", "children.too_young"),
    (SECTION_1, "Sofi 18 meses", "children.too_young"),
    (DEFAULT_RUN[:5], "Tue", "commitment.no_time"),
    (DEFAULT_RUN[:5], "10-11", "commitment.no_day"),
    (DEFAULT_RUN[:5], "every other Tue 10-11", "commitment.skipping"),
    (SECTION_1, "Emma 1", "children.too_young"),
    (SECTION_1, "Emma 19", "children.age_range"),
    (SECTION_1, "Emma 9999", "children.age_range"),
    (SECTION_1, "9", "children.nameless"),
    (SECTION_1, "😀 9", "children.nameless"),
    (SECTION_1, "😀", "name.letters"),
    (SECTION_1, f"{'x' * 81} 9", "name.too_long"),
    ((*SECTION_1, "Emma 9"), "emma 6", "children.double"),
    ((*SECTION_1, "Zoë 9"), "Zoe\u0308 6", "children.double"),
    ((*SECTION_1, *(f"Emma {chr(97 + n)} 9" for n in range(20))), "Noah 6", "children.too_many"),
    (CHILDREN, "Mon 4-5pm", "commitment.no_name"),
    (CHILDREN, "Choir Feb 30 10-11", "date.impossible"),
    (CHILDREN, "Choir 2020-01-01 10-11", "date.over"),
    (CHILDREN, "😀 Mon 4-5pm", "commitment.no_name"),
    (CHILDREN, f"{'x' * 81} Mon 4-5pm", "name.too_long"),
    (COMMITMENTS, "Latin 500 min", "subjects.minutes_range"),
    (COMMITMENTS, "Latin 3 min", "subjects.minutes_range"),
    (COMMITMENTS, "Latin 9x", "subjects.times_range"),
    (COMMITMENTS, "Latin interest 9", "subjects.interest_range"),
    (COMMITMENTS, "Latin at 25:00", "times.impossible"),
    (COMMITMENTS, "remove Greek", "subjects.unknown"),
    (COMMITMENTS, "😀", "name.letters"),
    (DEFAULT_RUN[:13], "Greek", "together.unknown"),
    (SUBJECTS, "blue", "flexibility.misread"),
    (SUBJECTS, "9", "flexibility.misread"),
    (DEFAULT_RUN[:15], "15-9", "times.backwards"),
    (DEFAULT_RUN[:15], "25:00-26:00", "times.impossible"),
    (DEFAULT_RUN[:15], "9:00-9:20", "times.too_short"),
    (DEFAULT_RUN[:15], "whenever", "times.misread"),
    (DEFAULT_RUN[:17], "purple", "rating.misread"),
    (DEFAULT_RUN[:20], "purple", "approach.misread"),
    (DEFAULT_RUN[:-1], "hmm", "summary.misread"),
]


@pytest.mark.parametrize(("before", "answer", "notice"), BAD_ANSWERS)
def test_a_bad_answer_is_told_kindly_and_loses_nothing(
    chat: Chat, before: tuple[str, ...], answer: str, notice: str | None
) -> None:
    chat.say(*before)
    state, card = chat.state, chat.card
    chat.say(answer)
    if notice is None:
        assert chat.state.step == state.step + 1
        return
    assert chat.notice == notice
    assert chat.state == state
    assert (chat.card.title, chat.card.rows) == (card.title, card.rows)


@pytest.mark.parametrize("length", range(len(DEFAULT_RUN)))
@pytest.mark.parametrize("answer", ["", LONG, "\x00", "\ud800"])
def test_the_worst_texts_at_every_step(chat: Chat, length: int, answer: str) -> None:
    chat.say(*DEFAULT_RUN[:length])
    state = chat.state
    chat.say(answer)
    assert chat.state == state
    assert chat.notice in ("flow.empty", "flow.too_long")


def test_a_list_of_children_with_one_slip_keeps_the_good_ones(chat: Chat) -> None:
    chat.say(*SECTION_1, "Emma 9, Noah 1")
    assert chat.notice == "children.too_young"
    assert [line.args["name"] for line in chat.card.lines] == ["Emma"]


def test_twenty_one_children_at_once(chat: Chat) -> None:
    chat.say(*SECTION_1, ", ".join(f"Emma {chr(97 + n)} {2 + n % 17}" for n in range(21)))
    assert chat.notice == "children.too_many"
    assert len(chat.card.lines) == 20
    chat.say("@continue")
    assert chat.title == "familyCommitments.ask"


def test_children_one_at_a_time_and_names_before_ages(chat: Chat) -> None:
    chat.say(*SECTION_1, "Emma and Noah")
    assert (chat.title, chat.card.title.args["name"]) == ("children.age", "Emma")
    chat.say("19")
    assert chat.notice == "children.age_range"
    chat.say("9")
    assert chat.card.title.args["name"] == "Noah"
    chat.say("he is six")
    assert chat.title == "children.more"
    assert [line.args["age"] for line in chat.card.lines] == [9, 6]


def test_a_removed_child_is_asked_nothing_and_its_answers_go_to_nobody_else(chat: Chat) -> None:
    chat.say(*COMMITMENTS, "Latin 2x", "@accept", "@back")
    while chat.title != "children.more":
        chat.say("@back")
    chat.say("@remove-temp_child_1", "Ben 10", "@continue")
    ids = [child["childId"] for child in chat.state.answers["children"]]
    assert ids == ["temp_child_2", "temp_child_3"]
    chat.go_on_until("subjects.ask")
    assert "Latin" not in [line.args.get("name") for line in chat.card.lines]


def test_a_renamed_parent_is_renamed_everywhere(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:4], "me and Tom", "Sarah Tue 10-11", "@continue", *DEFAULT_RUN[6:-1])
    chat.say("@edit-1", "@pick-name", "Sally", "@accept")
    family = to_family(parse_document(chat.submitted.document))
    assert [adult.name for adult in family.adults] == ["Sally", "Tom"]
    assert family.commitments[0].adult_id == 1


def test_a_place_with_several_candidates_is_asked_back(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:3], "Portland")
    assert chat.title == "timezone.which"
    chat.say("@other")
    assert chat.title == "timezone.ask"
    chat.say("Portland", "@place-1")
    assert chat.state.answers["timezone"] == "America/New_York"


def test_who_goes_along_is_asked_for_each_new_commitment(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:4], "Sarah and Tom", "@none", *DEFAULT_RUN[6:8])
    chat.say("Co-op Fri 1-3pm; Church Sun 10-11")
    assert chat.title == "familyCommitments.who"
    chat.say("@one-1-1", "@all-2", "@continue")
    coop, church = chat.state.answers["familyCommitments"]
    assert (coop["scope"], coop["adult"]) == ("parent", "Tom")
    assert church["scope"] == "family"
    chat.say("Swim Tue 4-5pm with me\nDrums Wed 4-5pm drop-off", "@remove-2", "@continue")
    (swim,) = chat.state.answers["commitments.temp_child_1"]
    assert swim["needsAdult"] is True


def test_ticks_are_kept_while_the_card_is_open(chat: Chat) -> None:
    chat.say(*COMMITMENTS, "@s-5", "@s-0")
    assert chat.card.option("s-5").chosen
    assert not chat.card.option("s-0").chosen
    for number in range(8):
        if chat.card.option(f"s-{number}").chosen:
            chat.say(f"@s-{number}")
    chat.say("@accept")
    assert chat.notice == "subjects.none"


def test_days_and_hours_by_buttons(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:15], "@b-1", "@h-8-13", "@days", "@d-4", "@d-5", "@hours", "@accept")
    times = chat.state.answers["times.temp_child_1"]
    assert times["bestLearningTimes"] == ["early_morning", "mid-morning"]
    assert (times["startTime"], times["endTime"]) == ("08:00", "13:00")
    assert times["schoolDays"] == ["Monday", "Tuesday", "Wednesday", "Thursday", "Saturday"]


def test_a_section_is_changed_from_the_summary_and_the_rest_stays(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:-1])
    before = dict(chat.state.answers)
    chat.say("@edit-5")
    assert chat.card.option("flex-3").chosen
    chat.say("@flex-1")
    assert chat.title == "summary.ask"
    assert chat.state.answers == {**before, "flexibility": "very_flexible"}


def test_the_parents_responses_are_kept_raw_by_section(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN)
    document = chat.submitted.document
    assert document["questionnaireResponses"]["section1"]["name"] == "Sarah"
    for child in document["children"]:
        assert set(child["questionnaireResponses"]) == {"section3", "section4", "section6"}


def test_after_the_end_nothing_is_submitted_twice(chat: Chat, flow: Flow) -> None:
    chat.say(*DEFAULT_RUN)
    state, replies = step(flow, chat.state, Typed("yes"), today=TODAY)
    assert state == chat.state
    assert [type(reply).__name__ for reply in replies] == ["Show"]


def test_without_a_profile_name_or_zone_the_cards_still_lead_on(flow: Flow) -> None:
    chat = Chat(flow, State(hints=Hints()))
    chat.say("@agree")
    assert [row[0].id for row in chat.card.rows] == ["back"]
    chat.say("Sarah", "@skip")
    assert chat.card.option("accept") is None
    chat.say("@zone-0")
    assert chat.title == "adults.ask"
    assert HINTS.name == chat.state.answers["name"]


@pytest.mark.parametrize("answer", ["@accept", "@none"])
def test_a_child_added_later_joins_nothing_unasked(chat: Chat, answer: str) -> None:
    chat.say(*DEFAULT_RUN[:13], answer, *DEFAULT_RUN[14:-1], "@edit-2", "Ben 8", "@continue")
    titles = []
    while chat.title != "summary.ask":
        titles.append(chat.title)
        chat.say("@none" if chat.card.option("none") else "@accept")
    # Where each learns alone, nobody can join.
    assert ("together.ask" in titles) is (answer == "@accept")
    chat.say("@accept")
    family = to_family(parse_document(chat.submitted.document))
    assert not any(s.teach_together for child in family.children for s in child.subjects)


def test_what_is_learned_together_is_not_asked_again_without_need(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:-1])
    together = chat.state.answers["together"]
    chat.say("@edit-2", "@continue")
    assert chat.title == "summary.ask"
    assert together
    assert chat.state.answers["together"] == together


def test_what_follows_from_the_answers_is_part_of_the_document(chat: Chat) -> None:
    chat.say(*SUBJECTS[:11], "Science interest 5", "Math interest 4", *DEFAULT_RUN[11:])
    emma, noah = chat.submitted.document["children"]
    insights = emma["learningPreferences"]["derivedInsights"]
    assert insights["attentionSpan"] == "40-60_minutes"
    assert insights["recommendedBreaks"]["frequency"] == "every_60_minutes"
    assert insights["interestClusters"] == [
        {"name": "STEM", "subjects": ["Science", "Mathematics"], "averageInterest": 4.5}
    ]
    assert noah["learningPreferences"]["derivedInsights"]["interestClusters"] == []
    family = to_family(parse_document(chat.submitted.document))
    assert [child.span for child in family.children] == [60, 45]
    assert family.children[1].break_activities[:2] == ("physical_movement", "snack")
