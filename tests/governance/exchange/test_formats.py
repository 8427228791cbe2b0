"""Reading and writing: what is written is read back, and the wild shapes of each format are understood."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.exchange import BadFile, Election, blt, normalised, preflib, rankings_csv, read
from governance.tally import Contest, Limit
from tests.governance.tally.strategies import examples, rankings

FORMATS = {"a.blt": blt, "a.json": normalised, "a.csv": rankings_csv, "a.pref": preflib}


def parsed(module, text, *more):
    return module.read(io.BytesIO(text if isinstance(text, bytes) else text.encode()), *more)


# --- both ways ------------------------------------------------------------------------------------------------------

characters = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf"), exclude_characters="\u00a0")
plain_names = st.text(characters, min_size=1, max_size=12).map(lambda name: " ".join(name.split())).filter(bool)


@st.composite
def elections(draw):
    names = draw(st.lists(plain_names, min_size=1, max_size=6, unique=True))
    papers = draw(st.dictionaries(rankings(len(names), ties=True), st.integers(1, 10**9), max_size=8))
    seats = draw(st.integers(1, 9))
    out = draw(st.frozensets(st.integers(0, len(names) - 1), max_size=2))
    return Election(tuple(names), papers, seats, draw(plain_names), out)


@pytest.mark.parametrize("name", ["a.blt", "a.json"])
@examples(200)
@given(election=elections())
def test_written_and_read_back(name, election):
    text = "".join(FORMATS[name].write(election))
    back = parsed(FORMATS[name], text)
    assert back.candidates == election.candidates
    assert dict(back.ballots) == dict(election.ballots)
    assert (back.seats, back.title, back.withdrawn) == (election.seats, election.title, election.withdrawn)
    assert "".join(FORMATS[name].write(back)).replace("pref-list of groups", "pref-list") == text.replace(
        "pref-list of groups", "pref-list"
    )


@pytest.mark.parametrize("name", ["a.csv", "a.pref"])
@examples(200)
@given(election=elections())
def test_written_and_read_back_without_seats(name, election):
    if name == "a.csv" and (
        all(rankings_csv.RANK.fullmatch(n) for n in election.candidates)
        or election.candidates[0].lower() in rankings_csv.COUNT
        or any(n.startswith("'") for n in election.candidates)
    ):
        return  # a head that says something else to a reader; see the tests of the CSV shapes
    back = parsed(FORMATS[name], "".join(FORMATS[name].write(election)))
    assert back.candidates == election.candidates
    assert dict(back.ballots) == dict(election.ballots)


@examples(400)
@given(
    name=st.sampled_from(["a.blt", "a.json", "a.csv", "a.soc", "a.toi", "a"]),
    noise=st.binary(max_size=200) | st.text('0123456789 ,=-\n{}[]":#.ab', max_size=120).map(str.encode),
)
def test_noise_raises_nothing_but_the_one_error(name, noise):
    try:
        outcome = read(io.BytesIO(noise), name)
    except BadFile as refusal:
        outcome = refusal
    assert isinstance(outcome, Election | BadFile)


def test_an_election_of_a_contest_and_back():
    contest = Contest(
        ("Ann", "Bob"), {(0,): 2}, 2, frozenset({1}), invalid=3, limits=(Limit("x", frozenset({0}), 1),), title="T"
    )
    election = Election.of(contest)
    assert election.contest() == contest
    back = parsed(normalised, "".join(normalised.write(election, id="t")))
    assert back.contest() == contest
    assert '"id": "t"' in "".join(normalised.write(election, id="t"))


def test_spoiled_papers_are_kept_by_every_writer():
    election = Election(("Ann", "Bob"), {(0,): 2}, 1, spoiled=3)
    for name, module in FORMATS.items():
        back = parsed(module, "".join(module.write(election)))
        assert back.ballots.get((), 0) + back.spoiled == 3, name


# --- BLT ------------------------------------------------------------------------------------------------------------

ALGORITHM_123 = """4 2
-2
3 1 3 4 0
4 1 3 2 0
2 4 1 3 0
1 2 0
2 2 4 3 1 0
1 3 4 2 0
0
"Adam"
"Basil"
"Charlotte"
"Donald"
"Title"
"""


def test_blt_as_first_described():
    election = parsed(blt, ALGORITHM_123)
    assert election.candidates == ("Adam", "Basil", "Charlotte", "Donald")
    assert (election.seats, election.title, election.withdrawn) == (2, "Title", frozenset({1}))
    assert election.ballots[0, 2, 3] == 3
    assert sum(election.ballots.values()) == 13
    assert election.method == "scottish-stv"


@pytest.mark.parametrize(
    "text",
    [
        ALGORITHM_123.replace("\n", "\r\n"),
        ALGORITHM_123.replace("\n", "\r"),
        "\ufeff" + ALGORITHM_123,
        ALGORITHM_123.replace(" 1 ", ",1,").replace("4 2\n", "4, 2\n"),
        ALGORITHM_123.replace('"', ""),
        ALGORITHM_123.replace('"Adam"', '""Adam""').replace('"Basil"', "“Basil”"),
        ALGORITHM_123.replace('"Adam"\n"Basil"\n"Charlotte"\n"Donald"\n', '"Adam" "Basil" "Charlotte" "Donald"\n'),
        ALGORITHM_123.replace('"Adam"', '"Adam", # from the shop').replace("4 2\n", "# board\n\n4 2 # two seats\n"),
        ALGORITHM_123 + '"the source"\n"a comment"\n',
        ALGORITHM_123.replace("1 3 4 2 0", "1 3 - 4 2 0").replace("-2\n", "-2 0\n"),
    ],
    ids=["crlf", "cr", "bom", "commas", "bare", "doubled", "one line", "comments", "source", "skipped"],
)
def test_blt_as_found_in_the_wild(text):
    first = parsed(blt, ALGORITHM_123)
    election = parsed(blt, text)
    assert election.candidates == first.candidates
    assert dict(election.ballots) == dict(first.ballots)
    assert (election.seats, election.title, election.withdrawn) == (2, "Title", frozenset({1}))


def test_blt_names_with_quotes_commas_and_parts():
    text = '3 1\n2 0\n1 3 1=2 0\n0\n"Basil ""Baz"" Jones"\n"Smith, Jo"\n"Mei","Workers",\n'
    election = parsed(blt, text)
    assert election.candidates == ('Basil "Baz" Jones', "Smith, Jo", "Mei, Workers")
    assert election.title == ""
    assert dict(election.ballots) == {(): 2, (2, (0, 1)): 1}
    assert "".join(blt.write(election)) == (
        '3 1\n2 0\n1 3 1=2 0\n0\n"Basil ""Baz"" Jones"\n"Smith, Jo"\n"Mei, Workers"\n""\n'
    )


def test_blt_equal_ranks_with_spaces_and_papers_given_twice():
    assert dict(parsed(blt, "3 1\n1 3 1 = 2 0\n4 3 1=2 0\n0\nA\nB\nC\n").ballots) == {(2, (0, 1)): 5}


# --- PrefLib --------------------------------------------------------------------------------------------------------


def test_preflib_before_2022():
    election = parsed(preflib, "3\n1,Ann\n2,Bob, the baker\n3,Cat\n7,7,2\n4,1,2,3\n3,{2,3},1\n", "toc")
    assert election.candidates == ("Ann", "Bob, the baker", "Cat")
    assert dict(election.ballots) == {(0, 1, 2): 4, ((1, 2), 0): 3}
    assert election.seats is None


def test_preflib_as_now():
    text = (
        "# FILE NAME: x.toi\n# TITLE: Board\n# DATA TYPE: toi\n# NUMBER ALTERNATIVES: 3\n# NUMBER VOTERS: 6\n"
        "# ALTERNATIVE NAME 1: Ann\n# ALTERNATIVE NAME 2: Bob\n# ALTERNATIVE NAME 3: Cat\n3: 1\n2: {2,3},1\n1:\n"
    )
    election = parsed(preflib, text, "toi")
    assert dict(election.ballots) == {(0,): 3, ((1, 2), 0): 2, (): 1}
    assert election.title == "Board"
    assert preflib.kind_of(election) == "toi"


@pytest.mark.parametrize(
    ("papers", "kind"),
    [({(0, 1): 1}, "soc"), ({(0,): 1}, "soi"), ({((0, 1),): 1}, "toc"), ({((0, 1),): 1, (): 1}, "toi")],
)
def test_preflib_takes_the_narrowest_kind(papers, kind):
    assert preflib.kind_of(Election(("Ann", "Bob"), papers)) == kind


# --- CSV ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "count,Ann,Bob,Cat\n3,1,,2\n2,2,1,2\n",
        "papers;Ann;Bob;Cat\n3;1;;2\n2;2;1;2\n",
        "Ann\tBob\tCat\n" + "1\t\t2\n" * 3 + "5\t4\t5\n" * 2,
        '"Ann","Bob","Cat"\r\n1,,2\r\n1,,2\r\n1,,2\r\n2,1,2\r\n\r\n2,1,2\r\n',
    ],
)
def test_csv_with_a_column_for_each_option(text):
    election = parsed(rankings_csv, text)
    assert election.candidates == ("Ann", "Bob", "Cat")
    assert dict(election.ballots) == {(0, 2): 3, (1, (0, 2)): 2}


@pytest.mark.parametrize("head", ["rank 1,rank 2,rank 3", "1st,2nd,3rd", "Choice 1,Choice 2,Choice 3", "1,2,3"])
def test_csv_with_a_column_for_each_rank(head):
    election = parsed(rankings_csv, f"count,{head}\n3,Ann,,Cat\n2,Bob,Ann,\n1,,,\n")
    assert election.candidates == ("Ann", "Cat", "Bob")
    assert dict(election.ballots) == {(0, 1): 3, (2, 0): 2, (): 1}
    assert dict(parsed(rankings_csv, f"{head}\nAnn,Bob\n\n,,\n").ballots) == {(0, 1): 1, (): 1}


def test_csv_options_that_are_called_like_ranks():
    election = parsed(rankings_csv, "count,Choice 1,Choice 2\n3,2,1\n")
    assert election.candidates == ("Choice 1", "Choice 2")
    assert dict(election.ballots) == {(1, 0): 3}


def test_csv_runs_no_formula():
    election = Election(("=HYPERLINK(1)", "+1", "Bob"), {(0,): 1})
    text = "".join(rankings_csv.write(election))
    assert text.startswith("count,'=HYPERLINK(1),'+1,Bob\n")
    assert parsed(rankings_csv, text).candidates == election.candidates


# --- normalised JSON ------------------------------------------------------------------------------------------------


def json_with(ballots, **more):
    return json.dumps({"seats": 1, "candidates": ["A", "B", "C"], "ballots": ballots, **more})


@pytest.mark.parametrize(
    ("ballot_format", "marks", "ranking"),
    [
        ("", [2, 0], (2, 0)),
        ("pref-list", [2, 0], (2, 0)),
        ("pref-list of groups", [[2], [0, 1]], (2, (0, 1))),
        ("rank-vector: 1 best", [2, None, 1], (2, 0)),
        ("rank-vector", [7, 7, 1], (2, (0, 1))),
        ("rank-vector", [None, None, None], ()),
    ],
)
def test_json_shapes_of_a_ballot(ballot_format, marks, ranking):
    election = parsed(normalised, json_with([[5, marks]], ballot_format=ballot_format))
    assert dict(election.ballots) == {ranking: 5}


def test_json_scores():
    election = parsed(normalised, json_with([[2, [5, 0, None]], [1, []]], ballot_format="score-vector, 0 to 5"))
    assert election.scored
    assert dict(election.ballots) == {(5, 0, None): 2, (): 1}
    back = parsed(normalised, "".join(normalised.write(election)))
    assert dict(back.ballots) == dict(election.ballots)
    assert back.scored


def test_json_keys_in_any_order_and_unknown_ones_passed_over():
    text = '{"expected": {"a": ["]", {}]}, "ballots": [[1, [0]]], "x": 1.5e3, "candidates": ["A"], "seats": 1}'
    assert dict(parsed(normalised, text).ballots) == {(0,): 1}


def test_json_names_stay_as_they_are():
    election = parsed(normalised, '{"candidates": [" A  B ", "\\u200bC"], "seats": 1, "ballots": []}')
    assert election.candidates == (" A  B ", "\u200bC")


def test_json_withdrawn_by_number_or_name():
    for withdrawn in ([1], ["B"]):
        assert parsed(normalised, json_with([], withdrawn=withdrawn)).withdrawn == frozenset({1})


def test_json_keeps_what_no_opinion_means():
    election = parsed(normalised, json_with([[1, [1, None, 2]]], ballot_format="rank-vector; null = No opinion"))
    back = parsed(normalised, "".join(normalised.write(election)))
    assert "no opinion" in back.ballot_format
    assert dict(back.ballots) == {(0, 2): 1}


def test_json_ballots_longer_than_a_piece():
    """A ballot longer than what is looked at first is read whole; one longer than any is refused."""
    names = [f"Option {i}" for i in range(900)]
    ranking = list(range(900))
    text = json.dumps({"seats": 1, "candidates": names, "ballots": [[3, ranking]]})
    assert dict(parsed(normalised, text).ballots) == {tuple(ranking): 3}
    with pytest.raises(BadFile, match="line 1: a value is too long"):
        parsed(normalised, text.replace("[3, [", "[3, [" + " " * 300_000))
