"""The project's own files agree with one another, with the book and with the code."""

import ast
import csv
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import gantools
from gantools import evaluation

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MODULES = {
    path.stem if path.suffix else path.name
    for path in (ROOT / "gantools").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").exists()
} - {"__init__"}

# A module imports from the floors below its own; see "The package" in the book.
FLOORS = [
    {"engine", "photos", "xmp", "credentials", "arrays", "plots", "report", "browser"},
    {
        "provenance",
        "losses",
        "layers",
        "augment",
        "features",
        "faces",
        "metrics",
        "damage",
        "collections",
        "scans",
        "runtimes",
        "live",
    },
    {"folders", "training", "pretrained", "pairs", "tiling"},
    {"colour", "dcgan", "restoration", "style", "unpaired"},
    {"archive", "evaluation", "hands", "panel", "exercises", "grader", "classroom"},
    {"cli"},
]
LIGHT = {"photos", "damage", "metrics", "collections", "provenance", "plots", "arrays"}
LIGHT |= {"classroom", "grader", "live"}
LIGHT |= {"scans", "folders", "archive", "panel", "xmp", "credentials", "runtimes"}

INSTALL = """\
# Where the package is missing this installs it, on the TensorFlow that is there.
import importlib.metadata
import importlib.util
import sys

if not (3, 11) <= sys.version_info < (3, 14):
    raise RuntimeError(f"Expected Python 3.11 to 3.13. Received: {sys.version}")
if importlib.util.find_spec("gantools") is None:
    there = {d.name: d.version for d in importlib.metadata.distributions()}
    keep = f"tensorflow=={there['tensorflow']}" if "tensorflow" in there else ""
    %pip install --quiet "gantools @ git+ADDRESS" {keep}"""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def load(name: str):
    """Import a script of .ci, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f".ci/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


address, runner, status = load("address"), load("notebooks"), load("status")


# --- dependencies


def pins() -> dict[str, str]:
    lines = re.findall(r"^([\w.-]+)==([^\s;]+)", read("constraints.txt"), re.MULTILINE)
    return {name.lower().replace("_", "-"): version for name, version in lines}


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    every = PROJECT["dependencies"] + extras["book"] + extras["test"]
    return [Requirement(line) for line in every]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_constraints_satisfy_the_project(requirement):
    version = pins()[requirement.name]
    assert requirement.specifier.contains(version), (requirement, version)


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_the_project_pins_nothing(requirement):
    operators = {part.operator for part in requirement.specifier}
    assert operators <= {">=", "<"} and ">=" in operators


def test_constraints_have_a_hash_for_everything_and_name_no_address():
    text = read("constraints.txt")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) == len(pins())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"://|^-|^#|@ |file:|/", text, re.MULTILINE)


def test_environment_is_the_python_and_the_versions_of_the_project():
    environment = yaml.safe_load(read("environment.yml"))
    python, pip, packages = environment["dependencies"]
    python = SpecifierSet(python.removeprefix("python "))
    assert python == SpecifierSet(PROJECT["requires-python"])
    assert (pip, packages) == ("pip", {"pip": ["-r constraints.txt"]})
    # Only conda-forge, also for those who have paid channels configured.
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    assert set(environment) == {"name", "channels", "dependencies"}


def test_binder_installs_what_is_tested():
    lines = read(".binder/requirements.txt").splitlines()
    (line,) = [line for line in lines if not line.startswith("#")]
    named = (ROOT / ".binder" / line.removeprefix("-r ")).resolve()
    assert named == ROOT / "constraints.txt"
    version = read(".binder/runtime.txt").strip().removeprefix("python-")
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]
    command = "pip install --no-build-isolation --no-deps -e ."
    after = ROOT / ".binder/postBuild"
    assert command in after.read_text() and command in read("README.md")
    assert os.name == "nt" or os.access(after, os.X_OK), "Binder runs it"


def test_every_supported_python_is_tested():
    matrix = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"]["everywhere"]
    pythons = matrix["strategy"]["matrix"]["python"]
    supported = SpecifierSet(PROJECT["requires-python"])
    assert pythons == [f"3.{n}" for n in range(8, 30) if supported.contains(f"3.{n}")]
    prefix = "Programming Language :: Python :: "
    named = [c for c in PROJECT["classifiers"] if c.startswith(prefix)]
    assert named == [prefix + version for version in pythons]


def test_every_system_gets_the_commands_of_the_makefile():
    nbval = "--nbval-sanitize-with tests/sanitize.cfg -n 2 --dist loadscope notebooks"
    unit = "pytest --ignore tests/browser --doctest-modules -n 2 gantools tests"
    for name in ("Makefile", "README.md", ".github/workflows/ci.yml"):
        text = " ".join(read(name).replace("\\\n", " ").split())
        assert nbval in text and unit in text, name


# --- version and address


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == gantools.__version__
    newest = re.search(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert newest[1] == gantools.__version__


def copy_places(target: Path) -> None:
    for path in address.places():
        place = target / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def test_changing_the_address_changes_all_and_can_be_undone(tmp_path):
    copy_places(tmp_path)
    old, new = address.current(), "https://github.com/some-one/restorers"
    before = {path: path.read_bytes() for path in address.places(tmp_path)}
    changed = address.change(new, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in changed}
    wanted = {"pyproject.toml", "_config.yml", "CITATION.cff", "README.md"}
    assert names >= wanted | {f"notebooks/{path.name}" for path in NOTEBOOKS}
    assert address.current(tmp_path) == new
    after = b"".join(path.read_bytes() for path in before)
    assert not any(form.encode() in after for form in address.forms(old))
    address.change(old, tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_an_address_that_colab_cannot_open_is_refused():
    with pytest.raises(ValueError, match=r"Expected https://github\.com/OWNER/NAME"):
        address.slug("https://example.org/gantools")


def test_the_address_stands_only_where_the_command_changes_it():
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git repository")
    forms = [form.encode() for form in address.forms(address.current())]
    files = [ROOT / name for name in listed.stdout.splitlines()]
    holders = {
        path
        for path in files
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    }
    assert holders <= set(address.places())


# --- the package


def imports(path: Path, top: bool) -> set[str]:
    """List the modules of gantools that a file imports, at its top or anywhere."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "gantools":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            package, _, name = node.module.partition(".")
            found |= {name.split(".")[0]} if package == "gantools" else set()
        elif isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
            found |= {part[1] for part in parts if part[0] == "gantools" and part[1:]}
    return found & MODULES


