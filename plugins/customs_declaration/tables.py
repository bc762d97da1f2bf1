"""Rows of policy tables that people keep in CSV or XLSX files, and folders of dated editions of them.

A table has one header row. Every cell comes as stripped text: a number cell of a workbook is written out as it is
shown (0.13, not 0.130000…), a date cell as YYYY-MM-DD. CSV is UTF-8, with or without mark, or GB18030, which
spreadsheets of Chinese systems write. A folder is a series of editions: each file's name ends in the day from which
it is in force (``tariff-2026-01-01.xlsx``) and holds until the day before the next one.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from saleor_ext.core.errors import ConfigurationError

#: Largest file that is read; the whole tariff with 13,000 codes takes about two megabytes.
MAX_BYTES = 32 * 1024 * 1024
MAX_UNPACKED = 8 * MAX_BYTES
MAX_ROWS, MAX_COLUMNS = 200_000, 100
WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
TABLES = WORKBOOKS | {".csv"}
_EDITION = re.compile(r"(\d{4}-\d\d-\d\d)$", re.ASCII)

Cells = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: file and row number as a spreadsheet counts (the header is 1), cells by column name."""

    file: str
    number: int
    cells: Cells

    @property
    def place(self) -> str:
        return f"{self.file} line {self.number}"


@dataclass(frozen=True, slots=True)
class Edition:
    """A file and the days on which it is in force; None means without end."""

    path: Path
    since: date | None = None
    until: date | None = None


def read(path: Path, columns: Sequence[str], make: Callable[[Row, Edition], T | None]) -> list[T]:
    """Make something of every row of a file or of a folder of dated editions; None leaves a row out.

    :raises ConfigurationError: an unreadable table, or a row of which ``make`` raises ValueError, by file and line
    """
    return [made for edition in editions(path) for made in _made(rows(edition.path, columns), edition, make)]


def read_text(
    text: str, name: str, since: date, columns: Sequence[str], make: Callable[[Row, Edition], T | None]
) -> list[T]:
    """Do the same with CSV text that is an edition in force from a day on; ``name`` stands for the file's."""
    edition = Edition(Path(name), since)
    return list(_made(_rows(name, _lines(name, text), columns), edition, make))


def _made(found: Iterator[Row], edition: Edition, make: Callable[[Row, Edition], T | None]) -> Iterator[T]:
    for row in found:
        try:
            made = make(row, edition)
        except ValueError as error:
            raise ConfigurationError(f"{row.place}: {error}") from error
        if made is not None:
            yield made


def editions(path: Path) -> list[Edition]:
    """Return a file as the only edition, or a folder's files as editions one after the other.

    :raises ConfigurationError: nothing there, a folder without tables, a name without its day
    """
    if not path.is_dir():
        return [Edition(path)]
    dated = sorted((_day_of(file), file) for file in path.iterdir() if file.suffix.lower() in TABLES)
    if not dated:
        raise ConfigurationError(f"folder {path} holds no table (CSV or XLSX)")
    days = [day for day, _ in dated]
    if len(set(days)) != len(days):
        raise ConfigurationError(f"folder {path}: two editions of one day")
    ends: list[date | None] = [day - timedelta(days=1) for day in days[1:]]
    return [Edition(file, day, until) for (day, file), until in zip(dated, [*ends, None], strict=True)]


def stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file, or a file of a folder, changes."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return tuple((file.name, (state := file.stat()).st_mtime_ns, state.st_size) for file in files)
    except OSError as error:
        raise ConfigurationError(f"table {path}: {error.strerror}") from error


def rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table that are not empty; columns of other names are passed over.

    :raises ConfigurationError: the file cannot be read, or lacks one of the columns
    """
    yield from _rows(path.name, _table(path), columns)


def as_csv(path: Path) -> str:
    """Return a CSV or XLSX file as CSV text in UTF-8, cells as ``rows`` reads them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(_table(path))
    return text.getvalue()


