"""{model, prompts} on stdin -> {name: {version, results: [{cpu, rewards}], rss}}. Llama is InternLM2 once wqkv is split."""
import json, resource, sys, time
import torch
from safetensors import safe_open
from transformers import LlamaConfig, LlamaModel

ask = json.load(sys.stdin)
torch.set_num_threads(1)
config = json.load(open(ask["model"] + "/config.json"))
heads, kv, hidden = config["num_attention_heads"], config["num_key_value_heads"], config["hidden_size"]
group, size = heads // kv + 2, hidden // heads
shape = {k: config[k] for k in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                                "rms_norm_eps", "rope_theta", "max_position_embeddings", "vocab_size")}
with torch.device("meta"):
    model = LlamaModel(LlamaConfig(**shape, attn_implementation="eager"))
state = {}
with safe_open(ask["model"] + "/model.safetensors", "pt") as file:
    get = lambda name: file.get_tensor(name).float()
    state["embed_tokens.weight"] = get("model.tok_embeddings.weight")
    for i in range(config["num_hidden_layers"]):
        a, b = f"model.layers.{i}.", f"layers.{i}."
        wqkv = get(a + "attention.wqkv.weight").view(kv, group, size, hidden)
        state[b + "self_attn.q_proj.weight"] = wqkv[:, :-2].reshape(-1, hidden).contiguous()
        state[b + "self_attn.k_proj.weight"] = wqkv[:, -2].reshape(-1, hidden).contiguous()
        state[b + "self_attn.v_proj.weight"] = wqkv[:, -1].reshape(-1, hidden).contiguous()
        for ours, theirs in (("attention.wo", "self_attn.o_proj"), ("feed_forward.w1", "mlp.gate_proj"), ("feed_forward.w3", "mlp.up_proj"),
                             ("feed_forward.w2", "mlp.down_proj"), ("attention_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")):
            state[b + theirs + ".weight"] = get(a + ours + ".weight")
    state["norm.weight"] = get("model.norm.weight")
    v_head = get("v_head.weight")
model.load_state_dict(state, assign=True)
del state
model.rotary_emb = type(model.rotary_emb)(config=model.config)  # its buffer is not in the state
model.eval()


def measure(model):
    results = []
    with torch.inference_mode():
        forward = lambda ids: (model(torch.tensor([ids]), use_cache=False).last_hidden_state[0, -1] @ v_head[0]).item()
        forward(ask["prompts"][0][:32])
        for ids in ask["prompts"]:
            start = time.process_time()
            reward = forward(ids)
            results.append({"cpu": time.process_time() - start, "rewards": [reward]})
    return results


out = {}
for name in ("eager", "sdpa", "int8"):
    if name == "int8":
        model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8, inplace=True)
    else:
        model.config._attn_implementation = name
    results = measure(model)
    out[name] = {"version": torch.__version__, "results": results, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
print(json.dumps(out))
