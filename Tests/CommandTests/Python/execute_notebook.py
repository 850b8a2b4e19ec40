"""Executes notebooks in their folders; each must be valid and draw figures without a complaint.

Usage: execute_notebook.py [--write] NOTEBOOK…; --write keeps the outputs.
"""

import pathlib
import sys

import nbclient
import nbformat

for name in [word for word in sys.argv[1:] if word != "--write"]:
    path = pathlib.Path(name)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    client = nbclient.NotebookClient(
        notebook, timeout=300, record_timing=False,
        resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    complaints = [output.text for output in outputs if output.get("name") == "stderr"]
    assert pictures > 0, "no figure"
    assert not complaints, complaints
    if "--write" in sys.argv:
        # What differs from run to run for no reason.
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, path)
    print(f"{name}: {pictures} figures")
