"""Buckets and arms once more, from docs/formats/bucketing.md alone: none of the product's code.

Without arguments it computes every case of docs/formats/bucketing_vectors.json and ends with 1 when
one differs. With --write FILE it writes the cases anew; a C++ test holds ours to the same file.
"""

import argparse
import json
import random
import sys

MASK = (1 << 64) - 1
BUCKETS = 10000
CONTROL_RANGE = 2000  # buckets of each standing control
CONTROLS = ("bestSingle", "shuffled", "trending")
ABLATIONS = ("withoutTold", "withoutNoticed", "withoutImported", "withoutSituation")

# The default secret of XXH3, as its specification prints it.
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
PRIME32_2 = 0x85EBCA77
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
PRIME64_4 = 0x85EBCA77C2B2AE63
XXH3_SHORT_MAX = 240  # longer salts are cut into stripes: not needed here


def word(data, at, size=8):
    return int.from_bytes(data[at : at + size], "little")


def swapped(value, size=8):
    return int.from_bytes(value.to_bytes(size, "little"), "big")


def folded(a, b):
    product = a * b
    return (product & MASK) ^ (product >> 64)


def avalanche(x):
    x ^= x >> 37
    x = x * 0x165667919E3779F9 & MASK
    return x ^ (x >> 32)


def avalanche64(x):
    x ^= x >> 33
    x = x * PRIME64_2 & MASK
    x ^= x >> 29
    x = x * PRIME64_3 & MASK
    return x ^ (x >> 32)


def mixed(data, at, secret_at):
    return folded(word(data, at) ^ word(SECRET, secret_at), word(data, at + 8) ^ word(SECRET, secret_at + 8))


