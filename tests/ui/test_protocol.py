"""Protocols and questionnaires as files, as plans, and as a state machine on time that is given."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from insula.edge.errors import ConfigError, DataError
from insula.edge.reports import Answer
from insula.ui.protocol import design, page, questionnaire, toml
from insula.ui.protocol.filling import LEFT_OUT, Filling, Said
from insula.ui.protocol.plan import latin_row, plan
from insula.ui.protocol.run import Run

EXAMPLES = Path(__file__).parents[2] / "examples" / "protocols"

SMALL = """
[protocol]
name = "small"

[[step]]
kind = "instruction"
name = "hello"
text = { en = "Hello", de = "Hallo" }

[[step]]
kind = "rest"
name = "rest"
seconds = 10

[[step]]
kind = "questionnaire"
name = "feeling"
questionnaire = "sam-va"
seconds = 60
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "p.toml"
    path.write_text(text, "utf-8")
    return path


def small(tmp_path: Path) -> Run:
    return Run(plan(design.load(write(tmp_path, SMALL)), language="de"))


def told(events: list[object]) -> list[str]:
    return [f"{e.name} {e.change} by {e.by}" for e in events]


# ---- files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda p: p.name)
def test_the_examples_are_valid(path: Path) -> None:
    assert plan(design.load(path)).steps


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("seconds = 10", "secnds = 10", 13, "unknown key 'secnds'; did you mean 'seconds'?"),
        ("seconds = 10", "", 10, "seconds is missing"),
        ('name = "rest"', 'nmae = "rest"', 12, "unknown key 'nmae'; did you mean 'name'?"),
        ("seconds = 10", "seconds = -1", 13, "should be at least 0.01"),
        ("seconds = 10", 'seconds = "ten"', 13, "should be a number"),
        ('kind = "rest"', 'kind = "rst"', 11, "kind = 'rst' is unknown; did you mean 'rest'?"),
        ('"sam-va"', '"sma-va"', 18, "there is no questionnaire 'sma-va'; did you mean 'sam-va'?"),
        ('de = "Hallo"', 'dd = "Hallo"', 8, "unknown language 'dd'"),
        ("seconds = 60", 'condition = 3', 19, "condition = 3 should be text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_line_and_key(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    path = write(tmp_path, SMALL.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        design.load(path)
    assert words in str(error.value)
    assert f"line {line}:" in str(error.value)  # a key that is not there: where its table begins


def test_lines_are_found_through_nested_tables_and_long_texts() -> None:
    text = 'a = 1\n[[step]]\ntext = """\nname = "no key"\n"""\nname = "x"\n[[step.steps]]\nkind = "b"\n'
    text += '[[step.steps]]\nkind = "c"\n[[step]]\nname = "y"\n'
    found = toml.lines(text)
    assert found["step", 0, "name"] == 6
    assert found["step", 0, "steps", 1, "kind"] == 10
    assert found["step", 1, "name"] == 12


def test_a_missing_file_and_a_trial_without_a_value_are_told(tmp_path: Path) -> None:
    loop = """
[protocol]
name = "l"
[[step]]
kind = "loop"
name = "films"
trials = [ { film = "a.png" } ]
[[step.steps]]
kind = "stimulus"
image = "{film}"
seconds = 1
"""
    with pytest.raises(ConfigError, match=r"line 10: .*image: there is no file .*a\.png"):
        design.load(write(tmp_path, loop))
    with pytest.raises(ConfigError, match="no trial gives 'flim'; did you mean 'film'"):
        design.load(write(tmp_path, loop.replace("{film}", "{flim}")))


def test_a_marker_key_that_is_taken_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, '[protocol]\nname = "k"\n[markers]\nr = "x"\n' + SMALL.split("\n\n", 1)[1])
    with pytest.raises(ConfigError, match=r"line 4: .*'r' is taken"):
        design.load(path)


SHIPPED = [*EXAMPLES.glob("*.toml"), *questionnaire.shipped().values()]
LITERALS = (
    "3",
    "-1",
    "nan",
    "inf",
    '"x"',
    '""',
    "true",
    "[]",
    "[[1]]",
    "{}",
    "{ a = 1 }",
    "1979-05-27",
    "[{}]",
)


