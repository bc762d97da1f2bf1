"""Customs codes that the editor offers, named for people. Source: customs parameter tables as published."""

from __future__ import annotations

#: Code → names in Chinese, Portuguese, English.
Names = tuple[str, str, str]

UNITS: dict[str, Names] = {
    "035": ("千克", "quilograma", "kilogram"),
    "036": ("克", "grama", "gram"),
    "095": ("升", "litro", "litre"),
    "096": ("毫升", "mililitro", "millilitre"),
    "007": ("个", "unidade", "piece (个)"),
    "008": ("只", "unidade (只)", "piece (只)"),
    "011": ("件", "peça", "item"),
    "012": ("支", "bisnaga", "tube or stick"),
    "017": ("块", "bloco", "block or bar"),
    "020": ("片", "folha", "sheet"),
    "006": ("套", "conjunto", "set"),
    "120": ("箱", "caixote", "case"),
    "122": ("罐", "lata", "tin"),
    "125": ("包", "pacote", "packet"),
    "136": ("袋", "saco", "bag"),
    "139": ("粒", "grão", "grain"),
    "140": ("盒", "caixa", "box"),
    "142": ("瓶", "garrafa", "bottle"),
}

ORIGINS: dict[str, Names] = {
    "121": ("中国澳门", "Macau, China", "Macau, China"),
    "142": ("中国", "China", "China"),
    "110": ("中国香港", "Hong Kong, China", "Hong Kong, China"),
    "311": ("葡萄牙", "Portugal", "Portugal"),
    "312": ("西班牙", "Espanha", "Spain"),
    "305": ("法国", "França", "France"),
    "307": ("意大利", "Itália", "Italy"),
    "304": ("德国", "Alemanha", "Germany"),
    "303": ("英国", "Reino Unido", "United Kingdom"),
    "410": ("巴西", "Brasil", "Brazil"),
    "202": ("安哥拉", "Angola", "Angola"),
    "208": ("佛得角", "Cabo Verde", "Cape Verde"),
    "233": ("莫桑比克", "Moçambique", "Mozambique"),
    "144": ("东帝汶", "Timor-Leste", "East Timor"),
    "116": ("日本", "Japão", "Japan"),
    "133": ("韩国", "Coreia do Sul", "Korea"),
    "136": ("泰国", "Tailândia", "Thailand"),
    "601": ("澳大利亚", "Austrália", "Australia"),
    "609": ("新西兰", "Nova Zelândia", "New Zealand"),
    "502": ("美国", "Estados Unidos", "United States"),
}

_COLUMN = {"pt": 1, "en": 2}
#: The characters of these names that Macau writes otherwise; the tables themselves are the Mainland's.
_TRADITIONAL = str.maketrans("东个亚兰国块门韩", "東個亞蘭國塊門韓")
_WHOLE = {"008 只": "008 隻"}


def named(table: dict[str, Names], language: str) -> list[tuple[str, str]]:
    """Return (code, "code name") pairs in a language, in the table's order."""
    column = _COLUMN.get(language, 0)
    pairs = [(code, f"{code} {names[column]}") for code, names in table.items()]
    if language != "zh-hant":
        return pairs
    return [(code, _WHOLE.get(name, name.translate(_TRADITIONAL))) for code, name in pairs]
