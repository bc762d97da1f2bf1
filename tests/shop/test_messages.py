"""Translations are complete, and compile without system gettext."""

from __future__ import annotations

import gettext
from pathlib import Path

from storefront.ui import messages


def test_mo_files_read_back_as_gettext_reads_them(tmp_path: Path) -> None:
    source = tmp_path / "a.po"
    source.write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgid "one"\nmsgstr "um"\n\n#, fuzzy\nmsgid "two"\nmsgstr "dois"\n\n'
        'msgctxt "verb"\nmsgid "open"\nmsgstr "abrir"\n\nmsgid "long "\n"text\\n"\nmsgstr "texto \\"longo\\"\\n"\n\n'
        'msgid "%(n)s box"\nmsgid_plural "%(n)s boxes"\nmsgstr[0] "%(n)s caixa"\nmsgstr[1] "%(n)s caixas"\n',
        encoding="utf-8",
    )
    target = tmp_path / "a.mo"
    messages.write_mo(messages.read_po(source), target)
    with target.open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert read.gettext("one") == "um"
    assert read.gettext("two") == "two", "a fuzzy translation is not used"
    assert read.pgettext("verb", "open") == "abrir"
    assert read.gettext("long text\n") == 'texto "longo"\n'
    assert read.ngettext("%(n)s box", "%(n)s boxes", 1) == "%(n)s caixa"
    assert read.ngettext("%(n)s box", "%(n)s boxes", 3) == "%(n)s caixas"


def test_texts_are_found_in_templates_and_python(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(
        "{% translate 'A 5 %' %}{% blocktranslate count n=x trimmed %}\n one {{ n }}\n{% plural %}\n many {{ n }}\n"
        '{% endblocktranslate %}{% blocktranslate with a=b|c %}B {{ a }}{% endblocktranslate %}{% tag _("C") %}',
        encoding="utf-8",
    )
    found = [(entry.msgid, entry.plural) for entry in messages._template_texts(page)]
    assert found == [("A 5 %%", ""), ("one %(n)s", "many %(n)s"), ("B %(a)s", ""), ("C", "")]
    code = tmp_path / "a.py"
    code.write_text(
        '_("A" "B")\nngettext("one", "many", n)\npgettext("verb", "open")\nother("no")\n', encoding="utf-8"
    )
    called = [(entry.msgid, entry.plural, entry.context) for entry in messages._python_texts(code)]
    assert called == [("AB", "", ""), ("one", "many", ""), ("open", "", "verb")]


def test_every_text_is_translated() -> None:
    assert messages.problems() == []