@pytest.mark.parametrize("path", sorted(SHIPPED), ids=lambda p: p.name)
def test_whatever_stands_in_a_file_is_accepted_or_told_in_words(tmp_path: Path, path: Path) -> None:
    text = path.read_text("utf-8").splitlines()
    (tmp_path / "media").symlink_to(EXAMPLES / "media")
    told = 0
    for number, line in enumerate(text):
        key, equals, value = line.partition(" = ")
        if not equals or value.startswith(('{ en = """', "[")) or key.startswith((" ", "#")):
            continue
        for literal in LITERALS:
            wrong = write(tmp_path, "\n".join([*text[:number], f"{key} = {literal}", *text[number + 1 :]]))
            try:
                questionnaire.load(wrong) if "[questionnaire]" in text else plan(design.load(wrong))
            except ConfigError:
                told += 1
    assert told > 50


def test_a_slip_in_repeat_does_not_fill_the_memory(tmp_path: Path) -> None:
    text = '[protocol]\nname = "r"\n[[step]]\nkind = "loop"\nname = "l"\nrepeat = 900000000\n'
    path = write(tmp_path, text + '[[step.steps]]\nkind = "rest"\nseconds = 1\n')
    with pytest.raises(ConfigError, match="loop 'l' makes more than"):
        plan(design.load(path))


# ---- plans ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_latin_rows_balance_places_and_neighbours(n: int) -> None:
    rows = [latin_row(n, k) for k in range(n if n % 2 == 0 else 2 * n)]
    assert all(sorted(row) == list(range(n)) for row in rows)
    assert len(set(Counter((k, c) for row in rows for k, c in enumerate(row)).values())) == 1
    follows = Counter(pair for row in rows for pair in pairwise(row))
    assert len(follows) == n * (n - 1)
    assert len(set(follows.values())) == 1


def test_the_order_depends_on_participant_and_seed_and_nothing_else(tmp_path: Path) -> None:
    def names(number: int) -> list[str]:
        return [p.step.name for p in plan(design.load(EXAMPLES / "blocks.toml"), number).steps]

    assert names(3) == names(3)
    assert names(1)[0] == "quiet-begins"
    assert names(2)[0] == "loud-begins"
    tones = {
        tuple(n for n in names(k) if n.startswith("quiet-") and n != "quiet-begins") for k in range(1, 9)
    }
    assert len(tones) > 2


def test_a_plan_says_what_it_is() -> None:
    about = plan(design.load(EXAMPLES / "pictures.toml"), 2, "de").about()
    assert (about["participant"], about["language"], about["seed"]) == (2, "de", 7)
    assert about["steps"][2]["condition"] in ("calm", "tense", "pleasant")
    with pytest.raises(ConfigError, match="participant = 0"):
        plan(design.load(EXAMPLES / "pictures.toml"), 0)


# ---- the state machine ------------------------------------------------------------------------------------


def test_steps_begin_and_end_with_planned_and_actual_times(tmp_path: Path) -> None:
    run = small(tmp_path)
    assert run.progress.state == "ready"
    assert told(run.begin(100.0)) == ["hello begin by operator"]
    assert run.due_in(105.0) is None
    assert told(run.next(107.0, "participant")) == ["hello end by participant", "rest begin by protocol"]
    assert run.due_in(110.0) == pytest.approx(7.0)
    assert run.tick(116.9) == []
    ended, begun = run.tick(117.02)
    assert (ended.planned, ended.t, begun.planned, begun.t) == (117.0, 117.02, 117.0, 117.02)
    assert run.progress.ends == pytest.approx(177.02)  # the step lasts its full time from when it began


def test_a_computer_that_slept_shortens_no_step(tmp_path: Path) -> None:
    run = small(tmp_path)
    run.begin(0.0)
    run.next(1.0, "operator")
    events = run.tick(500.0)
    assert [e.change for e in events] == ["end", "begin"]
    assert run.progress.ends == 560.0


def test_pause_holds_the_time(tmp_path: Path) -> None:
    run = small(tmp_path)
    run.begin(0.0)
    run.next(0.0, "operator")
    assert told(run.pause(4.0, "operator")) == ["rest paused by operator"]
    assert run.progress.left_s == 6.0
    assert run.tick(50.0) == []
    assert run.next(50.0, "participant") == []
    run.resume(60.0, "operator")
    assert run.tick(65.9) == []
    assert [e.change for e in run.tick(66.0)] == ["end", "begin"]


def test_a_participant_ends_only_their_own_steps(tmp_path: Path) -> None:
    run = small(tmp_path)
    run.begin(0.0)
    run.next(1.0, "participant")
    assert run.next(2.0, "participant") == []  # a rest is not theirs to end
    assert told(run.skip(3.0, "operator")) == ["rest skipped by operator", "feeling begin by protocol"]


