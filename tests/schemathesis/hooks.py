"""How Stripe's SDKs write a form: `a[b]=x`, `a[0][b]=x`, booleans in lower case."""

from urllib.parse import quote_plus

import schemathesis


def pairs(name, value):
    if isinstance(value, dict):
        for member, inner in value.items():
            yield from pairs(f"{name}[{member}]" if name else str(member), inner)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from pairs(f"{name}[{index}]", inner)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is None:
        yield name, ""
    else:
        yield name, str(value)


def encode(value):
    def quote(text):
        return quote_plus(text, errors="replace")

    return "&".join(f"{quote(name)}={quote(text)}" for name, text in pairs("", value))


@schemathesis.serializer("application/x-www-form-urlencoded")
def form(ctx, value):
    if isinstance(value, bytes):
        return value
    return encode(value).encode()
