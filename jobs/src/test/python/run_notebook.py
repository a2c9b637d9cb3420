"""
Executes a notebook from top to bottom and renders it: NOTEBOOK PAGE.html [NAME=VALUE ...].

The values replace those of the cell tagged "parameters", as papermill does. Prints as JSON what the
test looks at: pictures, tables, and anything that was said on standard error.
"""

import json
import pathlib
import sys

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter


def main(source, page, *values):
    notebook = nbformat.read(source, as_version=4)
    nbformat.validate(notebook)
    stripped = all(
        not cell.outputs and cell.execution_count is None
        for cell in notebook.cells
        if cell.cell_type == "code"
    )
    tagged = [
        i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])
    ]
    given = dict(value.split("=", 1) for value in values)
    lines = "\n".join(f"{name} = {value!r}" for name, value in given.items())
    notebook.cells.insert(tagged[0] + 1, nbformat.v4.new_code_cell(lines))
    NotebookClient(notebook, timeout=1800, kernel_name="python3").execute(cwd=None)
    # A reader has no use for the places of the machine that ran it.
    del notebook.cells[tagged[0] + 1]
    seen = {"stripped": stripped, "parameters": len(tagged), "pictures": 0, "tables": 0}
    unexplained = []
    said = []
    for before, cell in zip([None, *notebook.cells], notebook.cells):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                seen["pictures"] += 1
                if before is None or before.cell_type != "markdown":
                    unexplained.append(cell.source)
            seen["tables"] += "text/html" in data
            if output.get("name") == "stderr":
                said.append(output["text"])
    seen["unexplained"] = unexplained
    seen["stderr"] = said
    html, _ = HTMLExporter(embed_images=True).from_notebook_node(notebook)
    pathlib.Path(page).write_text(html, encoding="utf-8")
    print(json.dumps(seen))


main(*sys.argv[1:])