def test_abort_and_end(tmp_path: Path) -> None:
    run = small(tmp_path)
    run.begin(0.0)
    assert told(run.abort(1.0, "participant")) == ["hello aborted by participant"]
    assert run.progress.state == "aborted"
    assert run.next(2.0, "operator") == [] == run.skip(2.0, "operator") == run.resume(2.0, "operator")
    run = small(tmp_path)
    run.begin(0.0)
    run.skip(1.0, "operator")
    run.skip(2.0, "operator")
    assert told(run.tick(62.0)) == ["feeling end by protocol"]
    assert (run.progress.state, run.progress.page) == ("done", None)


def test_progress_survives_the_feed(tmp_path: Path) -> None:
    run = small(tmp_path)
    run.begin(0.0)
    run.skip(1.0, "operator")
    run.skip(2.0, "operator")
    progress = run.progress
    assert page.load(page.dump(progress)) == progress
    assert progress.page is not None
    assert progress.page.form is not None
    assert progress.page.form.items[0].text == "Unangenehm oder angenehm?"
    with pytest.raises(DataError, match="protocol"):
        page.load({**page.dump(progress), "state": "dancing"})


# ---- questionnaires ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(questionnaire.shipped()))
def test_the_shipped_questionnaires_say_where_they_are_from(name: str) -> None:
    shipped = questionnaire.load(questionnaire.shipped()[name])
    assert shipped.name == name
    assert shipped.source
    assert shipped.licence
    for language in ("en", "de"):
        assert all(item.text for item in shipped.form(language).items)
    german = [item.text for item in shipped.form("de").items]
    assert not set(german) & {item.text for item in shipped.form("en").items}


def test_a_sum_with_a_gap_is_not_computed() -> None:
    phq = questionnaire.load(questionnaire.shipped()["phq-9"])
    answers = [Answer(float(k), "phq-9", item.name, value=1.0) for k, item in enumerate(phq.items)]
    assert phq.scores(answers) == {"total": 9.0}
    assert phq.scores([*answers, Answer(99.0, "phq-9", "sleep", value=3.0)]) == {"total": 11.0}  # went back
    absent = [a for a in answers if a.item != "sleep"] + [Answer(2.0, "phq-9", "sleep", reason=LEFT_OUT)]
    assert phq.scores(absent) == {"total": "not computed: sleep not answered"}


def test_a_reversed_item_turns_its_scale_round(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
[questionnaire]
name = "two"
title = "Two"
source = "own"
licence = "CC0"
[[scale]]
name = "s"
options = [ { value = 1, text = "no" }, { value = 5, text = "yes" } ]
[[item]]
name = "calm"
text = "calm"
kind = "choice"
scale = "s"
subscale = "tension"
reverse = true
[[item]]
name = "tense"
text = "tense"
kind = "choice"
scale = "s"
subscale = "tension"
""",
    )
    two = questionnaire.load(path)
    assert two.scores([Answer(1.0, "two", "calm", value=1.0), Answer(2.0, "two", "tense", value=5.0)]) == {
        "tension": 10.0
    }
    with pytest.raises(ConfigError, match=r"line 14: .*no \[\[scale\]\] 't'"):
        questionnaire.load(write(tmp_path, path.read_text("utf-8").replace('scale = "s"', 'scale = "t"', 1)))


def test_a_form_is_filled_in_with_onsets_and_gaps() -> None:
    form = questionnaire.load(questionnaire.shipped()["sam"]).form("en")
    filling = Filling(form, step=4, t=10.0)
    first = filling.choose(7.0, 12.0)
    assert (first.item, first.onset, first.t, first.value) == ("valence", 10.0, 12.0, 7.0)
    second = filling.leave_out(13.5)
    assert (second.onset, second.value, second.text, second.reason) == (12.0, None, None, LEFT_OUT)
    filling.back(14.0)
    again = filling.choose(2.0, 15.0)
    assert (again.item, again.onset) == ("arousal", 14.0)
    assert not filling.done
    filling.choose(5.0, 16.0)
    assert filling.done
    assert Said.loads(again.dumps()) == again
    for wrong in ('{"step": 1}', again.dumps().replace("15.0", "NaN"), "[]", "{"):
        with pytest.raises(DataError):
            Said.loads(wrong)
