from __future__ import annotations

import re
from pathlib import Path


def test_the_first_example_of_the_readme_prints_what_stands_below_it(capsys):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
    printed = re.search(r"```text\n(.*?)```", readme, re.DOTALL).group(1)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.split() == printed.split()
