"""Small faults, one at a time: what a tired programmer might have typed instead.

Prose is left alone: the text of messages and notes, docstrings, annotations. So is what only makes a type checker
happy.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

COMPARE = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitXor: ast.BitOr, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


@dataclass(frozen=True)
class Mutant:
    """One fault: where it stands, what the line says, and what was changed."""

    module: str
    line: int
    text: str
    change: str

    def __str__(self) -> str:
        return f"{self.module}.py: `{self.text}` – {self.change}"


class _Site:
    """A node that can be changed, and how."""

    def __init__(self, node: ast.AST, change: str, field: str, value: object) -> None:
        self.node, self.change, self.field, self.value = node, change, field, value


def sites(tree: ast.Module) -> Iterator[_Site]:
    """Every fault that can be made in a module."""
    skip = _prose(tree)
    for node in ast.walk(tree):
        if id(node) not in skip:
            yield from _at(node)


def _prose(tree: ast.Module) -> set[int]:
    """Nodes inside annotations, decorators, f-strings, type aliases, __all__ and what is raised."""
    out: set[int] = set()
    for node in ast.walk(tree):
        for part in _spared(node):
            out.update(id(inner) for inner in ast.walk(part))
    return out


def _spared(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.FunctionDef):
        notes = [arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg) and arg.annotation]
        return [*notes, *node.decorator_list, *([node.returns] if node.returns else [])]
    if isinstance(node, ast.ClassDef):
        return list(node.decorator_list)
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.Raise):
        return [node.exc] if node.exc else []
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        return [node] if name == "__all__" or (name[0].isupper() and not name.isupper()) else []
    return [node] if isinstance(node, ast.JoinedStr) else []


def _at(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            other = COMPARE[type(op)]
            ops = [*node.ops[:i], other(), *node.ops[i + 1 :]]
            yield _Site(node, f"{_sign(op)} becomes {_sign(other())}", "ops", ops)
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield _Site(node, "the condition is turned round", "test", ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        name = CALLS[node.func.id]
        yield _Site(node, f"{node.func.id} becomes {name}", "func", ast.Name(name, ast.Load()))
    else:
        yield from _values(node)
    yield from _statements(node)


def _values(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in ARITHMETIC:
        other = ARITHMETIC[type(node.op)]
        yield _Site(node, f"{_sign(node.op)} becomes {_sign(other())}", "op", other())
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield _Site(node, f"{_sign(node.op)} becomes {_sign(other())}", "op", other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield _Site(node, "the sign or not falls away", "op", ast.UAdd() if isinstance(node.op, ast.USub) else None)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _Site(node, f"{node.value} becomes {not node.value}", "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield _Site(node, f"{node.value} becomes {node.value + 1}", "value", node.value + 1)


def _statements(node: ast.AST) -> Iterator[_Site]:
    """Leave out a statement that is done for its effect, return nothing, or end a loop otherwise."""
    for field in ("body", "orelse"):
        body = getattr(node, field, None)
        for i, statement in enumerate(body if isinstance(body, list) else []):
            for other, change in _instead(statement):
                ast.copy_location(other, statement)
                yield _Site(node, f"line {statement.lineno}: {change}", field, [*body[:i], other, *body[i + 1 :]])


def _instead(statement: ast.stmt) -> Iterator[tuple[ast.stmt, str]]:
    if isinstance(statement, ast.Break):
        yield ast.Continue(), "break becomes continue"
    elif isinstance(statement, ast.Continue):
        yield ast.Break(), "continue becomes break"
    elif isinstance(statement, ast.AugAssign):
        yield ast.Pass(), "is left out"
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield ast.Pass(), "is left out"
    elif isinstance(statement, ast.Return) and statement.value is not None:
        if not (isinstance(statement.value, ast.Constant) and statement.value.value is None):
            yield ast.Return(ast.Constant(None)), "returns None"


def _sign(op: ast.AST) -> str:
    return {
        "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!=", "In": "in", "NotIn": "not in",
        "Is": "is", "IsNot": "is not", "Add": "+", "Sub": "-", "Mult": "*", "FloorDiv": "//", "Mod": "%", "Pow": "**",
        "BitXor": "^", "BitAnd": "&", "BitOr": "|", "LShift": "<<", "RShift": ">>", "And": "and", "Or": "or",
    }[type(op).__name__]  # fmt: skip


def mutants(module: str, source: str) -> Iterator[tuple[Mutant, ast.Module]]:
    """Every mutant of a module's source, with its tree."""
    lines = source.splitlines()
    number = sum(1 for _ in sites(ast.parse(source)))
    for wanted in range(number):
        tree = ast.parse(source)
        site = next(site for i, site in enumerate(sites(tree)) if i == wanted)
        change, at = site.change, getattr(site.node, "lineno", 1)
        if change.startswith("line "):
            place, change = change.removeprefix("line ").split(": ", 1)
            at = int(place)
        if site.field == "op" and site.value is None:  # not x becomes x
            _replace(tree, site.node, site.node.operand)
        else:
            setattr(site.node, site.field, copy.deepcopy(site.value))
        ast.fix_missing_locations(tree)
        yield Mutant(module, at, lines[at - 1].strip(), change), tree


def _replace(tree: ast.Module, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(item is old for item in value):
                setattr(parent, field, [new if item is old else item for item in value])
