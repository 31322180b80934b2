"""The guide: what it quotes, links, shows and tells is there, and up to date."""

import ast
import re
import shlex
import unicodedata

import pytest
from conftest import PROJECT, STAGES

from docs import make_dashboards, make_diffs, make_pictures

GUIDE = sorted((PROJECT / "docs").rglob("*.md"))
PAGES = GUIDE + [path for path in (PROJECT / "README.md", *sorted(PROJECT.glob("*/README.md")))
                 if not path.parent.name.startswith(".") and path not in GUIDE]
STEPS = list(zip(STAGES, STAGES[1:]))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
QUOTE = re.compile(r"^Ours,\s\[([\w.]+)\]\([^)]*\)[^:]*:\n\n```python\n(.*?)^```$",
                   re.MULTILINE | re.DOTALL)
LARGEST = 200_000  # bytes of a picture


def name_of(page):
    return str(page.relative_to(PROJECT))


def read(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    """A page without its blocks of code."""
    return BLOCK.sub("", read(page))


def lines_of(path):
    """The lines of a script, with and without the comments at their ends."""
    lines = [line.strip() for line in read(path).splitlines() if line.strip()]
    return {*lines, *(line.split("  #")[0].rstrip() for line in lines)}


every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)
every_page_of_the_guide = pytest.mark.parametrize("page", GUIDE, ids=name_of)


# differences between scripts


def test_differences_are_up_to_date():
    """If not: python docs/make_diffs.py writes them anew."""
    assert [name_of(page) for page in GUIDE if make_diffs.updated(read(page)) != read(page)] == []


def test_the_guide_has_every_difference_once():
    found = [place.groups()[1:3] for page in GUIDE
             for place in make_diffs.PLACE.finditer(read(page))]
    assert sorted(found) == STEPS


def codes(script):
    return {name: [code for code, _ in lines]
            for name, lines in make_diffs.sections(script).items()}


def follow(code, difference):
    """Do what a reader does: find the old lines in their section, put the new ones there."""
    hunks = re.split(r"^@@ (.*) @@\n", difference, flags=re.MULTILINE)
    for name, hunk in zip(hunks[1::2], hunks[2::2]):
        lines = [(line[0], line[1:].split("  # ")[0].rstrip()) for line in hunk.splitlines()]
        old = [line for sign, line in lines if sign in " -"]
        new = [line for sign, line in lines if sign in " +"]
        section = [line.split("  # ")[0].rstrip() for line in code[name]]
        places = [n for n in range(len(section)) if section[n:n + len(old)] == old]
        assert len(places) == 1, (name, old)
        code[name] = section[:places[0]] + new + section[places[0] + len(old):]
    return code


def test_who_follows_the_guide_by_hand_ends_at_the_last_stage():
    code = codes(STAGES[0])
    for step in STEPS:
        code = follow(code, make_diffs.diff(*step).removeprefix("```diff\n").removesuffix("```\n"))
        assert code == codes(step[1])


# links, pictures


