"""The workflow for a public forge, which nobody runs before it is there."""

import re

from conftest import PROJECT


def test_workflow_runs_the_commands_of_readme():
    """A command that README tells would be tried on no system but its author's."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    workflow = (PROJECT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    run = [" ".join(lines.split()) for lines in
           re.findall(r"run: >-\n((?: {10}.*\n)+)", workflow.replace(" --close", ""))]
    commands = re.findall(r"^python3 -m venv .*", readme, re.MULTILINE)
    on_windows = [command.replace("python3 ", "python ").replace("/bin/", "\\Scripts\\")
                  for command in commands]
    assert len(commands) == 2 and run == commands + on_windows
