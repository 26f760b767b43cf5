"""What a JSON Schema says, as a set of facts that does not depend on how it is written.

A fact is (place, keyword, value). A place is where in the *instance* the keyword applies: ("filter", "[]", "name") is the
property `name` of each item of the property `filter`. `$ref`, `allOf`, `anyOf` and `oneOf` add nothing to the place: what
stands behind or inside them is said of the place itself. So a schema that was inlined, merged, or whose `oneOf` became an
`anyOf` has the facts that it had. The walk is by `referencing`, not by the code under test.
"""

import json

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

# They name or find schemas and say nothing of an instance.
BOOKKEEPING = {"$schema", "$id", "id", "$defs", "definitions", "$comment", "$anchor", "$dynamicAnchor", "$ref",
               "$vocabulary", "components"}
# The nearest to the place wins: beside a `$ref` or an `allOf`, over what stands inside.
ANNOTATIONS = {"title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly"}
ALL_TYPES = frozenset({"object", "array", "string", "number", "boolean", "null"})
# Whoever writes one of them without a type means this one.
IMPLIED = {"properties": "object", "required": "object", "additionalProperties": "object", "patternProperties": "object",
           "items": "array", "prefixItems": "array"}
ENOUGH = 30_000
# Of the whole arguments they say which go together. Callers see properties alone, so that words must tell it.
CONDITIONS = {"if", "then", "else", "not", "dependentRequired", "dependentSchemas", "dependencies", "minProperties", "maxProperties"}
LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def canonical(value):
    """JSON text that is equal for equal JSON values: 1 and 1.0 are one number, keys have no order."""
    return json.dumps(plain(value), sort_keys=True, ensure_ascii=False)