def files_of(module: str) -> list[Path]:
    folder = ROOT / "gantools" / module
    return sorted(folder.glob("*.py")) or [folder.with_suffix(".py")]


def test_every_module_has_a_floor():
    assert set().union(*FLOORS) == MODULES


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_floors_below(module):
    floor = next(n for n, names in enumerate(FLOORS) if module in names)
    below = set().union(*FLOORS[:floor])
    for path in files_of(module):
        assert imports(path, top=True) - {module} <= below
        # Inside a function a neighbour may be called for a rare need.
        assert imports(path, top=False) - {module} <= below | FLOORS[floor]


def test_what_needs_no_framework_loads_none():
    names = ", ".join(f"gantools.{name}" for name in sorted(LIGHT))
    heavy = "{'keras', 'tensorflow', 'jax', 'torch'}"
    code = f"import sys, gantools, {names}; print({heavy} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert (run.stdout.strip(), run.stderr) == ("set()", "")


def test_what_is_installed_is_all_that_the_package_holds(tmp_path):
    source, ignore = tmp_path / "source", shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "gantools", source / "gantools", ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    wheel = "-m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir"
    command = [sys.executable, *wheel.split(), str(tmp_path), str(source)]
    subprocess.run(command, check=True)
    (built,) = tmp_path.glob("*.whl")
    there = {path for path in (ROOT / "gantools").rglob("*") if path.is_file()}
    names = {path.relative_to(ROOT).as_posix() for path in there}
    wanted = {name for name in names if "__pycache__" not in name}
    with zipfile.ZipFile(built) as archive:
        held = set(archive.namelist())
    assert {name for name in held if name.startswith("gantools/")} == wanted


def test_every_module_is_in_the_book():
    page = read("book/api.md")
    documented = re.findall(r"automodule:: gantools\.(\w+)", page)
    assert sorted(documented) == sorted(MODULES)
    for number, names in enumerate(FLOORS):
        row = re.search(rf"^\| {number} \|(.*?)\|", page, re.MULTILINE)[1]
        assert set(re.findall(r"\[(\w+)\]", row)) == names


# --- the book


def chapters() -> set[str]:
    toc = yaml.safe_load(read("_toc.yml"))
    parts = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    return {toc["root"], *parts}


def test_every_page_is_in_the_table_of_contents():
    pages = [*(ROOT / "book").glob("*.md"), *NOTEBOOKS]
    written = {path.relative_to(ROOT).with_suffix("").as_posix() for path in pages}
    assert chapters() == written


