"""French is set as in Québec, English as in Canada, wherever a text has both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.sources import ROOT, kept_files, sources

IN_FRENCH = {
    "no space before ; ! ?": re.compile(r"[ \u00a0\u202f][;!?]"),
    "a no-break space before a colon": re.compile(r"(?<!\u00a0):(?=\s|$)"),
    "no-break spaces inside « »": re.compile(r"«(?!\u00a0)|(?<!\u00a0)»"),
    "’ is the apostrophe": re.compile(r"\w'\w"),
    "… is one sign": re.compile(r"\.\.\."),
    "« » are the quotation marks": re.compile(r'["“”]'),
    "a no-break space before h": re.compile(r"[\d}s] h\b"),
    "a no-break space before $ and %": re.compile(r"[\d}] ?[$%](?!\w)"),
}
IN_ENGLISH = {
    "no space before : ; ! ?": re.compile(r"[ \u00a0\u202f][:;!?]"),
    "’ is the apostrophe": re.compile(r"\w'\w"),
    "“ ” are the quotation marks": re.compile(r'["«»]'),
}
BOTH = re.compile(r"""\bt\(\s*(["'])((?:(?!\1)[^\\]|\\.)*)\1\s*,\s*(["'])((?:(?!\3)[^\\]|\\.)*)\3""")
VALUE = "}"  # stands for a value that is put in


def words(node: ast.expr) -> str:
    """Return what a literal says; a value that is put in is one sign."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(words(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return words(node.left) + words(node.right)
    if isinstance(node, ast.IfExp):
        return f"{words(node.body)}\n{words(node.orelse)}"
    return VALUE


def texts() -> Iterator[tuple[str, str, str]]:
    """Yield place, French and English of each text of the product, in code and templates."""
    for source in sources():
        for node in source.nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text" and len(node.args) == 2:
                yield f"{source.path}:{node.lineno}", words(node.args[0]), words(node.args[1])
    for path in kept_files():
        if path.suffix == ".html" and "templates" in path.parts:
            text = (ROOT / path).read_text(encoding="utf-8")
            for found in BOTH.finditer(text):
                french, english = (one.replace(r"\u00a0", "\u00a0") for one in found.group(2, 4))
                yield f"{path}:{text.count(chr(10), 0, found.start()) + 1}", french, english


def faults_of(french: str, english: str) -> list[str]:
    return [rule for rule, fault in IN_FRENCH.items() if fault.search(french)] + [
        f"English: {rule}" for rule, fault in IN_ENGLISH.items() if fault.search(english)
    ]


def test_both_languages_are_set_as_people_read_them_here() -> None:
    """Platform: French first, with its spaces, quotation marks and apostrophes; English with its own."""
    read = list(texts())
    assert len(read) > 1_500
    wrong = [f"{place}: {fault}" for place, french, english in read for fault in faults_of(french, english)]
    assert wrong == [], "\n".join(wrong)


def test_a_fault_of_each_kind_is_seen() -> None:
    """The rules themselves: what they are for is found, and what is right passes."""
    for french in ("Fini ?", "Solde: 3", "«Tous»", "l'an", "Attendre...", "à 8 h", 'dit "oui"', "5 $", "10 %"):
        assert faults_of(french, "") != [], french
    for english in ("Done ?", "it's", "« All »"):
        assert faults_of("", english) != [], english
    right = "Fini? «\u00a0Tous\u00a0» à 13\u00a0h\u00a030\u00a0: 5,00\u00a0$ sur 10\u00a0%, l’an… https://exemple.test"
    assert faults_of(right, "Done? “All” at 1:30: $5.00 of 10%, it’s…") == []
