"""Every text of the console and of the payment plugin is there in all languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugins.cross_border_payment.config import AntomConfig, PaymentConfig, StripeConfig, TargetConfig

ROOT = Path(__file__).parents[2]
FOLDERS = ["storefront/console", "plugins/cross_border_payment"]
LANGUAGES = ["zh_Hans", "zh_Hant", "pt"]
_PYTHON = re.compile(r'\b(?:_|gettext(?:_lazy|_noop)?)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')
_TEMPLATE = re.compile(r"\{% translate [\"']([^\"]+?)[\"'](?: as \w+)? %\}")
_BLOCK = re.compile(r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", re.S)
_ENTRY = re.compile(r'^msgid "(.+)"\n(?:msgid_plural "(.+)"\n)?((?:msgstr(?:\[\d\])? ".*"\n?)+)', re.M)
_HOLES = re.compile(r"%\(\w+\)[sd]")


def texts(folder: str) -> set[str]:
    found: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for quoted in _PYTHON.findall(path.read_text()):
            found.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', quoted)))
    for path in (ROOT / folder).rglob("*.html"):
        source = path.read_text()
        found.update(_TEMPLATE.findall(source))
        for block in _BLOCK.findall(source):
            for part in block.split("{% plural %}"):
                found.add(re.sub(r"\{\{ (\w+) \}\}", r"%(\1)s", part))
    if folder.startswith("plugins"):
        for model in (PaymentConfig, AntomConfig, StripeConfig, TargetConfig):
            for info in model.model_fields.values():
                found.update(filter(None, (info.title, info.description)))
    return found


def catalogue(folder: str, language: str) -> dict[str, str]:
    source = (ROOT / folder / "locale" / language / "LC_MESSAGES" / "django.po").read_text()
    known = {}
    for one, many, answers in _ENTRY.findall(source):
        for text in filter(None, (one, many)):
            known[text] = answers
    return known


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_no_text_is_missing_or_left_over(folder: str, language: str) -> None:
    wanted, known = texts(folder), catalogue(folder, language)
    assert len(wanted) > 50
    assert wanted - known.keys() == set()
    assert known.keys() - wanted == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_translations_are_not_empty_and_keep_their_holes(folder: str, language: str) -> None:
    for text, answers in catalogue(folder, language).items():
        for answer in re.findall(r'msgstr(?:\[\d\])? "(.*)"', answers):
            assert answer, text
            assert set(_HOLES.findall(answer)) == set(_HOLES.findall(text)), text
