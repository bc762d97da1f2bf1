"""Translations without system gettext: read .po files, check them against the sources, write .mo files.

``python -m storefront.ui.messages compile`` is part of starting up (.mo files are not kept in version control),
``check`` is part of ``make lint``, ``extract`` adds new texts to the .po files for a translator.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "storefront" / "locale"
LANGUAGES = ("zh_Hans", "zh_Hant", "pt")
SOURCES = ("storefront", "saleor_ext", "plugins")
_CALLS = {
    "_": 1,
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
    "pgettext": -1,
    "pgettext_lazy": -1,
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


@dataclass(slots=True)
class Entry:
    """One text: plural forms in *texts*, a single form otherwise."""

    msgid: str
    plural: str = ""
    context: str = ""
    texts: tuple[str, ...] = ()
    fuzzy: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return (self.context, self.msgid)


def _unquote(text: str) -> str:
    return str(ast.literal_eval(text))


def read_po(path: Path) -> list[Entry]:
    """Parse a .po file: msgctxt, msgid, msgid_plural, msgstr, msgstr[n], fuzzy flags; the header comes first."""
    entries: list[Entry] = []
    parts: dict[str, str] = {}
    field, fuzzy = "", False

    def flush() -> None:
        nonlocal parts, field, fuzzy
        if "msgid" in parts:
            texts = [parts[name] for name in sorted(parts) if name.startswith("msgstr")]
            entries.append(
                Entry(
                    parts["msgid"],
                    parts.get("msgid_plural", ""),
                    parts.get("msgctxt", ""),
                    tuple(texts),
                    fuzzy,
                )
            )
        parts, field, fuzzy = {}, "", False

    for line in map(str.strip, [*path.read_text(encoding="utf-8").splitlines(), ""]):
        if not line:
            flush()
        elif line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
        elif line.startswith('"'):
            parts[field] += _unquote(line)
        else:
            field, _, text = line.partition(" ")
            parts[field] = _unquote(text)
    return entries


def write_mo(entries: list[Entry], path: Path) -> None:
    """Write the GNU .mo format (revision 0, little-endian, sorted, no hash table)."""
    pairs = []
    for entry in entries:
        if entry.fuzzy or not all(entry.texts):
            continue
        key = "\0".join((entry.msgid, entry.plural)) if entry.plural else entry.msgid
        if entry.context:
            key = f"{entry.context}\x04{key}"
        pairs.append((key.encode(), "\0".join(entry.texts).encode()))
    pairs.sort()
    count = len(pairs)
    offset = 28 + count * 16
    tables: list[bytes] = []
    blob = b""
    for side in (0, 1):
        table = b""
        for pair in pairs:
            table += struct.pack("<II", len(pair[side]), offset + len(blob))
            blob += pair[side] + b"\0"
        tables.append(table)
    head = struct.pack("<IIIIIII", 0x950412DE, 0, count, 28, 28 + count * 8, 0, offset)
    path.write_bytes(head + tables[0] + tables[1] + blob)


def po_path(language: str, folder: Path = LOCALE) -> Path:
    return folder / language / "LC_MESSAGES" / "django.po"


def po_paths(language: str) -> list[Path]:
    """Find the texts of a language: the storefront's and those that apps and plugins keep in folders of their own."""
    folders = {LOCALE, *(folder for name in SOURCES for folder in (ROOT / name).rglob("locale"))}
    return [path for path in (po_path(language, folder) for folder in sorted(folders)) if path.exists()]


def compile_all() -> list[Path]:
    """Write the .mo files whose .po is newer; cheap enough to call at every start."""
    written = []
    for source in (path for language in LANGUAGES for path in po_paths(language)):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            write_mo(read_po(source), target)
            written.append(target)
    return written


def _python_texts(path: Path) -> Iterator[Entry]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "Field" and path.name == "config.py":  # the console shows a plugin's fields, translated
            yield from (Entry(text) for text in _labels(node))
            continue
        wanted = _CALLS.get(name)
        texts = [
            arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if wanted == 1 and len(node.args) == 1 and texts:
            yield Entry(texts[0])
        elif wanted == 2 and len(texts) == 2:
            yield Entry(texts[0], texts[1])
        elif wanted == -1 and len(texts) == 2:
            yield Entry(texts[1], context=texts[0])


def _labels(field: ast.Call) -> Iterator[str]:
    for keyword in field.keywords:
        if keyword.arg in {"title", "description"} and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value)


_TAG = re.compile(r"{%\s*(.*?)\s*%}", re.S)
_TRANSLATE = re.compile(r"""^trans(?:late)?\s+(?:"([^"]*)"|'([^']*)')(?:.*?\bcontext\s+"([^"]*)")?""", re.S)
_INLINE = re.compile(r"""\b_\((?:"([^"]*)"|'([^']*)')\)""")
_VARIABLE = re.compile(r"{{\s*(\w+)\s*}}")


