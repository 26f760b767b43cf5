"""What of a tool's own schema is found again in a document, or in what Open WebUI made of it, and what was lost."""

import json

from facts import ALL_TYPES, Facts

# Said of the place by words that may be added to.
TEXTS = {"title", "description"}
BRANCHES = {"anyOf", "oneOf"}
# A model would be told of limits or demands that the server never set.
WORTH_INVENTING_NOTHING = ("properties", "required", "enum", "const", "default", "title", "description")


def listed_result(tool):
    """The schema that a tool lists for its result. Python's SDK wraps what is no object, and says so: then the one inside,
    as that is the answer."""
    listed = tool["outputSchema"]
    if listed.get("x-fastmcp-wrap-result") is not True:
        return listed
    return {**listed["properties"]["result"], **{key: listed[key] for key in ("$defs", "definitions") if key in listed}}


class Comparison:
    """`original` is the MCP tool's schema. `produced` is the document's, its references looked up in `document`; or, with
    `converted`, the parameters that Open WebUI's converter gave. `told` is the text that the model reads of the tool. With
    `result` it is not about arguments but about an answer, of which all is seen."""

    def __init__(self, original, produced, document=None, converted=False, told="", result=False):
        self.original = original
        self.converted = converted
        self.told = told
        self.result = result
        self.wanted = Facts(original, arguments=not result)
        self.found = Facts(produced if produced is not None else {}, document, arguments=not result)
        self.wrapped = self._is_wrapped()

    def _is_wrapped(self):
        """A free-form tool is offered as one property `arguments`, which Open WebUI does not drop."""
        return not self.wanted.at((), "properties") and list(self.found.at((), "properties")) == ["arguments"]

    def _there(self, place, keyword):
        return self.found.at(("arguments", *place) if self.wrapped else place, keyword)

    def counted(self):
        """The facts that count: all, but behind the converter not what it drops whatever stands in a document."""
        for place, keyword, value in self.wanted.all:
            if self.converted:
                outermost = not place and keyword not in ("properties", "required", "condition")
                null = (keyword == "type" and value == "null") or (keyword == "default" and value == "null")
                if outermost or null:
                    continue
            yield place, keyword, value

    def lost(self):
        """The facts that count and are not there, sorted."""
        return sorted((fact for fact in self.counted() if not self._kept(*fact)), key=repr)

    def _told(self, what, name, text):
        """Whether words tell what a condition on the whole says, or the properties show it."""
        if what in ("minProperties", "maxProperties"):
            required, named = (len(set(self.found.at((), keyword))) for keyword in ("required", "properties"))
            idle = int(text) <= required if what == "minProperties" else int(text) >= named
            side = "least" if what == "minProperties" else "most"
            return idle or self.wrapped or f"at {side} {text} argument" in self.told
        if what in ("required", "asked"):
            return f"`{name}`" in self.told or what == "required" and name in self.found.at((), "required")
        shown = set(self.found.at((name,), what))
        if what == "enum":
            shown = {(value,) for value in self.found.at((name,), "const")} | shown
            return any(values == (text,) for values in shown) or text in self.told
        return shown == {text} or text in self.told

    def _kept(self, place, keyword, value):
        if keyword == "condition":
            return self._told(*value)
        there = self._there(place, keyword)
        if value in there:
            return True
        if keyword in TEXTS:
            return any(isinstance(text, str) and value in text for text in there) or (not place and value in self.told)
        if keyword == "const":
            return any(value in values for values in self._there(place, "enum"))
        if keyword == "enum":
            single = set(self._there(place, "const"))
            single.update(*self._there(place, "enum"))
            null = {"null"} if self.converted or "null" in self._there(place, "type") else set()
            return set(value) <= single | null and single <= set(value) | null
        if keyword in BRANCHES:
            return self._still_a_choice(place)
        if keyword == "required" and not place:
            # In an alternative of the whole, which Open WebUI cannot be told: the words must say so.
            return f"`{value}`" in self.told
        return keyword == "example" and f"[{value}]" in self._there(place, "examples")

    def _still_a_choice(self, place):
        if any(self._there(place, keyword) for keyword in BRANCHES):
            return True
        if len(self._there(place, "type")) > 1 or self._there(place, "enum"):
            return True
        return self.converted and "null" in self.wanted.types.get(place, ())

    def retyped(self):
        """(place, the types that the server takes, those that are told) where they differ."""
        for place, types in sorted(self.wanted.types.items(), key=repr):
            told = self.found.types.get(("arguments", *place) if self.wrapped else place)
            if told is None or not place:
                continue
            if self.converted:
                types, told = types - {"null"}, told - {"null"}
            if types == told or (types | {"null"}, told | {"null"}) == (ALL_TYPES, ALL_TYPES):
                continue
            if types:
                yield place, sorted(types), sorted(told)

    def invented(self):
        """Facts of the found that the server never said, sorted."""
        if self.wrapped:
            return []
        # A schema within itself may be unrolled further than it is counted; the cut keeps its description.
        permitted = Facts(self.original, turns=3, arguments=not self.result)
        if permitted.incomplete:
            return []
        return sorted((fact for fact in self.found.all if not said(fact, permitted)), key=repr)


def said(fact, facts):
    """Whether a fact of a document is the server's own, or a text that holds what it said."""
    place, keyword, value = fact
    if keyword not in WORTH_INVENTING_NOTHING or fact in facts.all:
        return True
    if keyword == "properties" and not place:
        return value in facts.asked
    if keyword == "enum":
        values = set(facts.at(place, "const")).union(*facts.at(place, "enum"))
        return set(value) - {"null"} <= values
    if keyword in ("description", "const"):
        return any(facts.at(place, other) for other in (keyword, "enum", "anyOf", "oneOf"))
    return False


def place_text(place):
    return "/".join(("", *map(str, place))) or "/"


def fact_text(fact):
    place, keyword, value = fact
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=list)
    return f"{keyword} {text[:120]} at {place_text(place)}"
