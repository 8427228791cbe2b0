"""The results file: each measurement owns its section and touches no other."""

from bench.results import write_section


def test_a_section_is_added_replaced_in_its_place_and_leaves_the_others(tmp_path):
    path = tmp_path / "RESULTS.md"
    write_section("One", "first", path)
    write_section("Two", "second\n\n| a |\n|---|", path)
    before = path.read_text().split("## Two")[1]
    write_section("One", "first again\n\n### not a section", path)
    text = path.read_text()
    assert text.startswith("# Measured\n")
    assert text.index("## One") < text.index("### not a section") < text.index("## Two")
    assert "first again" in text
    assert "first\n" not in text
    assert text.split("## Two")[1] == before
    write_section("One", "first again\n\n### not a section", path)
    assert path.read_text() == text
