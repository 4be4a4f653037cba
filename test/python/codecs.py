"""Values told by Python's own codecs (cbor2, msgpack, json), and a judge of how they come back.

    codecs.py make SEED COUNT     one line of JSON a value: {"json": hex, "msgpack": hex, "cbor": hex}
    codecs.py judge               reads lines {"is": cbor hex, "codec": name, "said": hex}, and prints
                                  a line for each that does not say what it is
"""

import base64
import json
import math
import random
import struct
import sys

import cbor2
import msgpack

CHARACTERS = "abcxyz019 \"\\/\t\n\r\x1f\x7f\u00e9\u00df\u20ac\u65e5\u672c\U0001f600\U0001d11e\ufffd\ufeff"


def text(rng):
    # A text that begins with NUL means binary in WAMP's JSON, so none is made here.
    return "".join(rng.choice(CHARACTERS) for _ in range(rng.choice((0, 1, 5, 31, 32, 70, 300))))


def number(rng):
    return rng.choice(
        (
            rng.randrange(-40, 40),
            rng.randrange(-(2**63), 2**64),
            rng.choice((0, 23, 24, 127, 128, 255, 256, 65535, 65536, 2**31, 2**32, 2**53, 2**53 + 1)),
            -rng.choice((1, 24, 25, 32, 33, 128, 129, 256, 257, 32768, 32769, 2**31, 2**53, 2**63)),
        )
    )


def real(rng):
    while True:
        value = rng.choice(
            (
                rng.uniform(-1000, 1000),
                float(rng.randrange(-1000, 1000)),
                rng.choice((0.0, -0.0, 1.0, 1.5, 0.1, 1e16, 1e21, 1e22, 5e-324, 1.7976931348623157e308)),
                struct.unpack(">d", rng.randbytes(8))[0],
                round(rng.uniform(-1e6, 1e6), rng.randrange(8)),
            )
        )
        if math.isfinite(value):
            return value


def value(rng, depth=0):
    kind = rng.randrange(6 if depth > 4 else 8)
    if kind == 0:
        return rng.choice((None, True, False))
    if kind == 1:
        return number(rng)
    if kind in (2, 3):
        return real(rng)
    if kind == 4:
        return text(rng)
    if kind == 5:
        return rng.randbytes(rng.choice((0, 1, 2, 3, 40, 300)))
    count = rng.choice((0, 1, 2, 3, 15, 16, 24, 40)) if depth < 2 else rng.randrange(3)
    if kind == 6:
        return [value(rng, depth + 1) for _ in range(count)]
    return {text(rng): value(rng, depth + 1) for _ in range(count)}


def wamp_json(item):
    """Binary as WAMP's JSON has it; everything else as it is."""
    if isinstance(item, bytes):
        return "\0" + base64.b64encode(item).decode()
    if isinstance(item, list):
        return [wamp_json(one) for one in item]
    if isinstance(item, dict):
        return {key: wamp_json(one) for key, one in item.items()}
    return item


def from_wamp_json(item):
    if isinstance(item, str) and item.startswith("\0"):
        return base64.b64decode(item[1:], validate=True)
    if isinstance(item, list):
        return [from_wamp_json(one) for one in item]
    if isinstance(item, dict):
        return {key: from_wamp_json(one) for key, one in item.items()}
    return item


ENCODE = {
    "json": lambda item: json.dumps(wamp_json(item)).encode(),
    "msgpack": lambda item: msgpack.packb(item, use_bin_type=True),
    "cbor": cbor2.dumps,
}
DECODE = {
    "json": lambda octets: from_wamp_json(json.loads(octets.decode())),
    "msgpack": lambda octets: msgpack.unpackb(octets, raw=False, strict_map_key=False),
    "cbor": cbor2.loads,
}


def is_same(one, other):
    """Equal, of one type, in the same order, and with the same sign of zero."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack(">d", one) == struct.pack(">d", other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    return one == other


def make(seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        item = [value(rng), value(rng)]
        print(json.dumps({codec: encode(item).hex() for codec, encode in ENCODE.items()}))


def judge():
    for line in sys.stdin:
        case = json.loads(line)
        said = bytes.fromhex(case["said"])
        expected = cbor2.loads(bytes.fromhex(case["is"]))
        try:
            if is_same(DECODE[case["codec"]](said), expected):
                continue
            print(f"{case['codec']} {case['said']} is not {expected!r}")
        except Exception as error:
            print(f"{case['codec']} {case['said']}: {error!r}")


if sys.argv[1] == "make":
    make(int(sys.argv[2]), int(sys.argv[3]))
else:
    judge()