def plain(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


class Facts:
    """The facts of one schema. `document` is what `#` means in its references, itself if not given. A schema inside
    itself is walked into `turns` times. Of arguments, conditions on the whole are facts that words must tell."""

    def __init__(self, schema, document=None, turns=1, arguments=True):
        root = Resource.from_contents(document if document is not None else schema, default_specification=DRAFT202012)
        self.all = set()
        self._by_place = {}
        self.types = {}  # place -> the types that an instance can have there
        self.dangling = []
        self.asked = set()  # the names that the whole asks for or about, declared or not
        self._turns = turns
        self._arguments = arguments
        self._visits = 0
        # The document has a name of our own: an `$id` in it would make `#` mean another place for some libraries.
        registry = Registry().with_resource("urn:judged", root)
        resolver = registry.resolver("urn:judged")
        self._walk(schema, resolver, (), (), frozenset())
        self.types[()] = self._possible(schema, resolver, ())

    @property
    def incomplete(self):
        """Whether there is more than was walked through."""
        return self._visits > ENOUGH

    def at(self, place, keyword):
        return self._by_place.get((place, keyword), ())

    def _say(self, place, keyword, value):
        if (place, keyword, value) not in self.all:
            self.all.add((place, keyword, value))
            self._by_place.setdefault((place, keyword), []).append(value)

    def _lookup(self, reference, resolver, behind):
        """(schema, resolver, references behind it), or `None` where it dangles or turns in circles."""
        try:
            found = resolver.lookup(reference)
        except (Unresolvable, ValueError, TypeError, AttributeError):
            self.dangling.append(reference)
            return None
        mark = id(found.contents)
        if behind.count(mark) >= self._turns:
            return None
        return found.contents, found.resolver, (*behind, mark)

    def _walk(self, schema, resolver, place, behind, overridden):
        self._visits += 1
        if not isinstance(schema, dict) or self._visits > ENOUGH:
            return
        nearer = overridden | (ANNOTATIONS & schema.keys())
        for keyword, value in schema.items():
            if keyword == "$ref":
                target = self._lookup(value, resolver, behind)
                if target:
                    self._walk(target[0], target[1], place, target[2], nearer)
            elif keyword == "allOf" and isinstance(value, list):
                for part in value:
                    self._walk(part, resolver, place, behind, nearer)
            elif keyword in ("anyOf", "oneOf") and isinstance(value, list):
                if place or not self._arguments:  # the outermost is merged, as Open WebUI takes only properties there
                    self._say(place, keyword, "a choice")
                for branch in value:
                    self._walk(branch, resolver, place, behind, frozenset())
            elif keyword in ANNOTATIONS and keyword in overridden:
                continue
            else:
                self._keyword(keyword, value, schema, resolver, place, behind)

    def _keyword(self, keyword, value, schema, resolver, place, behind):
        def inside(inner, step):
            where = (*place, step)
            self.types[where] = self.types.get(where, frozenset()) | self._possible(inner, resolver, ())
            self._walk(inner, resolver, where, behind, frozenset())

        if keyword in BOOKKEEPING or keyword.startswith("x-"):
            return
        if self._arguments and not place and keyword in CONDITIONS:
            self._condition(keyword, value, schema, inside)
            return
        if keyword == "type":
            for name in value if isinstance(value, list) else [value]:
                self._say(place, "type", name)
        elif keyword == "nullable":
            if value:
                self._say(place, "type", "null")
        elif keyword == "required" and isinstance(value, list):
            for name in value:
                self._say(place, "required", name)
                if not place:
                    self.asked.add(name)
        elif keyword == "properties" and isinstance(value, dict):
            for name, inner in value.items():
                self._say(place, "properties", name)
                inside(inner, name)
        elif keyword == "patternProperties" and isinstance(value, dict):
            for pattern, inner in value.items():
                self._say(place, keyword, pattern)
                inside(inner, f"{{{pattern}}}")
        elif keyword in ("items", "prefixItems") and isinstance(value, list):
            for number, inner in enumerate(value):
                self._say(place, "prefixItems", number)
                inside(inner, f"[{number}]")
        elif keyword in ("items", "additionalItems") and isinstance(value, dict):
            self._say(place, "items", "a schema")
            inside(value, "[]")
        elif keyword in ("additionalProperties", "propertyNames", "contains", "unevaluatedProperties") and isinstance(value, dict):
            if value:
                self._say(place, keyword, "a schema")
                inside(value, {"propertyNames": "{name}", "contains": "[?]"}.get(keyword, "{}"))
        elif keyword in ("additionalProperties", "unevaluatedProperties", "items", "additionalItems"):
            if value is False:
                self._say(place, keyword, "none")
        elif keyword in ("exclusiveMinimum", "exclusiveMaximum") and isinstance(value, bool):
            bound = schema.get("minimum" if keyword == "exclusiveMinimum" else "maximum")
            if value and bound is not None:
                self._say(place, keyword, canonical(bound))
        elif keyword in ("dependentRequired", "dependencies", "dependentSchemas") and isinstance(value, dict):
            # Up to draft-07 one keyword has both.
            for name, followed in value.items():
                if isinstance(followed, list):
                    self._say(place, "dependentRequired", f"{name}: {canonical(sorted(followed))}")
                else:
                    self._say(place, "dependentSchemas", name)
        elif keyword in ("not", "if", "then", "else"):
            self._say(place, keyword, "a schema")
        elif keyword == "enum" and isinstance(value, list):
            self._say(place, "enum", tuple(sorted({canonical(one) for one in value})))
        elif keyword == "const":
            self._say(place, "const", canonical(value))
        elif keyword == "description":
            self._say(place, keyword, value)
        else:
            self._say(place, keyword, canonical(value))

    def _condition(self, keyword, value, schema, inside):
        """What words must tell of a condition on the whole: (keyword, name, what it says of that name)."""
        def tell(name, what, text):
            self._say((), "condition", (what, name, text))

        def names(of):
            for name in of:
                self.asked.add(name)
                tell(name, "required", "")

        if keyword in ("minProperties", "maxProperties"):
            tell("", keyword, canonical(value))
        elif keyword in ("dependentRequired", "dependentSchemas", "dependencies") and isinstance(value, dict):
            for name, followed in value.items():
                if isinstance(followed, list):
                    names([name, *followed] if followed else [])
                elif followed not in (True, {}):
                    self.asked.add(name)
                    self._branch(followed, schema, inside, tell, names)
        elif keyword in ("then", "else") and "if" in schema:
            self._branch(value, schema, inside, tell, names)
        elif keyword == "not" or keyword == "if" and ("then" in schema or "else" in schema):
            self._question(value, tell, names, keyword == "if")

    def _branch(self, branch, schema, inside, tell, names):
        if not isinstance(branch, dict):
            return
        names(branch.get("required", ()))
        declared = schema.get("properties", {})
        for name, inner in branch.get("properties", {}).items():
            if inner is False:
                names([name])
                continue
            self._say((), "properties", name)
            if name in declared:
                self._values(name, inner, tell)
            else:
                inside(inner, name)

    def _question(self, asked, tell, names, is_condition):
        """What a condition asks about, alternatives and negations included."""
        if not isinstance(asked, dict):
            return
        names(asked.get("required", ()))
        for name, inner in asked.get("properties", {}).items():
            if inner not in (True, {}):
                if is_condition:
                    self.asked.add(name)
                tell(name, "asked", "")
                self._values(name, inner, tell)
        for keyword in ("anyOf", "oneOf", "allOf"):
            for part in asked.get(keyword, ()):
                self._question(part, tell, names, is_condition)
        self._question(asked.get("not"), tell, names, is_condition)

    def _values(self, name, schema, tell):
        if not isinstance(schema, dict):
            return
        for one in [schema["const"]] if "const" in schema else schema.get("enum", ()):
            tell(name, "enum", json.dumps(one, ensure_ascii=False))
        for limit in LIMITS:
            if limit in schema and not isinstance(schema[limit], bool):
                tell(name, limit, json.dumps(schema[limit]))

    def _possible(self, schema, resolver, behind):
        """The types of the instances that a schema allows, as far as its words on types go."""
        if not isinstance(schema, dict):
            return ALL_TYPES if schema is True else frozenset()
        possible = ALL_TYPES
        if "type" in schema:
            named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
            possible = frozenset("number" if name == "integer" else name for name in named if isinstance(name, str))
            if schema.get("nullable"):
                possible |= {"null"}
        elif not any(key in schema for key in ("$ref", "anyOf", "oneOf", "allOf")):
            implied = {IMPLIED[key] for key in schema if key in IMPLIED}
            possible = frozenset(implied) or ALL_TYPES
        if isinstance(schema.get("enum"), list):
            possible &= frozenset(map(type_of, schema["enum"])) | ({"null"} if schema.get("nullable") else frozenset())
        if "const" in schema:
            possible &= {type_of(schema["const"])}
        if "$ref" in schema:
            target = self._lookup(schema["$ref"], resolver, behind)
            if target:
                possible &= self._possible(*target)
        for keyword in ("anyOf", "oneOf"):
            if isinstance(schema.get(keyword), list):
                branches = [self._possible(branch, resolver, behind) for branch in schema[keyword]]
                possible &= frozenset().union(*branches)
        for part in schema.get("allOf", []):
            possible &= self._possible(part, resolver, behind)
        return possible


def type_of(value):
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "number"
