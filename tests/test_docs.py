"""The guide: what it quotes, links, shows and tells is there, and up to date."""

import re
import shlex
import unicodedata

import numpy as np
import pytest
from conftest import PROJECT, STAGES, run_python, run_stage
from matplotlib.colors import to_rgb
from PIL import Image

from common import command_line
from common.dashboard.drawing import style
from docs import steps, written
from docs.drawing import stages, tools

GUIDE = sorted((PROJECT / "docs").rglob("*.md"))
PAGES = GUIDE + [path for path in (*PROJECT.glob("*.md"), *sorted(PROJECT.glob("*/README.md")))
                 if not path.parent.name.startswith(".") and path not in GUIDE]
STEPS = list(zip(STAGES, STAGES[1:]))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SHOWN = re.compile(r'<picture><source media="\(prefers-color-scheme:dark\)" srcset="([^"]+)">'
                   r'<img alt="([^"]+)" src="([^"]+)"></picture>')
QUOTE = re.compile(r"^Ours,\s\[([\w.]+)\]\([^)]*\)[^:]*:\n\n```python\n(.*?)^```$",
                   re.MULTILINE | re.DOTALL)
LARGEST = 200_000         # bytes of a picture
LARGEST_FILM = 3_000_000  # bytes
RATES = {"0.0001", "0.0003", "0.0031", "0.0012"}  # learning rates, which nobody measures


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


# what is written from the pages and the scripts


def test_differences_are_up_to_date():
    """A reader would type lines that are no longer ours: python docs/make.py text cures it."""
    assert [name_of(page) for page in GUIDE if written.with_differences(read(page)) != read(page)
            ] == []
    found = [place.groups()[1:3] for page in GUIDE for place in steps.PLACE.finditer(read(page))]
    assert sorted(found) == STEPS[1:]  # the first is in steps, by hand


def test_exercise_sheet_is_up_to_date():
    """A class would work on other exercises: python docs/make.py text cures it."""
    assert read(written.LAB.with_name("exercises.md")) == written.sheet()


def test_notebook_is_up_to_date():
    """Its readers would learn something else: python docs/make.py text cures it."""
    assert read(written.LAB.with_name("lab.ipynb")) == written.notebook()


def codes(text):
    """The code of a script by sections."""
    lines = steps.code_lines(text)
    return {name: [lines[n] for n in numbers] for name, numbers in steps.sections(text).items()}


def test_who_follows_the_guide_by_hand_ends_at_the_last_stage(tmp_path):
    """On the way, each step of the second page runs."""
    mine, path = read(PROJECT / STAGES[0]), tmp_path / "mine.py"
    for step in steps.STEP.findall(read(PROJECT / "docs" / "lab" / "2_five_layers.md")):
        mine = steps.changed(mine, step)
        path.write_text(mine, encoding="utf-8")
        assert run_stage(path, "--iterations", "1")["dashboard"].run.phase == "finished"
    assert codes(mine) == codes(read(PROJECT / STAGES[1]))
    for one, other in STEPS[1:]:
        mine = steps.changed(mine, steps.difference(*(read(PROJECT / name)
                                                      for name in (one, other))))
        assert codes(mine) == codes(read(PROJECT / other))


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
        path, _, anchor = link.partition("#")
        if not re.match(r"\w+:", link):
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_every_page_of_the_guide_is_reached_from_the_lab():
    """A page that nobody links is a page that nobody reads."""
    seen, waiting = set(), [PROJECT / "docs" / "lab.md"]
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += [target for link in LINK.findall(prose(at))
                        if (target := (at.parent / link.partition("#")[0]).resolve()) in GUIDE]
    assert set(GUIDE) - seen == set()


def test_every_picture_is_there_and_shown():
    """A reader would see a broken picture, none on a dark page, or miss one that was drawn."""
    names, folder = set(), PROJECT / "docs" / "pictures"
    for page in GUIDE:
        for dark, words, light in SHOWN.findall(read(page)):
            light, dark = (page.parent / light).resolve(), (page.parent / dark).resolve()
            assert (light.parent, dark) == (folder, folder / "dark" / light.name)
            assert max(light.stat().st_size, dark.stat().st_size) < LARGEST
            assert len(words.split()) > 5, light  # who cannot see it learns what is to be seen
            names.add(light.name)
        assert not re.search(r"!\[[^]]*\]\(|<img (?!alt)", read(page)), page
    assert names == {path.name for path in folder.glob("*.png")}
    assert names == {path.name for path in (folder / "dark").glob("*.png")}


def test_misread_digits_are_seen_on_dark_pages():
    """Pale digits on a pale red are hard to see: WCAG asks for a contrast of 4.5 to 1."""
    red = [round(255 * channel) for channel in to_rgb(style.WRONG_COLOUR)]
    ink = [round(255 * channel) for channel in to_rgb(style.INK)]
    turned = tools.dark(Image.fromarray(np.array([[ink, red]], np.uint8)))
    drawn = Image.open(tools.DARK / "view_misread.png").convert("RGB")
    most = max(drawn.getcolors(drawn.width * drawn.height))[1]  # the colour behind the digits
    assert contrast(*np.asarray(turned)[0]) >= 4.5
    assert contrast(turned.getpixel((0, 0)), most) >= 4.5


