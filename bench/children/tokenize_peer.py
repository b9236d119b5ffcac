"""{tokenizer, documents, passes} on stdin -> {cpu, digest, tokens}: tokenizers' BPE out of a SentencePiece model, as InternLM2's fast class makes it."""
import hashlib, json, struct, sys, time
from sentencepiece import sentencepiece_model_pb2 as spm
from tokenizers import AddedToken, Tokenizer, normalizers, processors
from tokenizers.models import BPE

ask = json.load(sys.stdin)
proto = spm.ModelProto()
proto.ParseFromString(open(ask["tokenizer"] + "/tokenizer.model", "rb").read())
config = json.load(open(ask["tokenizer"] + "/tokenizer_config.json"))
pieces = [p.piece for p in proto.pieces]
vocab = {piece: i for i, piece in enumerate(pieces)}
merges = []
for piece, rank in vocab.items():
    local = [(piece[:i], piece[i:]) for i in range(1, len(piece)) if piece[:i] in vocab and piece[i:] in vocab]
    merges += [(proto.pieces[rank].score, pair) for pair in sorted(local, key=lambda pair: (vocab[pair[0]], vocab[pair[1]]))]
merges = [pair for _, pair in sorted(merges, key=lambda merge: -merge[0])]
for i, token in config["added_tokens_decoder"].items():
    vocab = {piece: n for piece, n in vocab.items() if n != int(i)}
    vocab[token["content"]] = int(i)
merges = [(a, b) for a, b in merges if a in vocab and b in vocab and a + b in vocab]
tokenizer = Tokenizer(BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
tokenizer.add_special_tokens([AddedToken(t["content"], normalized=False, special=True) for t in config["added_tokens_decoder"].values()])
tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
cpu = []
for _ in range(ask["passes"]):
    start = time.process_time()
    encoded = [tokenizer.encode(document).ids for document in ask["documents"]]
    cpu.append(time.process_time() - start)
digest = hashlib.sha256()
for ids in encoded:
    digest.update(struct.pack(f"<{len(ids)}i", *ids))
print(json.dumps({"cpu": cpu, "digest": digest.hexdigest(), "tokens": sum(map(len, encoded)), "lengths": [len(ids) for ids in encoded]}))
