"""ELIZA: a listener that turns remarks into questions.

After Weizenbaum, "ELIZA: a computer program for the study of natural language communication between man and
machine", Communications of the ACM 9(1), 1966, doi:10.1145/365153.365168. Rules, wording and code are our own.
"""

import random
import re
from collections.abc import Generator
from typing import Final

from arena.systems.backends.base import GenerationRequest
from arena.systems.offline import Reason
from arena.systems.offline.prose import seeded, speak, user_turns

_REFLECTIONS: Final = {
    "am": "are",
    "are": "am",
    "i": "you",
    "i'd": "you would",
    "i'll": "you will",
    "i'm": "you are",
    "i've": "you have",
    "me": "you",
    "mine": "yours",
    "my": "your",
    "myself": "yourself",
    "was": "were",
    "you": "I",
    "you'll": "I will",
    "you're": "I am",
    "you've": "I have",
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
}

# The first rule that matches answers; {0} is the reflected remainder. Most telling first.
_RULES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), answers)
    for pattern, answers in (
        (
            r"\b(?:suicide|kill myself|end my life|self-harm)\b",
            ("That is heavy, and I am a small program. Please talk to a person you trust, or to a helpline, today.",),
        ),
        (
            r"^\W*(?:hello|hi|hey|good (?:morning|evening|afternoon)|bonjour|hallo|hola)\b\W*$",
            ("Hello. What would you like to talk about?", "Good to see you. What is on your mind today?"),
        ),
        (r"\b(?:thanks|thank you)\b", ("You are welcome. What else is on your mind?", "Gladly. Shall we go on?")),
        (
            r"\b(?:sorry|apologi[sz]e)\b",
            ("There is no need to apologise.", "What makes you feel that you should be sorry?"),
        ),
        (
            r"\bI(?: am|'m) (?:so |very |really )?(sad|unhappy|depressed|lonely|tired|angry|afraid|anxious|bored)\b",
            (
                "I am sorry to hear that you are {0}. When did it begin?",
                "Do you often feel {0}? What do you do when it comes?",
                "What would have to change for you to be less {0}?",
            ),
        ),
        (
            r"\bI(?: am|'m) (?:so |very |really |quite )?(happy|glad|excited|proud|relieved)\b",
            ("What made you {0}?", "How nice. Have you told anybody that you are {0}?"),
        ),
        (
            r"\bI need ([^.!?]*)",
            ("Why do you need {0}?", "What would it mean to you to get {0}?", "Are you sure that you need {0}?"),
        ),
        (
            r"\bI (?:want|would like|wish for) ([^.!?]*)",
            ("What would you do if you got {0}?", "Since when do you want {0}?"),
        ),
        (
            r"\bI (?:can't|cannot|can not) ([^.!?]*)",
            ("What keeps you from being able to {0}?", "Perhaps you could {0} if you took one small step. Which one?"),
        ),
        (r"\bI (?:feel|felt) ([^.!?]*)", ("Tell me more about feeling {0}.", "When do you usually feel {0}?")),
        (r"\bI (?:think|believe|guess) ([^.!?]*)", ("What makes you think {0}?", "But you are not sure that {0}?")),
        (r"\bI don't ([^.!?]*)", ("Why don't you {0}?", "Would you like to {0}?")),
        (r"\bI(?: am|'m) ([^.!?]*)", ("How long have you been {0}?", "How do you feel about being {0}?")),
        (
            r"\bmy (mother|mom|mum|father|dad|sister|brother|wife|husband|son|daughter|family|friend)\b",
            ("Tell me more about your {0}.", "What is the first thing you think of when you think of your {0}?"),
        ),
        (r"\bI (?:dreamt|dreamed) (?:of |about )?([^.!?]*)", ("What does that dream about {0} suggest to you?",)),
        (r"\bI remember ([^.!?]*)", ("Do you often think of {0}?", "Why does {0} come to your mind now?")),
        (r"\bbecause ([^.!?]*)", ("Is that the real reason?", "Could there be another reason besides that {0}?")),
        (
            r"\b(?:computer|machine|robot|program|ai|language model)s?\b",
            ("Do machines worry you?", "What do you think that machines have to do with your question?"),
        ),
        (r"\bare you ([^.!?]*)", ("Does it matter to you whether I am {0}?", "What if I were {0}?")),
        (
            r"^\W*(?:(?:can|could|will) you )?(?:please )?(?:write|explain|tell|give|list)\b(?: me)? ?([^.!?]*)",
            (
                "You ask for {0}. What interests you most about it?",
                "Before we come to {0}: what have you tried so far?",
                "Suppose you had {0} already. What would you do with it?",
            ),
        ),
        (
            r"\b(?:can|could|would|will) you (?:please )?([^.!?]*)",
            (
                "You want me to {0}. What would that change for you?",
                "Perhaps you would like to {0} yourself?",
            ),
        ),
        (r"\byou ([^.!?]*)", ("We were talking about you, not about me. Why do you say that I {0}?",)),
        (
            r"^\W*why (?:is|are|do|does|did|was|were) ([^.!?]*)",
            ("What do you think yourself: why {0}?", "What would it change to know the reason?"),
        ),
        (
            r"^\W*how (?:do|can|should|could) (?:I|you|one) ([^.!?]*)",
            ("What comes to your mind first when you want to {0}?", "Who do you know who can {0}?"),
        ),
        (
            r"^\W*(?:what|who|where|when|which|how) (?:is|are|was|were) ([^.!?]*)",
            ("What would it tell you to know about {0}?", "What do you think {0} might be?"),
        ),
        (r"\?\W*$", ("What answer would you like best?", "What do you think yourself?", "Why do you ask?")),
        (r"^\W*(?:yes|yeah|sure)\b", ("You seem quite sure. Go on.", "I see. And what follows from that?")),
        (r"^\W*(?:no|nope|never)\b", ("Why not?", "You say no very firmly. What is behind it?")),
    )
)
_OTHERWISE: Final = (
    "Please go on.",
    "What does that suggest to you?",
    "I see. Can you say more about it?",
    "How do you feel when you say that?",
)
_REMEMBERED: Final = (
    "Earlier you said: “{0}”. Does that have anything to do with it?",
    "Let us go back for a moment. You also said: “{0}”.",
)
_WORDS_KEPT: Final = 14
_MEMORY_RATE: Final = 0.35


