"""Mutation check: ``python scripts/mutate.py MODULE TEST…`` changes one operator at a time and asks the tests.

    python scripts/mutate.py plugins.customs_declaration.tax tests/customs/test_tax.py tests/customs/test_tax_command.py

Prints one JSON line for each change that no test noticed, and the figures at the end. ``--minutes`` bounds the run:
changes are taken in an order drawn with ``--seed``, and what was not reached is counted. Each change runs in a forked
process that already has Django and pytest loaded; files are never touched.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
SECONDS = 120  # one change; a test that hangs has noticed it
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def changes(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Yield line, description and tree of every change."""
    skipped = {id(inner) for node in ast.walk(tree) for part in _not_code(node) for inner in ast.walk(part)}
    count = sum(1 for _ in ast.walk(tree))
    for position in range(count):
        original = _at(tree, position)
        if id(original) in skipped:
            continue
        for variant in range(_variants(original)):
            changed = copy.deepcopy(tree)
            node = _at(changed, position)
            said = _change(node, variant)
            yield getattr(original, "lineno", 0), said, ast.fix_missing_locations(changed)


def _at(tree: ast.Module, position: int) -> ast.AST:
    for number, node in enumerate(ast.walk(tree)):
        if number == position:
            return node
    raise IndexError(position)


def _not_code(node: ast.AST) -> Iterator[ast.AST]:
    """Yield annotations, decorators and base classes: changing them changes nothing that runs."""
    for name in ("annotation", "returns"):
        if isinstance(part := getattr(node, name, None), ast.AST):
            yield part
    yield from getattr(node, "decorator_list", [])
    yield from getattr(node, "bases", [])


def _variants(node: ast.AST) -> int:
    match node:
        case ast.Compare(ops=operators):
            return sum(type(operator) in SWAPS for operator in operators)
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator) | ast.AugAssign(op=operator):
            return int(type(operator) in SWAPS)
        case ast.Return(value=value):
            return int(value is not None and not isinstance(value, ast.Constant))
        case ast.Constant(value=value):
            return int(isinstance(value, int))
        case ast.UnaryOp(op=ast.Not()) | ast.If() | ast.IfExp() | ast.Expr(value=ast.Call()):
            return 1
    return 0


def _change(node: ast.AST, variant: int) -> str:
    before = ast.unparse(node).partition("\n")[0]
    match node:
        case ast.Compare(ops=operators):
            operators[variant] = SWAPS[type(operators[variant])]()  # type: ignore[call-overload]  # any node
        case ast.BinOp() | ast.BoolOp() | ast.AugAssign():
            node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]  # of the same kind
        case ast.UnaryOp():
            node.op = ast.UAdd()
            node.operand = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Constant(value=value):
            node.value = (not value) if isinstance(value, bool) else value + 1  # type: ignore[operator]  # int
        case ast.Expr() | ast.Return():
            node.value = ast.Constant(None)
    return f"{before} → {ast.unparse(node).partition(chr(10))[0]}"


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives out the changed module in place of the one on disk."""

    def __init__(self, name: str, tree: ast.Module, file: str) -> None:
        self.name, self.tree, self.file = name, tree, file

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        return importlib.util.spec_from_loader(name, self, origin=self.file) if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, self.file, "exec"), module.__dict__)  # noqa: S102  # our own source


def noticed(name: str, tree: ast.Module, file: str, tests: list[str]) -> bool:
    """Run the tests on a changed module in a forked process; tell whether one failed."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return status != 0
    signal.alarm(SECONDS)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    code = 1
    try:
        _forget(name)
        sys.meta_path.insert(0, Changed(name, tree, file))
        code = _ask(tests)
    finally:
        os._exit(int(code != 0))


def _forget(name: str) -> None:
    """Let the package of the changed module be imported anew, apart from what Django has registered."""
    package = name.rpartition(".")[0]
    kept = {f"{package}.apps", f"{package}.states"}
    known = [loaded for loaded in sys.modules if loaded.startswith(f"{package}.") and loaded not in kept]
    for loaded in [one for one in known if not one.endswith(".models")]:
        del sys.modules[loaded]
        vars(sys.modules[package]).pop(loaded.removeprefix(f"{package}."), None)


def _ask(tests: list[str]) -> int:
    import hypothesis
    import pytest

    hypothesis.settings.register_profile(
        "mutate", max_examples=30, database=None, deadline=None, derandomize=True
    )
    hypothesis.settings.load_profile("mutate")
    loaded = "ignore::pytest.PytestAssertRewriteWarning"  # plugins are in memory already
    return int(pytest.main([*tests, "-q", "-x", "--reuse-db", "-p", "no:cacheprovider", "-W", loaded]))


def main() -> int:
    parser = argparse.ArgumentParser(description="mutation check of one module")
    parser.add_argument("module")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    os.chdir(ROOT)
    import tests.environment  # noqa: F401  # importing it prepares the environment

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saleor_ext.config.settings")
    import django
    import hypothesis  # noqa: F401  # loaded once, for all
    import pytest  # noqa: F401  # as above

    django.setup()
    file = ROOT / (arguments.module.replace(".", "/") + ".py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if noticed(arguments.module, tree, str(file), arguments.tests):
        sys.stderr.write("the tests fail without any change\n")
        return 2
    found = list(changes(tree))
    random.Random(arguments.seed).shuffle(found)  # noqa: S311  # an order, not a secret
    until = time.monotonic() + arguments.minutes * 60
    ran = caught = 0
    for line, said, changed in found:
        if time.monotonic() > until:
            break
        ran += 1
        if noticed(arguments.module, changed, str(file), arguments.tests):
            caught += 1
        else:
            _say(line=line, survived=said)
    _say(module=arguments.module, changes=len(found), ran=ran, noticed=caught, survived=ran - caught)
    return 0


def _say(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