def xxh3_128(data):
    """(high, low) of the 128-bit XXH3 with seed 0."""
    size = len(data)
    if size > XXH3_SHORT_MAX:
        raise ValueError("salts of more than 240 bytes are not done here")
    if size == 0:
        return avalanche64(word(SECRET, 80) ^ word(SECRET, 88)), avalanche64(word(SECRET, 64) ^ word(SECRET, 72))
    if size <= 3:
        low = data[0] << 16 | data[size >> 1] << 24 | data[-1] | size << 8
        turned = swapped(low, 4)
        high = (turned << 13 | turned >> 19) & 0xFFFFFFFF
        return (
            avalanche64(high ^ word(SECRET, 8, 4) ^ word(SECRET, 12, 4)),
            avalanche64(low ^ word(SECRET, 0, 4) ^ word(SECRET, 4, 4)),
        )
    if size <= 8:
        both = word(data, 0, 4) | word(data, size - 4, 4) << 32
        product = (both ^ word(SECRET, 16) ^ word(SECRET, 24)) * ((PRIME64_1 + (size << 2)) & MASK)
        low, high = product & MASK, product >> 64
        high = (high + (low << 1)) & MASK
        low ^= high >> 3
        low ^= low >> 35
        low = low * 0x9FB21C651E98DF25 & MASK
        low ^= low >> 28
        return avalanche(high), low
    if size <= 16:
        first, last = word(data, 0), word(data, size - 8)
        product = (first ^ last ^ word(SECRET, 32) ^ word(SECRET, 40)) * PRIME64_1
        low, high = product & MASK, product >> 64
        low = (low + ((size - 1) << 54)) & MASK
        last ^= word(SECRET, 48) ^ word(SECRET, 56)
        high = (high + last + (last & 0xFFFFFFFF) * (PRIME32_2 - 1)) & MASK
        low ^= swapped(high)
        product = low * PRIME64_2
        low, high = product & MASK, ((product >> 64) + high * PRIME64_2) & MASK
        return avalanche(high), avalanche(low)

    low, high = size * PRIME64_1 & MASK, 0

    def mix32(one, other, secret_at):
        nonlocal low, high
        low = (low + mixed(data, one, secret_at)) & MASK
        low ^= (word(data, other) + word(data, other + 8)) & MASK
        high = (high + mixed(data, other, secret_at + 16)) & MASK
        high ^= (word(data, one) + word(data, one + 8)) & MASK

    if size <= 128:
        for i in reversed(range((size - 1) // 32 + 1)):
            mix32(16 * i, size - 16 * (i + 1), 32 * i)
    else:
        for i in range(4):
            mix32(32 * i, 32 * i + 16, 32 * i)
        low, high = avalanche(low), avalanche(high)
        for i in range(4, size // 32):
            mix32(32 * i, 32 * i + 16, 3 + 32 * (i - 4))
        mix32(size - 16, size - 32, 136 - 17 - 16)
    total = (low + high) & MASK
    rest = (low * PRIME64_1 + high * PRIME64_4 + size * PRIME64_2) & MASK
    return -avalanche(rest) & MASK, avalanche(total)


def siphash_2_4_128(key, data):
    """Both 64-bit words of SipHash-2-4 with 128 bits of output."""
    k0, k1 = word(key, 0), word(key, 8)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotated(x, k):
        return (x << k | x >> (64 - k)) & MASK

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & MASK
            v[1] = rotated(v[1], 13) ^ v[0]
            v[0] = rotated(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK
            v[3] = rotated(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK
            v[3] = rotated(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK
            v[1] = rotated(v[1], 17) ^ v[2]
            v[2] = rotated(v[2], 32)

    whole = len(data) // 8 * 8
    words = [word(data, at) for at in range(0, whole, 8)]
    words.append(word(data[whole:].ljust(7, b"\0") + bytes([len(data) & 0xFF]), 0))
    for m in words:
        v[3] ^= m
        rounds(2)
        v[0] ^= m
    v[2] ^= 0xEE
    rounds(4)
    first = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xDD
    rounds(4)
    return first, v[0] ^ v[1] ^ v[2] ^ v[3]


def key_of(salt):
    high, low = xxh3_128(salt.encode())
    return high.to_bytes(8, "little") + low.to_bytes(8, "little")


def bucket_of(salt, person):
    digits = person.removeprefix("per_")
    unit = int(digits[:16], 16).to_bytes(8, "little") + int(digits[16:], 16).to_bytes(8, "little")
    return siphash_2_4_128(key_of(salt), unit)[1] % BUCKETS


def buckets_of(share):
    return int(share * BUCKETS + 0.5)


def arm_of(case):
    if bucket_of(case["holdoutSalt"], case["person"]) < buckets_of(case["holdout"]):
        return "holdout"
    for layer, controls in ((" controls ", CONTROLS), (" sources ", ABLATIONS)):
        bucket = bucket_of(case["salt"] + layer + case["slot"], case["person"])
        for i, control in enumerate(controls):
            if CONTROL_RANGE * i <= bucket < CONTROL_RANGE * i + buckets_of(case["controls"].get(control, 0)):
                return "".join("_" + c.lower() if c.isupper() else c for c in control)
    return "treated"


def cases():
    rng = random.Random(20261122)
    people = ["per_" + "0" * 32, "per_" + "f" * 32, "per_" + "0" * 31 + "1", "per_8" + "0" * 31]
    people += ["per_02468acf13579bdefedcba9876543211", "per_0369d0369d0369cdfedcba9876543212"]
    people += ["per_%032x" % rng.getrandbits(128) for _ in range(4)]
    base = "5c1d7f0a99e34b26b0c4d1a2f3e4d5c6"
    salts = ["", "home", "holdout-2026", "ü", base, base + " epoch 2", base + " bet spring", base + " controls home"]
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    for size in (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 64, 65, 96, 97, 127, 128, 129, 160, 191, 239, 240):
        salts.append("".join(rng.choice(letters) for _ in range(size)))
    vectors = [
        {"salt": salt, "key": key_of(salt).hex(), "person": person, "bucket": bucket_of(salt, person)}
        for salt in salts
        for person in people
    ]
    arms = []
    for _ in range(200):
        case = {
            "holdoutSalt": base,
            "salt": base,
            "slot": rng.choice(["home", "article-end", "mail"]),
            "holdout": rng.choice([0, 0.05, 0.2, 0.3]),
            "controls": {name: rng.choice([0, 0.02, 0.2]) for name in CONTROLS},
            "person": "per_%032x" % rng.getrandbits(128),
        }
        case["arm"] = arm_of(case)
        arms.append(case)
    for _ in range(200):
        case = {
            "holdoutSalt": base + " draw 1",
            "salt": base,
            "slot": rng.choice(["home", "article-end", "mail"]),
            "holdout": rng.choice([0, 0.05]),
            "controls": {name: rng.choice([0, 0.05, 0.2]) for name in ABLATIONS},
            "person": "per_%032x" % rng.getrandbits(128),
        }
        case["controls"] |= {name: rng.choice([0, 0.05]) for name in CONTROLS}
        case["arm"] = arm_of(case)
        arms.append(case)
    return vectors, arms


def write(path):
    vectors, arms = cases()
    with open(path, "w", encoding="utf-8") as out:
        for name, rows in (("vectors", vectors), ("arms", arms)):
            out.write(("{" if name == "vectors" else "],\n") + json.dumps(name) + ": [\n")
            out.write(",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows) + "\n")
        out.write("]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default="docs/formats/bucketing_vectors.json")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    if args.write:
        write(args.file)
    with open(args.file, encoding="utf-8") as stream:
        known = json.load(stream)
    wrong = [row for row in known["vectors"] if bucket_of(row["salt"], row["person"]) != row["bucket"]]
    wrong += [row for row in known["vectors"] if "key" in row and key_of(row["salt"]).hex() != row["key"]]
    wrong += [row for row in known.get("arms", []) if arm_of(row) != row["arm"]]
    for row in wrong[:10]:
        print("differs:", row)
    print(f"{len(known['vectors'])} buckets and {len(known.get('arms', []))} arms, {len(wrong)} differ")
    few = len(known["vectors"]) < 200 or len(known.get("arms", [])) < 200
    return 1 if wrong or few else 0


if __name__ == "__main__":
    sys.exit(main())
