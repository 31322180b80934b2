"""What of a script is code: to compare scripts, or to tell whether one has changed."""

import ast
import io
import tokenize


def code_lines(text):
    """A script's lines without its docstring and its comments.

    Args:
      text: str, the whole script.

    Returns:
      A list of str, one for each line, without spaces at its end; empty where there is no code.
    """
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column]
    first = ast.parse(text).body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines[first.lineno - 1:first.end_lineno] = [""] * (first.end_lineno - first.lineno + 1)
    return [line.rstrip() for line in lines]
