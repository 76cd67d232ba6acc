"""Values that are legal and hardly ever tried: made from what a field's schema says."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

TEXTS = (
    *("0", "00", "1e5", "null", "true", "no", "~", " ", " x", "x ", "x  y", "a,b", "a;b", "a:b", "a|b", "a=b", "a\\b"),
    *(
        "a'b",
        'a"b',
        "<b>x</b>",
        "&amp;",
        "x & y",
        "%41",
        "100%",
        "a+b",
        "{a: b}",
        "{{x}}",
        "${x}",
        "$1",
        "#x",
        "*",
        ".",
        "/",
    ),
    *(
        "a/b",
        "\\n",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "é",
        "e\u0301",
        "ß",
        "İ",
        "Ünïcödé",
        "日本",
        "😀",
        "\u00a0x",
        "\u200b",
        "x" * 255,
    ),
    *(
        "ü" * 255,
        "x" * 100,
        "-",
        "_",
        "--",
        "[x]",
        "(x)",
        "?",
        "!",
        "@",
        "x@y",
        "a@b.example",
        "http://x.example/?a=b&c=d",
    ),
    *(
        "127.0.0.1",
        "::1",
        "2001:DB8::1",
        "192.0.2.0/24",
        "EXAMPLE",
        "Example.ORG",
        "smtp.example:587",
        "[192.0.2.1]:25",
    ),
)
LOCAL_PARTS = (
    "a" * 64,
    "Upper",
    "o'neil",
    "x+y",
    "0",
    "007",
    "a.b-c_d",
    "x_y",
    "1e5",
    "null",
    "true",
    "a&b",
    "#x",
    "=x",
    "~",
)
HOSTS = ("acme.example", "ACME.example", "bücher.example", "straße.example", "7up.example", "xn--bcher-kva.example")
NUMBERS = (0, 1, 2, 9, 10, 255, 65535, 2**31 - 1, 2**31, 2**53, -1)
SIZES = ("1MiB", "1.5GiB", "1024 MiB", "1TiB", "1PiB", "8191PiB", "unlimited", "0MiB")
SPANS = ("1s", "60s", "90s", "1min", "59min", "24h", "7d", "52w", "0s", "365d", "unlimited")
RATES = ("1/s", "1 / d", "999999/h", "999999999999999999/m", "unlimited")
SPEEDS = ("1B/s", "1023B/s", "1KiB/s", "1500KiB/s", "8MiB/s", "unlimited")
SECRETS = {"env": "TOKEN"}


def odd(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Odd values of a schema; whether they are right is for the manifest language to say."""
    choices = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    if choices:
        return st.one_of([odd(each) for each in choices])
    if "const" in schema or "enum" in schema:
        return st.sampled_from([schema["const"]] if "const" in schema else schema["enum"])
    made = {"object": _objects, "array": _lists, "string": _texts}.get(schema.get("type", "string"))
    return made(schema) if made is not None else _numbers(schema)


def _numbers(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if schema["type"] == "boolean":
        return st.booleans()
    if schema["type"] == "number":
        return st.sampled_from((0, 0.5, 1, 7.25, 15, -3.5, 100, 9999))
    return st.sampled_from([*NUMBERS, schema.get("minimum", 0), schema.get("maximum", 1)])


def _lists(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.lists(odd(schema["items"]), max_size=min(4, schema.get("maxItems", 4)))


def _objects(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    parts = schema.get("properties", {})
    if set(parts) & {"env", "file", "command", "hash"}:
        return st.just(SECRETS)
    if not parts:
        names = st.sampled_from(("a", "B", "ä", "0", "a_b", "x" * 60))
        return st.dictionaries(names, odd(schema.get("additionalProperties") or {}), max_size=3)
    required = schema.get("required", ())
    return st.fixed_dictionaries(
        {name: odd(part) for name, part in parts.items() if name in required},
        optional={name: odd(part) for name, part in parts.items() if name not in required},
    )


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    about = schema.get("description", "")
    for word, values in (("size", SIZES), ("span", SPANS), ("rate", RATES)):
        if word in about.split():
            return st.sampled_from(values)
    examples = schema.get("examples", ("",))
    if examples[0].endswith("/s"):
        return st.sampled_from(SPEEDS)
    if schema.get("format") == "hostname":
        return st.sampled_from(HOSTS)
    addresses = st.builds("{}@{}".format, st.sampled_from(LOCAL_PARTS), st.sampled_from(HOSTS))
    texts = st.sampled_from(TEXTS)
    shortened = st.integers(1, schema.get("maxLength", 300)).map(lambda most: "ü" * most)
    return (
        st.one_of(texts, addresses, st.sampled_from(HOSTS))
        if "@" in str(examples)
        else st.one_of(texts, texts, shortened)
    )
