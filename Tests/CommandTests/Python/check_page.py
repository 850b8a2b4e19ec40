"""Parses a page by the rules of HTML 5 and refuses whatever it would load from elsewhere.

Usage: check_page.py PAGE
"""

import sys

import html5lib

text = open(sys.argv[1], encoding="utf-8").read()
page = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=True).parse(text)
names, identifiers = set(), []
for element in page.iter():
    if not isinstance(element.tag, str):
        continue
    name = element.tag.split("}")[-1]
    names.add(name)
    for key, value in element.attrib.items():
        key = (key if isinstance(key, str) else key[-1]).split("}")[-1].split(":")[-1]
        if key == "id":
            identifiers.append(value)
        if key in ("src", "href", "srcset", "data", "action"):
            assert value.startswith("#"), f"{name} loads {value}"
        assert not key.startswith("on"), f"{name} has the handler {key}"
assert not names & {"script", "link", "iframe", "object", "embed", "img"}, names
assert len(identifiers) == len(set(identifiers)), "every id once"
for element in page.iter():
    for key, value in element.attrib.items():
        if str(key).endswith("href"):
            assert value[1:] in identifiers, f"{value} is nowhere"
assert "@import" not in text and "url(http" not in text
assert {"main", "h1", "table", "figcaption"} <= names or "--no-figures" in sys.argv
print("the page is sound")