def test_the_run_time_of_every_chapter_was_measured():
    rows = read("book/run-times.csv").splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == [path.stem for path in NOTEBOOKS]


STRICT_RUN = """\
<testsuites><testsuite name="pytest" timestamp="2026-11-30T14:08:12.670950+00:00">
<testcase classname="notebooks.01-a.ipynb" name="Cell 0" time="12"><skipped/></testcase>
<testcase classname="notebooks.01-a.ipynb" name="Cell 1" time="48"/>
<testcase classname="notebooks.02-b.ipynb" name="Cell 0" time="1"><failure/></testcase>
<testcase classname="notebooks.02-b.ipynb" name="Cell 1" time="1"><error/></testcase>
<testcase classname="notebooks.02-b.ipynb" name="Cell 2" time="1"/>
</testsuite></testsuites>"""


def test_the_status_page_tells_what_the_strict_run_found(tmp_path):
    report, table = tmp_path / "nbval.xml", tmp_path / "status.csv"
    report.write_text(STRICT_RUN)
    old = ["00-old", "3", "as stored", "0.2", "2026-11-01", "a slower one"]
    table.write_text(",".join(status.HEAD) + "\n" + ",".join(old) + "\n")
    status.write(report, table)
    with table.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == status.HEAD and rows[0] == old
    assert rows[1][:5] == ["01-a", "1", "as stored", "1.0", "2026-11-30"]
    assert rows[2][:3] == ["02-b", "3", "2 of 3 cells differ"]
    assert "Python" in rows[1][5] and "cores" in rows[1][5]


def test_the_status_page_has_a_row_for_every_chapter_and_invents_none():
    head, *rows = csv.reader(read("book/status.csv").splitlines())
    assert head == status.HEAD
    assert [row[0] for row in rows] == [path.stem for path in NOTEBOOKS]
    for _, cells, result, minutes, date, machine in rows:
        if result == "not recorded":
            assert (cells, minutes, date, machine) == ("",) * 4
        else:
            assert re.fullmatch(r"as stored|\d+ of \d+ cells differ", result)
            assert int(cells) and float(minutes) and machine
            assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", date)


def cells(path: Path) -> list:
    return nbformat.read(path, as_version=4).cells


def code_cells(path: Path) -> list:
    return [cell for cell in cells(path) if cell.cell_type == "code"]


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@each_notebook
def test_a_notebook_begins_with_its_title_and_the_installation(path):
    assert cells(path)[0].source.startswith("# ")
    first = code_cells(path)[0]
    assert first.source == INSTALL.replace("ADDRESS", address.current())
    assert set(first.metadata.tags) == {"nbval-skip", "hide-input"}


class Distribution(NamedTuple):
    name: str
    version: str


def install(monkeypatch, there: dict[str, str], python=(3, 12, 1)) -> list[str]:
    """Run the first cell where these packages are; list what pip is asked."""
    asked = []
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    shell.register_magic_function(asked.append, magic_name="pip")
    found = [Distribution(*pair) for pair in there.items()]
    with monkeypatch.context() as machine:
        machine.setattr(sys, "version_info", python)
        machine.setattr("importlib.metadata.distributions", lambda: found)
        machine.setattr("importlib.util.find_spec", there.get)
        result = shell.run_cell(INSTALL)
    result.raise_error()
    return [line.strip() for line in asked]


PACKAGE = '--quiet "gantools @ git+ADDRESS"'
MACHINES = {
    "Colab": ({"tensorflow": "2.20.0"}, "tensorflow==2.20.0"),
    "Kaggle": ({"tensorflow": "2.19.1", "jax": "0.7.2"}, "tensorflow==2.19.1"),
    "JupyterLab or VS Code, bare": ({}, ""),
}


@pytest.mark.parametrize("there, kept", MACHINES.values(), ids=MACHINES)
def test_the_first_cell_installs_and_keeps_the_tensorflow_there(
    monkeypatch, there, kept
):
    assert install(monkeypatch, there) == [f"install {PACKAGE} {kept}".rstrip()]


def test_the_first_cell_installs_nothing_where_the_package_is(monkeypatch):
    there = {"gantools": "0.1.0", "tensorflow": "2.21.0"}
    assert install(monkeypatch, there) == []


@pytest.mark.parametrize("python", [(3, 10, 14), (3, 14, 0)])
def test_the_first_cell_says_which_python_it_needs(monkeypatch, python):
    with pytest.raises(
        RuntimeError, match=r"Expected Python 3\.11 to 3\.13\. Received"
    ):
        install(monkeypatch, {}, python)


