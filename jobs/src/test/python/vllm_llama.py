"""Loads quantized small Llamas in vLLM on a CPU, and compares each with its fake-quantized form.

`vllm_llama.py SOURCE QUANTIZED...`: prints for each the name of its run, then `refused` and vLLM's
reason, or `loaded` and: the largest
difference of log-probabilities between vLLM and transformers on the float model with the weights and
rounded inputs of QUANTIZED; how far that model is from the float one; the root mean squares of both;
and how many of the tokens that vLLM finds, the most probable ones, are those of that model.
"""

import os
import pathlib
import sys

os.environ.update(
    VLLM_CPU_KVCACHE_SPACE="1",
    VLLM_CPU_OMP_THREADS_BIND="nobind",
    VLLM_ENABLE_V1_MULTIPROCESSING="0",
    VLLM_NO_USAGE_STATS="1",
    HF_HUB_OFFLINE="1",
)

import torch
from small_llama import TOKENS, fake_quantized
from transformers import AutoModelForCausalLM
from vllm import LLM, SamplingParams
from vllm.distributed import cleanup_dist_env_and_memory

GENERATED = 16


def by_vllm(folder):
    """Log-probabilities of each position after the first, and tokens that continue."""
    llm = LLM(
        model=str(folder),
        skip_tokenizer_init=True,
        dtype="bfloat16",
        enforce_eager=True,
        max_model_len=64,
        max_num_seqs=2,
        max_logprobs=128,
    )
    sampling = SamplingParams(
        temperature=0, max_tokens=GENERATED, ignore_eos=True, prompt_logprobs=128, detokenize=False
    )
    prompts = [{"prompt_token_ids": row.tolist()} for row in TOKENS]
    rows, tokens = [], []
    for output in llm.generate(prompts, sampling, use_tqdm=False):
        for position in output.prompt_logprobs[1:]:
            rows.append([position[token].logprob for token in range(128)])
        tokens.append(list(output.outputs[0].token_ids))
    return torch.tensor(rows), tokens


def probabilities(model):
    with torch.no_grad():
        logits = model(TOKENS).logits.float()
    return torch.log_softmax(logits[:, :-1].reshape(-1, 128), -1)


def continued(model):
    row = TOKENS
    with torch.no_grad():
        for _ in range(GENERATED):
            row = torch.cat([row, model(row).logits[:, -1].argmax(-1, keepdim=True)], 1)
    return row[:, TOKENS.shape[1] :].tolist()


def check(source, folder, before):
    name = folder.parent.name
    try:
        found, tokens = by_vllm(folder)
    except Exception as error:
        print("RESULT", name, "refused", type(error).__name__, *str(error).split(), flush=True)
        return
    finally:
        cleanup_dist_env_and_memory()
    model, _ = fake_quantized(source, folder)
    expected = probabilities(model)
    difference, away = found - expected, expected - before
    same = sum(a == b for x, y in zip(tokens, continued(model)) for a, b in zip(x, y))
    figures = [difference.abs().max(), away.abs().max()]
    figures += [difference.square().mean().sqrt(), away.square().mean().sqrt()]
    print("RESULT", name, "loaded", *(each.item() for each in figures), same, 2 * GENERATED, flush=True)


if __name__ == "__main__":
    source = pathlib.Path(sys.argv[1])
    original = AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16).eval()
    for quantized in sys.argv[2:]:
        check(source, pathlib.Path(quantized), probabilities(original))