def _table(path: Path) -> Iterator[list[str]]:
    return _workbook(path) if path.suffix.lower() in WORKBOOKS else _csv(path)


def _rows(name: str, table: Iterator[list[str]], columns: Sequence[str]) -> Iterator[Row]:
    header = [cell.strip().lower() for cell in next(table, ())]
    if missing := [column for column in columns if column not in header]:
        raise ConfigurationError(f"{name} line 1: no column {', '.join(missing)}")
    if doubled := sorted({column for column in header if column and header.count(column) > 1}):
        raise ConfigurationError(f"{name} line 1: column {', '.join(doubled)} twice")
    for number, cells in enumerate(table, 2):
        if number > MAX_ROWS:
            raise ConfigurationError(f"{name} has more than {MAX_ROWS} rows")
        if any(cells):
            padded = [*cells, *[""] * (len(header) - len(cells))]
            yield Row(name, number, dict(zip(header, padded, strict=False)))


def code(text: str) -> str:
    """Return a commodity code of 2 to 10 digits, dots left out (``1905.3100``).

    An odd length is most often a number cell that has lost its leading zero, so 1, 3, 5 and 7 digits are refused;
    nine are a heading and half a suffix, which the tariff does use.
    """
    digits = text.replace(".", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (2, 4, 6, 8, 9, 10):
        raise ValueError(f"{text!r} is not a commodity code of 2, 4, 6, 8, 9 or 10 digits (keep it as text)")
    return digits


def period(cells: Cells, edition: Edition) -> tuple[date, date | None] | None:
    """Return the days of a row within its edition, or None when it is in force on none of them."""
    since = date.fromisoformat(cells["from"]) if cells["from"] else edition.since
    if since is None:
        raise ValueError("from: the first day in force is missing")
    until = date.fromisoformat(cells["to"]) if cells["to"] else None
    if until is not None and until < since:
        raise ValueError(f"to: {until} is before {since}")
    if edition.since is not None:
        since = max(since, edition.since)
    if edition.until is not None:
        until = min(until or edition.until, edition.until)
    return None if until is not None and until < since else (since, until)


def _day_of(file: Path) -> date:
    found = _EDITION.search(file.stem)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise ConfigurationError(f"{file.name}: the name of an edition ends in its day, YYYY-MM-DD") from None


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"table {path}: {getattr(error, 'strerror', None) or error}") from error
    if len(raw) > MAX_BYTES:
        raise ConfigurationError(f"{path.name} is larger than {MAX_BYTES // 1024**2} MB")
    return raw


def _csv(path: Path) -> Iterator[list[str]]:
    raw = _bytes(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path.name} is neither UTF-8 nor GB18030") from None
    yield from _lines(path.name, text)


def _lines(name: str, text: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            yield [cell.strip() for cell in cells]
    except csv.Error as error:
        raise ConfigurationError(f"{name} line {reader.line_num}: {error}") from error


def _workbook(path: Path) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        raw = io.BytesIO(_bytes(path))
        _unpacked(path, raw)
        sheet = CalamineWorkbook.from_filelike(raw).get_sheet_by_index(0)
        if sheet.total_height > MAX_ROWS or sheet.total_width > MAX_COLUMNS:
            raise ConfigurationError(f"{path.name}: more than {MAX_ROWS} rows or {MAX_COLUMNS} columns")
        table = sheet.to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"{path.name} cannot be read as a workbook: {error}") from error
    for cells in table:
        yield [_text(cell) for cell in cells]


def _unpacked(path: Path, raw: io.BytesIO) -> None:
    """Refuse a workbook that is small only because it is packed."""
    if zipfile.is_zipfile(raw):
        with zipfile.ZipFile(raw) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise ConfigurationError(f"{path.name} is too large when unpacked")
    raw.seek(0)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        # repr is the shortest text that means the same number: the one that was typed.
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell).strip()