def contrast(*colours):
    """The contrast of two colours, 0 to 255, as WCAG 2.1 defines it."""
    shares = np.array(colours) / 255
    linear = np.where(shares <= 0.03928, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    darker, lighter = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("version", stages.VERSIONS)
def test_dashboard_is_of_the_committed_code(version):
    """It shows another network. If so: python docs/make.py stages trains and draws it anew."""
    assert stages.is_current(version)


def test_readme_shows_a_film_that_loads_at_once():
    film = PROJECT / "docs" / "dashboard.gif"
    assert "](docs/dashboard.gif)" in read(PROJECT / "README.md")
    assert film.stat().st_size < LARGEST_FILM


# quoted code, commands, numbers


def test_workflow_runs_the_commands_of_readme():
    """A command that README tells would be tried on no system but its author's."""
    workflow = read(PROJECT / ".github" / "workflows" / "tests.yml").replace(" --close", "")
    run = [" ".join(lines.split()) for lines in
           re.findall(r"run: >-\n((?: {10}.*\n)+)", workflow)]
    commands = re.findall(r"^python3 -m venv .*", read(PROJECT / "README.md"), re.MULTILINE)
    on_windows = [command.replace("python3 ", "python ").replace("/bin/", "\\Scripts\\")
                  for command in commands]
    assert len(commands) == 2 and run == commands + on_windows


def test_codelab_page_quotes_our_lines():
    quotes = QUOTE.findall(read(PROJECT / "docs" / "codelab.md"))
    assert len(quotes) >= 10 and {script for script, _ in quotes} == set(STAGES)
    for script, block in quotes:
        for line in block.splitlines():
            assert not line or line.strip() in lines_of(PROJECT / script), (script, line)


@every_page_of_the_guide
def test_quoted_python_is_ours(page):
    """A reader looks for lines that no script has."""
    if page.name in ("codelab.md", "reference.md"):
        return  # the codelab's lines, see above; a user's own code
    ours = {"…"}.union(*(lines_of(path) for path in (
        *PROJECT.glob("mnist_*.py"), *PROJECT.glob("variations/*.py"),
        *PROJECT.glob("docs/stage_*.py"), *PROJECT.glob("benchmarks/peers/*.py"))))
    for language, block in BLOCK.findall(read(page)):
        if language == "python":
            assert [line for line in block.splitlines() if line and line.strip() not in ours] == []


@every_page_of_the_guide
def test_commands_have_scripts_and_options_that_are_there(page):
    flags = {option.flag for option in command_line.OPTIONS}
    blocks = [block for language, block in BLOCK.findall(read(page)) if not language]
    for line in "".join(blocks).replace("\\\n", " ").splitlines():
        if re.match(r"(\.venv/bin/)?python3? (?!-m)", line):
            _, script, *options = shlex.split(line)
            assert script == "mine.py" or (PROJECT / script).exists(), line
            assert {word for word in options if word.startswith("--")} <= flags, line


@every_page_of_the_guide
def test_every_accuracy_was_measured(page):
    """It is in README, at the end or the beginning of a stage, in measured.md or the reference."""
    sources = "".join(map(read, (PROJECT / "README.md", *(PROJECT / "docs" / name for name in
                                 ("measured.md", "reference.md")),
                                 *(PROJECT / script for script in STAGES))))
    sources = " ".join(re.sub(r"^# ", "", sources, flags=re.MULTILINE).split())
    text = " ".join(prose(page).split())
    numbers = set(re.findall(r"\b0\.\d{4}\b(?: ± 0\.\d{4})?|\b\d+\.\d ± \d\.\d\b", text))
    assert [number for number in numbers - RATES if number not in sources] == []


def test_step_on_paper_gives_the_numbers_of_the_page():
    """Who runs the small example would see other numbers than the page tells."""
    printed = run_python("docs/one_step.py", check=True).stdout
    before, after = re.findall(r"\[([\d. ]+)\] loss", printed)
    text = " ".join(read(PROJECT / "docs" / "lab" / "1_one_layer.md").split())
    assert "says {:.2f} to its {:.2f}.".format(*map(float, before.split())) in text
    assert f"Now neuron 1 says {float(after.split()[1]):.2f}." in text


@every_page_of_the_guide
def test_form(page):
    """GitHub would show a page that has lost its form: an open block, a tag that it drops."""
    for line in prose(page).splitlines():
        assert len(line) <= 100 or line.startswith(("|", "<picture>")) or "](" in line, line
        tags = set(re.findall(r"<(?!!--)/?(\w+)", re.sub(r"`[^`]*`", "", line)))
        assert tags <= {"details", "summary", "img", "picture", "source"}, line
    assert read(page).count("<details>") == read(page).count("</details>")
    assert read(page).count("```") % 2 == 0
