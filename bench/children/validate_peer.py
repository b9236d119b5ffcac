"""validate_peer.py FILE: the structural rules of `polar data validate` with orjson. Prints {"rows", "found", "cpu", "rss"} (s, MB)."""
import json
import resource
import sys

import orjson

TOKENS = ("<s>", "</s>", "<unk>", "<|reward|>", "[UNUSED_TOKEN_130]")
PARTS = ("prompt", "reference", "chosen", "rejected")


def is_list_of_messages(value):
    return type(value) is list and all(type(m) is dict and type(m.get("content")) is str for m in value)


rows = found = 0
seen = set()
with open(sys.argv[1], "rb") as file:
    for line in file:
        if not line.strip():
            continue
        rows += 1
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            found += 1
            continue
        if type(row) is not dict or not all(is_list_of_messages(row.get(part)) for part in PARTS):
            found += 1
            continue
        if row.get("wrapper") not in (None, "sft", "pretrain") or len(row) > 5:
            found += 1
        prompt, reference, chosen, rejected = ("\n".join(m["content"] for m in row[part]) for part in PARTS)
        if not (prompt and reference and chosen and rejected) or chosen == rejected or reference == chosen:
            found += 1
        if any(token in text for text in (prompt, reference, chosen, rejected) for token in TOKENS):
            found += 1
        pair, reverse = hash((prompt, chosen, rejected)), hash((prompt, rejected, chosen))
        if pair in seen or reverse in seen:
            found += 1
        seen.add(pair)
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"rows": rows, "found": found, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss / 1024}))
