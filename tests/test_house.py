"""The rooms of common/: who may import whom. Otherwise a change in one room breaks another."""

import ast
import graphlib

from conftest import PROJECT

FILES = {".".join(path.relative_to(PROJECT).with_suffix("").parts): path
         for path in (PROJECT / "common").rglob("*.py")}


def imports(module):
    """What a module of common/ imports of it, at its beginning or later: a set of names."""
    tree = ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8")))
    names = {name for node in tree if isinstance(node, ast.Import | ast.ImportFrom)
             for alias in node.names
             for name in (getattr(node, "module", None), alias.name,
                          f"{getattr(node, 'module', '')}.{alias.name}")}
    return names & FILES.keys()


def test_there_is_no_circle():
    assert list(graphlib.TopologicalSorter({name: imports(name) for name in FILES}).static_order())


def test_the_rooms_of_script_and_viewer_share_only_what_is_between_them():
    for room, other in (("outputs", "viewer"), ("viewer", "outputs"), ("drawing", "viewer"),
                        ("drawing", "outputs"), ("link", "drawing"), ("link", "outputs")):
        for name in FILES:
            if name.startswith(f"common.dashboard.{room}"):
                assert not any(there.startswith(f"common.dashboard.{other}")
                               for there in imports(name)), name


def test_the_loader_takes_nothing_of_the_dashboard():
    seen, waiting = set(), {"common.mnist_data"}
    while waiting:
        seen |= waiting
        waiting = set.union(*map(imports, waiting)) - seen
    assert seen and not any("dashboard" in name for name in seen)
