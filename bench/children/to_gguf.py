"""MODEL OUT: writes a checkpoint as a q8_0 GGUF of llama.cpp's llama architecture (wqkv split, q and k permuted for its rotation)."""
import json, os, sys
import gguf, torch
from safetensors import safe_open
from sentencepiece import sentencepiece_model_pb2 as spm

model, out = sys.argv[1:]
config = json.load(open(model + "/config.json"))
heads, kv, hidden, layers = (config[k] for k in ("num_attention_heads", "num_key_value_heads", "hidden_size", "num_hidden_layers"))
group, size = heads // kv + 2, hidden // heads
writer = gguf.GGUFWriter(out + ".tmp", "llama")
writer.add_context_length(config["max_position_embeddings"])
writer.add_embedding_length(hidden)
writer.add_block_count(layers)
writer.add_feed_forward_length(config["intermediate_size"])
writer.add_head_count(heads)
writer.add_head_count_kv(kv)
writer.add_rope_freq_base(config["rope_theta"])
writer.add_rope_dimension_count(size)
writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
writer.add_vocab_size(config["vocab_size"])
writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
writer.add_tokenizer_model("llama")
proto = spm.ModelProto()
proto.ParseFromString(open(model + "/tokenizer.model", "rb").read())
writer.add_token_list([p.piece.encode() for p in proto.pieces])
writer.add_token_scores([p.score for p in proto.pieces])
writer.add_token_types([p.type for p in proto.pieces])  # the two formats number the types alike
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_add_bos_token(False)
writer.add_add_eos_token(False)


def add(name, tensor, quantise=True):
    array = tensor.float().contiguous().numpy()
    if quantise:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, array)


def permute(w, n):
    return w.reshape(n, 2, size // 2, hidden).swapaxes(1, 2).reshape(-1, hidden)


with safe_open(model + "/model.safetensors", "pt") as file:
    get = file.get_tensor
    add("token_embd.weight", get("model.tok_embeddings.weight"))
    add("output_norm.weight", get("model.norm.weight"), False)
    for i in range(layers):
        a, b = f"model.layers.{i}.", f"blk.{i}."
        wqkv = get(a + "attention.wqkv.weight").view(kv, group, size, hidden)
        add(b + "attn_q.weight", permute(wqkv[:, :-2].reshape(-1, hidden), heads))
        add(b + "attn_k.weight", permute(wqkv[:, -2].reshape(-1, hidden), kv))
        add(b + "attn_v.weight", wqkv[:, -1].reshape(-1, hidden))
        for ours, theirs in (("attention.wo", "attn_output"), ("feed_forward.w1", "ffn_gate"), ("feed_forward.w3", "ffn_up"), ("feed_forward.w2", "ffn_down")):
            add(b + theirs + ".weight", get(a + ours + ".weight"))
        add(b + "attn_norm.weight", get(a + "attention_norm.weight"), False)
        add(b + "ffn_norm.weight", get(a + "ffn_norm.weight"), False)
    with open(out + ".v_head", "wb") as head:
        head.write(get("v_head.weight").float().numpy().tobytes())
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
os.rename(out + ".tmp", out)
print("{}")