def _block_text(body: str, trimmed: bool) -> str:
    body = _VARIABLE.sub(r"%(\1)s", body.replace("%", "%%"))
    return " ".join(line.strip() for line in body.strip().splitlines()) if trimmed else body


def _template_texts(path: Path) -> Iterator[Entry]:
    source = path.read_text(encoding="utf-8")
    start: re.Match[str] | None = None
    singular, plural_from = "", 0
    for tag in _TAG.finditer(source):
        word = tag[1].split(None, 1)[0] if tag[1] else ""
        if found := _TRANSLATE.match(tag[1]):
            yield Entry((found[1] or found[2]).replace("%", "%%"), context=found[3] or "")
        elif word in {"blocktranslate", "blocktrans"}:
            start, singular = tag, ""
        elif word == "plural" and start:
            singular = _block_text(source[start.end() : tag.start()], "trimmed" in start[1])
            plural_from = tag.end()
        elif word in {"endblocktranslate", "endblocktrans"} and start:
            trimmed = "trimmed" in start[1]
            if singular:
                yield Entry(singular, _block_text(source[plural_from : tag.start()], trimmed))
            else:
                yield Entry(_block_text(source[start.end() : tag.start()], trimmed))
            start = None
        for inline in _INLINE.finditer(tag[1]):
            yield Entry((inline[1] or inline[2]).replace("%", "%%"))


def source_texts() -> dict[tuple[str, str], tuple[Entry, Path]]:
    """Find every translatable text in Python files and templates, with the first file that has it."""
    found: dict[tuple[str, str], tuple[Entry, Path]] = {}
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py":
                texts = _python_texts(path)
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                texts = _template_texts(path)
            else:
                continue
            for entry in texts:
                kept = found.get(entry.key)
                if kept is None or (entry.plural and not kept[0].plural):
                    found[entry.key] = (entry, path)
    return found


def problems() -> list[str]:
    """Tell of texts that are missing, empty, fuzzy, no longer used, or whose placeholders differ."""
    wanted = source_texts()
    told: list[str] = []
    for language in LANGUAGES:
        entries = _known(language)
        forms = 2 if language == "pt" else 1
        for key, (source, path) in wanted.items():
            name = f"{language}: {source.msgid!r} ({path.relative_to(ROOT)})"
            entry = entries.get(key)
            if entry is None:
                told.append(f"{name}: missing")
            elif entry.fuzzy or not entry.texts or not all(entry.texts):
                told.append(f"{name}: not translated")
            elif source.plural and (entry.plural != source.plural or len(entry.texts) != forms):
                told.append(f"{name}: plural forms")
            else:
                original = set(_PLACEHOLDER.findall(source.msgid)) | set(_PLACEHOLDER.findall(source.plural))
                if any(not set(_PLACEHOLDER.findall(text)) <= original for text in entry.texts) or (
                    original != set(_PLACEHOLDER.findall(entry.texts[-1]))
                ):
                    told.append(f"{name}: placeholders differ")
        told += [f"{language}: {key[1]!r}: no longer in the sources" for key in entries if key not in wanted]
    return told


def _known(language: str) -> dict[tuple[str, str], Entry]:
    entries = (entry for path in po_paths(language) for entry in read_po(path))
    return {entry.key: entry for entry in entries if entry.msgid}


def _home(path: Path, language: str) -> Path:
    """Return the .po file for a source file's texts: that of its own app if it keeps one."""
    own = (po_path(language, folder / "locale") for folder in path.parents if folder.is_relative_to(ROOT))
    return next((path for path in own if path.exists()), po_path(language))


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def format_entry(entry: Entry) -> str:
    """Write an entry as .po text."""
    lines = [f"msgctxt {_quote(entry.context)}"] if entry.context else []
    lines.append(f"msgid {_quote(entry.msgid)}")
    if entry.plural:
        lines.append(f"msgid_plural {_quote(entry.plural)}")
        lines += [f"msgstr[{n}] {_quote(text)}" for n, text in enumerate(entry.texts)]
    else:
        lines.append(f"msgstr {_quote(entry.texts[0] if entry.texts else '')}")
    return "\n".join(lines) + "\n"


def extract() -> int:
    """Append texts that a .po file lacks, untranslated; return how many."""
    added = 0
    wanted = source_texts()
    for language in LANGUAGES:
        known = _known(language)
        for key, (entry, path) in wanted.items():
            if key in known:
                continue
            entry.texts = ("",) * ((2 if language == "pt" else 1) if entry.plural else 1)
            with _home(path, language).open("a", encoding="utf-8") as file:
                file.write(f"\n{format_entry(entry)}")
            added += 1
    return added


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(arguments: list[str]) -> int:
    if arguments == ["compile"]:
        for path in compile_all():
            say(f"compiled {path.relative_to(ROOT)}")
        return 0
    if arguments == ["extract"]:
        say(f"{extract()} texts added")
        return 0
    if arguments == ["check"]:
        found = problems()
        say("\n".join(found) or "all texts are translated")
        return 1 if found else 0
    sys.stderr.write("usage: python -m storefront.ui.messages compile|check|extract\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
