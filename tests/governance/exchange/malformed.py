"""Files that cannot be counted: name, options, bytes, the line the message must name (None: no line), and words of
the fault.
"""

BLT = b'3 2\n4 1 2 0\n3 2 3 0\n0\n"Amara"\n"Jonas"\n"Mei"\n"Board"\n'
JSON = b"""{
 "title": "Board",
 "seats": 2,
 "candidates": ["Amara", "Jonas", "Mei"],
 "ballots": [
  [4, [0, 1]],
  [3, [1, 2]]
 ],
 "rule": {"name": "scottish-stv"}
}
"""
SOC = b"""# TITLE: Board
# DATA TYPE: soc
# NUMBER ALTERNATIVES: 3
# NUMBER VOTERS: 7
# ALTERNATIVE NAME 1: Amara
# ALTERNATIVE NAME 2: Jonas
# ALTERNATIVE NAME 3: Mei
4: 1,2,3
3: 2,3,1
"""
CSV = b"count,Amara,Jonas,Mei\n4,1,2,\n3,,1,2\n"
IRV = ("--method", "irv", "--seats", "1")


def swap(text: bytes, old: bytes, new: bytes) -> bytes:
    assert text.count(old) == 1, old
    return text.replace(old, new)


FILES = [
    # BLT
    ("empty.blt", (), b"", 1, "empty"),
    ("only-blank-lines.blt", (), b"\n\n  \n", 1, "empty"),
    ("head-of-words.blt", (), swap(BLT, b"3 2\n", b"three two\n"), 1, "two numbers"),
    ("head-too-short.blt", (), swap(BLT, b"3 2\n", b"3\n"), 1, "two numbers"),
    ("no-candidates.blt", (), swap(BLT, b"3 2\n", b"0 2\n"), 1, "number of candidates"),
    ("no-seats.blt", (), swap(BLT, b"3 2\n", b"3 0\n"), 1, "number of seats"),
    ("a-million-candidates.blt", (), swap(BLT, b"3 2\n", b"1000000 2\n"), 1, "number of candidates"),
    ("unknown-candidate.blt", (), swap(BLT, b"3 2 3 0", b"3 2 4 0"), 3, "option 4"),
    ("negative-preference.blt", (), swap(BLT, b"3 2 3 0", b"3 2 -3 0"), 3, "not a candidate's number"),
    ("repeated-preference.blt", (), swap(BLT, b"3 2 3 0", b"3 2 2 0"), 3, "twice"),
    ("no-closing-zero.blt", (), swap(BLT, b"3 2 3 0", b"3 2 3"), 3, "does not end with 0"),
    ("zero-inside.blt", (), swap(BLT, b"3 2 3 0", b"3 2 0 3 0"), 3, "0 stands in the middle"),
    ("nobody-voted-so.blt", (), swap(BLT, b"3 2 3 0", b"0 2 3 0"), 3, "0 times"),
    ("minus-three-papers.blt", (), swap(BLT, b"3 2 3 0", b"-3 2 3 0"), 3, "withdrawn"),
    ("half-a-paper.blt", (), swap(BLT, b"3 2 3 0", b"1.5 2 3 0"), 3, "not a number of papers"),
    ("a-word-inside.blt", (), swap(BLT, b"3 2 3 0", b"3 two 3 0"), 3, "not a candidate's number"),
    ("arabic-digits.blt", (), swap(BLT, b"3 2 3 0", "3 ٢ 3 0".encode()), 3, "not a candidate's number"),
    ("endless-number.blt", (), swap(BLT, b"3 2 3 0", b"3 " + b"9" * 6000 + b" 0"), 3, "not a candidate's number"),
    ("equal-ranks.blt", (), swap(BLT, b"3 2 3 0", b"3 2=3 0"), None, "same rank"),
    ("papers-never-end.blt", (), BLT[: BLT.index(b'0\n"')], 3, "ends before the 0"),
    ("too-few-names.blt", (), swap(BLT, b'"Mei"\n"Board"\n', b""), 6, "3 candidates need a name"),
    ("same-name-twice.blt", (), swap(BLT, b'"Mei"', b'"Amara"'), 7, "same name"),
    ("nameless.blt", (), swap(BLT, b'"Jonas"', b'""'), 6, "no name"),
    ("open-quotation.blt", (), swap(BLT, b'"Jonas"', b'"Jonas'), 6, "quotation marks"),
    ("text-after-title.blt", (), BLT + b"one\ntwo\nthree\n", 11, "after the title"),
    ("latin-1.blt", (), swap(BLT, b"Jonas", b"J\xf6nas"), 6, "0xF6"),
    ("utf-16.blt", (), "3 2\n".encode("utf-16"), 1, "UTF-16"),
    ("zero-bytes.blt", (), swap(BLT, b"Jonas", b"J\0nas"), 6, "not text"),
    ("one-endless-line.blt", (), b"3 2 " + b"1 " * 400_000, 1, "longer than"),
    # normalised JSON
    ("empty.json", (), b"", 1, "empty"),
    ("cut-short.json", (), JSON[: JSON.index(b'"rule"')], 9, "not JSON"),
    ("cut-in-the-ballots.json", (), JSON[: JSON.index(b"[3,")], 5, "not closed"),
    ("comma-missing.json", (), swap(JSON, b"[4, [0, 1]],", b"[4, [0, 1]]"), 7, "comma"),
    ("comma-too-many.json", (), swap(JSON, b"[3, [1, 2]]", b"[3, [1, 2]],"), 8, "not JSON"),
    ("a-list.json", (), b"[1, 2]", 1, "one JSON object"),
    ("text-behind.json", (), JSON + b"{}", 11, "after the closing brace"),
    ("no-ballots.json", (), b'{"seats": 1, "candidates": ["A"]}', 1, "no “ballots”"),
    ("no-candidates.json", (), b'{\n"seats": 1,\n"ballots": []}', 3, "no “candidates”"),
    ("empty-candidates.json", (), swap(JSON, b'["Amara", "Jonas", "Mei"]', b"[]"), 4, "candidates, not 0"),
    ("numbers-for-names.json", (), swap(JSON, b'["Amara", "Jonas", "Mei"]', b"[1, 2, 3]"), 4, "list of names"),
    ("same-name-twice.json", (), swap(JSON, b'"Mei"', b'"Amara"'), 4, "same name"),
    ("half-a-character.json", (), swap(JSON, b'"Mei"', b'"\\ud800"'), 4, "U+D800"),
    ("seats-of-text.json", (), swap(JSON, b'"seats": 2', b'"seats": "two"'), 3, "“seats”"),
    ("no-seats.json", (), swap(JSON, b'"seats": 2', b'"seats": 0'), 3, "“seats”"),
    ("seats-missing.json", (), swap(JSON, b' "seats": 2,\n', b""), None, "--seats"),
    ("unknown-candidate.json", (), swap(JSON, b"[1, 2]", b"[1, 3]"), 7, "option 4"),
    ("negative-index.json", (), swap(JSON, b"[1, 2]", b"[1, -1]"), 7, "option 0"),
    ("repeated-preference.json", (), swap(JSON, b"[1, 2]", b"[1, 1]"), 7, "twice"),
    ("fraction-for-candidate.json", (), swap(JSON, b"[1, 2]", b"[1, 1.5]"), 7, "not a candidate's number"),
    ("truth-for-candidate.json", (), swap(JSON, b"[1, 2]", b"[1, true]"), 7, "not a candidate's number"),
    ("groups-unannounced.json", (), swap(JSON, b"[1, 2]", b"[[1, 2]]"), 7, "not a candidate's number"),
    ("no-papers.json", (), swap(JSON, b"[3, [1, 2]]", b"[0, [1, 2]]"), 7, "0 times"),
    ("minus-papers.json", (), swap(JSON, b"[3, [1, 2]]", b"[-3, [1, 2]]"), 7, "-3 times"),
    ("half-papers.json", (), swap(JSON, b"[3, [1, 2]]", b"[1.5, [1, 2]]"), 7, "not a number of papers"),
    ("true-papers.json", (), swap(JSON, b"[3, [1, 2]]", b"[true, [1, 2]]"), 7, "not a number of papers"),
    ("not-a-pair.json", (), swap(JSON, b"[3, [1, 2]]", b"[1, 2]"), 7, "list of two"),
    ("ballots-of-text.json", (), JSON[: JSON.index(b"[\n")] + b'"many"}', 5, "“ballots” must be a list"),
    ("given-twice.json", (), swap(JSON, b' "seats": 2,\n', b' "seats": 2,\n "seats": 3,\n'), 4, "twice"),
    ("not-a-number.json", (), swap(JSON, b'"seats": 2', b'"seats": NaN'), 3, "NaN"),
    ("withdrawn-unknown.json", (), swap(JSON, b'"seats": 2', b'"seats": 2, "withdrawn": [7]'), 3, "“withdrawn”"),
    ("all-withdrawn.json", (), swap(JSON, b'"seats": 2', b'"seats": 2, "withdrawn": [0, 1, 2]'), None, "withdrawn"),
    ("unknown-rule.json", (), swap(JSON, b'"scottish-stv"', b'"borda"'), 9, "borda"),
    ("rule-of-text.json", (), swap(JSON, b'{"name": "scottish-stv"}', b'"scottish-stv"'), 9, "“rule”"),
    ("no-rule.json", (), swap(JSON, b',\n "rule": {"name": "scottish-stv"}', b""), None, "--method"),
    ("unknown-format.json", (), swap(JSON, b'"seats": 2', b'"seats": 2, "ballot_format": "runes"'), 3, "runes"),
    ("short-vector.json", (), swap(JSON, b'"seats": 2', b'"seats": 2, "ballot_format": "rank-vector"'), 6, "2 ranks"),
    ("deeply-nested.json", (), swap(JSON, b"[3, [1, 2]]", b"[" * 50_000 + b"]" * 50_000), 7, "nested"),
    ("latin-1.json", (), swap(JSON, b"Jonas", b"J\xf6nas"), 4, "0xF6"),
    ("irv-for-two.json", ("--method", "irv"), JSON, None, "one seat"),
    ("scores-wanted.json", ("--method", "score"), JSON, None, "scores"),
    # PrefLib
    ("empty.soc", IRV, b"", 1, "empty"),
    ("no-method.soc", (), SOC, None, "--method"),
    ("no-seats.soc", ("--method", "irv"), SOC, None, "--seats"),
    ("not-everybody.soc", IRV, swap(SOC, b"3: 2,3,1", b"3: 2,3"), 9, "ranks 2 of 3"),
    ("tie-in-strict.soc", IRV, swap(SOC, b"3: 2,3,1", b"3: 2,{3,1}"), 9, "no ties"),
    ("wrong-kind.toi", IRV, SOC, 2, "named toi"),
    ("cut-short.soc", IRV, swap(SOC, b"3: 2,3,1\n", b""), 4, "7 voted"),
    ("unnamed.soc", IRV, swap(SOC, b"# ALTERNATIVE NAME 3: Mei\n", b""), 7, "no name"),
    ("unknown-alternative.soc", IRV, swap(SOC, b"3: 2,3,1", b"3: 2,3,4"), 9, "option 4"),
    ("no-colon.soc", IRV, swap(SOC, b"3: 2,3,1", b"3 2,3,1"), 9, "number: order"),
    ("open-brace.toc", IRV, swap(SOC, b"soc", b"toc").replace(b"3: 2,3,1", b"3: 2,{3,1"), 9, "not an order"),
    ("old-head.soc", IRV, b"2\n1,Amara\n2 Jonas\n", 3, "number,name"),
    # CSV
    ("empty.csv", IRV, b"", 1, "first line"),
    ("one-column.csv", IRV, b"count\n3\n", 1, "columns"),
    ("ragged.csv", IRV, swap(CSV, b"3,,1,2", b"3,,1"), 3, "3 cells"),
    ("word-for-rank.csv", IRV, swap(CSV, b"3,,1,2", b"3,,one,2"), 3, "not a rank"),
    ("rank-nought.csv", IRV, swap(CSV, b"3,,1,2", b"3,,0,2"), 3, "not a rank"),
    ("word-for-count.csv", IRV, swap(CSV, b"3,,1,2", b"three,,1,2"), 3, "not a number of papers"),
    ("open-quotation.csv", IRV, swap(CSV, b"3,,1,2", b'3,,"1,2'), 3, "CSV"),
    ("named-twice.csv", IRV, b"count,rank 1,rank 2\n2,Amara,Amara\n", 2, "twice"),
    # no name to go by
    ("noise", (), bytes(range(256)) * 8, 1, "neither"),
    ("letter.txt", (), b"Dear members\nplease count our votes\n", 1, "neither"),
    ("picture.png", (), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 1, "neither"),
]
