"""Says which state of the lab a script is, or where it first differs from the one it is closest to.

Run:  python docs/check.py mine.py

It compares code, not comments, and writes nothing. Its status is 0 if the script is a state of the
lab, else 1.
"""

import ast
import difflib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))  # has docs/

from docs.steps import PROJECT, code_lines, states


def statements(text):
    """The code of a script, str: a list of (its line numbers, the statement as Python writes it).

    A statement that has others inside, as a loop has, counts up to the first of them.
    """
    found = []

    def visit(body, indent):
        for node in body:
            inside = getattr(node, "body", [])
            last = inside[0].lineno - 1 if inside else node.end_lineno
            code = ast.unparse(node)
            found.append((range(node.lineno, last + 1),
                          indent + (code.partition("\n")[0] if inside else code)))
            for name in ("body", "orelse"):
                visit(getattr(node, name, []), indent + "    ")

    tree = ast.parse(text)
    visit(tree.body[ast.get_docstring(tree) is not None:], "")
    return found


def check(name, text):
    """Compare a script with the states of the lab.

    Args:
      name: str, what to call it.
      text: str, all of it.

    Returns:
      Whether it is one of them, bool; and what to tell, str.
    """
    try:
        mine = statements(text)
    except SyntaxError as error:
        shown = "".join(text.splitlines()[error.lineno - 1:error.lineno]).strip()
        sign = "\n  The sign at its beginning is the page's: leave it out."
        return False, (f"{name}, line {error.lineno}: {error.msg}\n  {shown}"
                       + sign * shown.startswith(("+", "-")))
    lab = [(state, statements(state.text)) for state in states()]
    codes = [[code for _, code in there] for _, there in lab]
    changes = [[change for change in difflib.SequenceMatcher(
        None, [code for _, code in mine], code, autojunk=False).get_opcodes()
        if change[0] != "equal"] for code in codes]
    sizes = [sum(max(end - start, last - first) for _, start, end, first, last in some)
             for some in changes]
    best = max(range(len(lab)), key=lambda n: (-sizes[n], n))
    state = lab[best][0]
    if not changes[best]:
        return True, f"{name} is {state.name}: no code differs."
    _, start, end, first, last = changes[best][0]
    yours, theirs = mine[start:end][:1], lab[best][1][first:last][:1]
    # Explained on the page where the lab's line came, or where one that is too many went.
    _, sought = (theirs or yours)[0]
    others = [n for n in range(best) if (sought in codes[n]) != bool(theirs)]
    page = lab[others[-1] + 1 if others else 0 if theirs else best][0].page
    told = [f"{name} is closest to {state.name}. "
            + (f"Line {_line(text, mine[start][0], state.text, theirs)} differs:" if yours else
               f"Before line {mine[start][0][0] if mine[start:] else len(text.splitlines()) + 1} "
               "one is missing:")]
    told += [f"  {label} {some[0][1].strip()}"
             for label, some in (("yours:", yours), ("there:", theirs)) if some]
    return False, "\n".join([*told, f"See {page.relative_to(PROJECT).as_posix()}."])


def _line(text, numbers, other_text, theirs):
    """Which of the lines of a statement differs."""
    code, other_code = code_lines(text), code_lines(other_text)
    there = [other_code[n - 1].strip() for n in theirs[0][0]] if theirs else []
    return next((n for n in numbers if code[n - 1].strip() not in there), numbers[0])


def main(arguments):
    if len(arguments) != 1:
        sys.exit("Say which script: python docs/check.py mine.py")
    try:
        text = pathlib.Path(arguments[0]).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        sys.exit(f"{arguments[0]} cannot be read: {getattr(error, 'strerror', None) or error}")
    is_right, words = check(arguments[0], text)
    print(words)
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
