"""Outputs that say who made them. Pure; the list is versioned and only grows with a new version.

An output counts when its *speaker* names a maker or a model as its own ("I am Claude", "As an AI developed by
Alibaba Cloud"), even a wrong one: a visitor believes it. Talking *about* a model ("ChatGPT is a language model") does
not count, nor does a comparison ("I am not as capable as ChatGPT"). Such votes are kept and left out of the ratings.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

LIST_VERSION: Final = "2026-11"

_MODELS: Final = (
    "ChatGPT|GPT-?[345][\\w.-]*|Claude|Gemini|Gemma|Bard|PaLM|L[Ll]a[Mm][Aa]|Mistral|Mixtral|Qwen|Tongyi Qianwen"
    "|Falcon|Vicuna|Alpaca|Phi-?\\d|DeepSeek|Grok|Command R|Nova|Kimi|ChatGLM|GLM-?4|Yi-\\d+B|Copilot|ELIZA"
)
_MAKERS: Final = (
    "OpenAI|Anthropic|Google(?: DeepMind| AI)?|DeepMind|Meta(?: AI)?|Facebook|Mistral(?: AI)?|Alibaba(?: Cloud)?"
    "|Microsoft|LMSYS|Large Model Systems Organization|Stanford(?: University)?|Technology Innovation Institute|TII"
    "|Cohere|xAI|DeepSeek|Moonshot AI|Zhipu AI|01\\.AI|Amazon|NVIDIA|Databricks"
)
_NAMED: Final = r"\b(?:I am|I'm|I\u2019m|[Mm]y name is|call me)\b"
#: "I am Claude Monet" is a painter, "I am Claude Opus" is not.
_NO_SURNAME: Final = r"(?! (?!(?:Opus|Sonnet|Haiku|Instant|Pro|Ultra|Flash|Chat|Instruct|Large|Mini|AI)\b)[A-Z][a-z])"
_SPEAKER: Final = r"\b(?:I am|I'm|I\u2019m|[Aa]s)\b"
_MADE: Final = r"(?:created|developed|trained|made|built|designed|provided|fine-tuned)"
#: Up to the end of the sentence, and not across a denial.
_SENTENCE: Final = r"(?:(?!\b(?:not|n't|unlike|like|than)\b)[^.\n!?]){0,80}?"


@lru_cache(maxsize=512)
def _mention(models: str, makers: str) -> re.Pattern[str]:
    """What every phrase of `_patterns` holds: few texts do, and to look for it alone is quick."""
    return re.compile(f"{models}|{makers}")


@lru_cache(maxsize=512)
def _patterns(models: str, makers: str) -> tuple[re.Pattern[str], ...]:
    by_maker = rf"{_MADE} (?:and \w+ )?(?:by|at|from) (?:the )?(?:[\w ]{{0,40}}\b(?:from|at|of) )?(?:{makers})\b"
    return (
        # I am Claude; my name is Vicuna; I'm an AI assistant called Bard
        re.compile(
            rf"{_NAMED} (?:an? [\w -]{{0,40}}(?:called|named|known as) )?"
            rf"[\"\u201c'*]{{0,3}}(?:{models})\b(?!['\u2019]s|[- ]like){_NO_SURNAME}"
        ),
        # I am a language model developed by OpenAI; as an AI developed by Alibaba Cloud
        re.compile(rf"{_SPEAKER} {_SENTENCE}{by_maker}"),
        # I was trained by Google; we are both trained by the same company, Anthropic
        re.compile(
            rf"\b(?:I|[Ww]e) (?:was|were|have been|are both)\b{_SENTENCE}{_MADE} "
            rf"by (?:the same company, )?(?:{makers})\b"
        ),
        # my creators at Anthropic; my developer, Google
        re.compile(rf"\b[Mm]y (?:creators?|developers?|makers?|company)(?: at|,| is| are)? (?:{makers})\b"),
        # trained to reflect Anthropic's values; based on the same technology as ChatGPT
        re.compile(rf"\bI (?:was|am|have been)\b{_SENTENCE}(?:{makers})['\u2019]s (?:values|guidelines|policies)"),
        re.compile(rf"\bI(?: am|['\u2019]m) (?:based on|powered by) [^.\n]{{0,60}}?(?:{models})\b"),
    )


def find(text: str, own_names: Iterable[str] = ()) -> list[str]:
    """The phrases in which an output gives its maker away.

    Args:
        text: the output.
        own_names: the system's name and its organisation; they count beside the general list.

    Returns:
        Each phrase once, at most 120 characters each, in order; empty where there is none.
    """
    own = "|".join(re.escape(name) for name in own_names if len(name) > 2)
    lists = [names for names in ((_MODELS, _MAKERS), (own, own)) if names[0] and _mention(*names).search(text)]
    patterns = [pattern for names in lists for pattern in _patterns(*names)]
    found = {match.start(): match.group()[:120] for pattern in patterns for match in pattern.finditer(text)}
    return list(dict.fromkeys(found[start] for start in sorted(found)))
