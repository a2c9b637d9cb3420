"""Runs the cells of a notebook, one after the other, as a program."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
notebook = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
names: dict[str, object] = {"__name__": "__main__"}
for cell in notebook["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