def reply(request: GenerationRequest) -> Generator[str, None, Reason]:
    """Answer the last remark, now and then remembering an earlier one."""
    turns, rng = user_turns(request), seeded(request, "eliza")
    answer = respond(turns[-1], rng)
    if len(turns) > 1 and (answer in _OTHERWISE or rng.random() < _MEMORY_RATE):
        answer += " " + rng.choice(_REMEMBERED).format(_shorten(rng.choice(turns[:-1])))
    return (yield from speak(answer, request))


def respond(remark: str, rng: random.Random) -> str:
    """The answer of the first rule that matches."""
    remark = " ".join(remark.replace("\u2019", "'").split())
    for pattern, answers in _RULES:
        if found := pattern.search(remark):
            rest = reflect(found.group(1)) if pattern.groups else ""
            fitting = [answer for answer in answers if rest or "{0}" not in answer]
            return rng.choice(fitting or _OTHERWISE).replace("{0}", rest)
    return rng.choice(_OTHERWISE)


def reflect(words: str) -> str:
    """The same words from the other side: "my book" becomes "your book"."""
    swapped = (_REFLECTIONS.get(word.lower(), word) for word in words.split())
    return _shorten(" ".join(swapped).strip(" ,;:-"))


def _shorten(text: str) -> str:
    words = text.split()
    return " ".join(words[:_WORDS_KEPT]) + (" …" if len(words) > _WORDS_KEPT else "")