def anchors(page):
    """The anchors that GitHub gives to a page's headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        text = LINK.sub("", heading).replace("`", "").strip().lower()
        found.add("".join("-" if character == " " else character for character in text
                          if character in " -_" or unicodedata.category(character)[0] in "LN"))
    return found


@every_page
def test_links_lead_somewhere(page):
    for link in LINK.findall(prose(page)):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@every_page_of_the_guide
def test_every_page_of_the_guide_is_reached_from_the_lab(page):
    seen, waiting = set(), [PROJECT / "docs" / "lab.md"]
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += [target for link in LINK.findall(prose(at))
                        if (target := (at.parent / link.partition("#")[0]).resolve()) in GUIDE]
    assert page in seen


def test_every_picture_is_shown():
    shown = {(page.parent / link).resolve() for page in GUIDE for link in LINK.findall(read(page))
             if link.endswith(".png")}
    drawn = {make_pictures.FOLDER / f"{name}.png" for name in make_pictures.PICTURES}
    dashboards = {make_dashboards.picture_of(version) for version in make_dashboards.STAGES}
    assert shown == drawn | dashboards


@pytest.mark.parametrize("name", make_pictures.PICTURES)
def test_picture_is_there(name):
    """If not: python docs/make_pictures.py draws it."""
    assert (make_pictures.FOLDER / f"{name}.png").stat().st_size < LARGEST


@pytest.mark.parametrize("version", make_dashboards.STAGES)
def test_dashboard_is_of_the_committed_code(version):
    """If not: python docs/make_dashboards.py trains the stage and makes it anew."""
    path = make_dashboards.picture_of(version)
    assert path.exists()
    assert make_dashboards.fingerprint_in(path) == make_dashboards.fingerprint(
        make_dashboards.STAGES[version])
    assert path.stat().st_size < LARGEST


def test_picture_in_readme_is_that_of_the_last_stage():
    picture, caption = make_dashboards.README_PICTURE, " ".join(read(PROJECT / "README.md").split())
    last = max(make_dashboards.STAGES)
    assert make_dashboards.fingerprint_in(picture) == make_dashboards.fingerprint(
        make_dashboards.STAGES[last])
    accuracy = float(re.search(r"final test accuracy +([\d.]+)",
                               make_dashboards.result_in(picture))[1])
    assert f"{10_000 - round(10_000 * accuracy)} of the 10,000 test digits" in caption
    assert picture.stat().st_size < 3 * LARGEST


# quoted code, commands, numbers


def test_codelab_page_quotes_our_lines():
    quotes = QUOTE.findall(read(PROJECT / "docs" / "codelab.md"))
    assert len(quotes) >= 15 and {script for script, _ in quotes} == set(STAGES)
    for script, block in quotes:
        for line in block.splitlines():
            assert not line or line.strip() in lines_of(PROJECT / script), (script, line)


@every_page_of_the_guide
def test_quoted_python_is_ours(page):
    if page.name == "codelab.md":
        return  # it quotes the codelab, too; see above
    ours = {"…"}.union(*(lines_of(path) for path in (
        *PROJECT.glob("mnist_*.py"), *(PROJECT / "docs").glob("stage_*.py"))))
    for language, block in BLOCK.findall(read(page)):
        if language == "python":
            assert [line for line in block.splitlines() if line and line.strip() not in ours] == []


@every_page_of_the_guide
def test_commands_name_scripts_that_are_there(page):
    for language, block in BLOCK.findall(read(page)):
        if language:
            continue
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            if words[0] in (".venv/bin/python", "python", "python3") and words[1] != "-m":
                assert words[1] == "mine.py" or (PROJECT / words[1]).exists(), line
                options = set(re.findall(r'"(--[\w-]+)"', read(PROJECT / "common/command_line.py")))
                assert {word for word in words[2:] if word.startswith("--")} <= options, line
            elif words[0] == "diff":
                assert words[1] == "mine.py" and words[2] in STAGES, line
            else:
                assert words[0] in ("cp", *(".venv/bin/python", "python3")), line


@every_page_of_the_guide
def test_every_accuracy_was_measured(page):
    """It is in README, at the end or the beginning of a stage, or in measured.md."""
    sources = "".join(map(read, (PROJECT / "README.md", PROJECT / "docs" / "measured.md",
                                 *(PROJECT / script for script in STAGES))))
    sources = " ".join(re.sub(r"^# ", "", sources, flags=re.MULTILINE).split())
    text = " ".join(prose(page).split())
    for number in re.findall(r"\b0\.\d{4}\b(?: ± 0\.\d{4})?|\b\d+\.\d ± \d\.\d\b", text):
        if number in ("0.0001", "0.0003", "0.0031", "0.0012"):  # learning rates
            continue
        assert number in sources, number
    assert "MEASURE" not in text


def test_counted_weights_are_those_of_the_scripts():
    counts = {}
    for script in STAGES:
        total = 0
        for node in ast.walk(ast.parse(read(PROJECT / script))):
            if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                    and node.func.attr in ("zeros", "ones", "truncated_normal")):
                product = 1
                for factor in node.args[0].elts:
                    product *= eval(compile(ast.Expression(factor), script, "eval"))
                total += product
        counts[script.split("_")[1]] = total
    text = read(PROJECT / "docs" / "measured.md")
    for version in ("1.0", "2.0", "3.0", "3.1"):
        assert f"{counts[version]:,}" in text


# form


@every_page_of_the_guide
def test_form(page):
    for line in prose(page).splitlines():
        assert len(line) <= 100 or line.startswith("|") or "](" in line, line
        tags = set(re.findall(r"<(?!!--)/?(\w+)", re.sub(r"`[^`]*`", "", line)))
        assert tags <= {"details", "summary", "img"}, line
    text = read(page)
    assert text.count("<details>") == text.count("</details>")
    assert text.count("```") % 2 == 0