def test_the_first_cell_wants_the_pythons_of_the_project():
    (bounds,) = re.findall(r"not \((.*)\) <= .* < \((.*)\):", INSTALL)
    low, high = (bound.replace(", ", ".") for bound in bounds)
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(f">={low},<{high}")


def test_every_launch_link_of_the_readme_opens_a_notebook():
    config = yaml.safe_load(read("_config.yml"))
    slug = address.slug(config["repository"]["url"])
    branch, colab = (
        config["repository"]["branch"],
        config["launch_buttons"]["colab_url"],
    )
    start = f"{colab}/github/{slug}/blob/{branch}/"
    links = re.findall(r"\[open\]\((.*?)\)", read("README.md"))
    names = [link.removeprefix(start) for link in links]
    assert names == [path.relative_to(ROOT).as_posix() for path in NOTEBOOKS]


@each_notebook
def test_a_notebook_is_stored_as_it_ran(path):
    for number, cell in enumerate(code_cells(path)):
        skipped = "nbval-skip" in cell.metadata.get("tags", [])
        assert cell.execution_count or skipped, f"cell {number} never ran"
        assert "execution" not in cell.metadata, "times differ from run to run"
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text


LIVE = ("live.explore(", "live.before_after(")


@each_notebook
def test_a_figure_to_work_with_has_a_live_twin(path):
    text = "\n".join(cell.source for cell in cells(path))
    asked = re.findall(r"^:::\{interactive\} (?!before-after)", text, re.MULTILINE)
    assert text.count(LIVE[0]) == len(asked)
    for cell in code_cells(path):
        if any(call in cell.source for call in LIVE):
            # Nothing of it in the page, which has its own figure, nor in the file.
            assert set(cell.metadata.tags) == {"remove-cell", "nbval-ignore-output"}
            assert cell.outputs == []


def test_only_what_the_page_shows_is_stored_of_a_run(tmp_path):
    book, page = nbformat.v4.new_notebook(), {"tags": ["remove-cell"]}
    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    book.cells = [code("1 + 1"), text("a", metadata=page), code("7", metadata=page)]
    nbformat.write(book, tmp_path / "some.ipynb")
    runner.run(tmp_path / "some.ipynb")
    shown, _, live = cells(tmp_path / "some.ipynb")
    assert shown.outputs[0].data == {"text/plain": "2"}
    assert (live.outputs, live.execution_count) == ([], 2)


@each_notebook
def test_a_figure_says_what_it_shows(path):
    for cell in code_cells(path):
        kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
        if any(kind.startswith("image/") for kind in kinds):
            shown = cell.metadata.get("mystnb", {})
            alt = shown.get("image", {}).get("alt", "")
            assert len(alt.split()) >= 4, cell.source
            caption = shown.get("figure", {}).get("caption")  # with it, a number
            assert caption, cell.source


@each_notebook
def test_pictures_in_the_text_say_what_they_show(path):
    text = "\n".join(c.source for c in cells(path) if c.cell_type == "markdown")
    assert not re.search(r"!\[\s*\]\(", text)


def test_the_readme_prints_the_numbers_that_were_measured():
    rows = evaluation.read_rows(ROOT / "gantools/records/restoration-table.csv")
    asked = {"set": "portraits", "damage": "first", "target": "clean"}
    rows = [row for row in rows if asked.items() <= row.items()]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    cells = r"^\| ([\d.]*) ?\| " + r" \| ".join(["(.+?)"] * 4) + r" \|$"
    table = re.findall(cells, text, re.MULTILINE)
    printed, severity = {}, ""
    for at, method, *cells in table:
        severity = at or severity
        kind = {"`gantools`": "gantools", "left alone": "input"}.get(
            method, "classical"
        )
        printed[severity, kind] = [cell.strip("*") for cell in cells]
    for severity in ("0.3", "0.6", "0.9"):
        some = [row for row in rows if f"{row['severity']:.1f}" == severity]
        for kind in ("input", "classical", "gantools"):
            mine = [row for row in some if row["method"].startswith(kind)]
            best = {"psnr": max, "ssim": max, "lpips": min}
            measured = [pick(row[m] for row in mine) for m, pick in best.items()]
            wanted = [f"{v:.{n}f}" for v, n in zip(measured, (1, 3, 3), strict=True)]
            assert printed[severity, kind] == wanted
