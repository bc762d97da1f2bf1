"""Words for search: PostgreSQL has no Chinese segmentation, so Chinese text is cut into pairs of characters."""

from __future__ import annotations

import re
import unicodedata

#: Runs of Chinese characters, and runs of Latin letters or digits.
_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[a-z0-9]+")


def words(text: str) -> list[str]:
    """Return the index words of a text, lower-case and without accents, each once, in order.

    ``杏仁饼 Pão 200g`` gives ``杏仁 仁饼 杏 仁 饼 pao 200g``: pairs rank phrases, single characters find short queries.
    """
    found: dict[str, None] = {}
    for run in _RUNS.findall(fold(text)):
        if run[0].isascii():
            found[run] = None
            continue
        found.update(dict.fromkeys(run[i : i + 2] for i in range(len(run) - 1)))
        found.update(dict.fromkeys(run))
    return list(found)


def fold(text: str) -> str:
    """Return a text in lower case, full-width forms and accents folded."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(part for part in decomposed if not unicodedata.combining(part)).lower()


def query_words(text: str) -> list[str]:
    """Return the words that a found text must all hold: pairs for longer Chinese runs, single characters else."""
    wanted: list[str] = []
    for run in _RUNS.findall(fold(text)[:100]):
        if run[0].isascii() or len(run) == 1:
            wanted.append(run)
        else:
            wanted += [run[i : i + 2] for i in range(len(run) - 1)]
    return wanted[:12]
