"""Invented prompts by topic, for simulations. Pure.

Every prompt is new: an opening, a task of its topic, a few things that it is about and a wish, so that seldom two of
a thousand are nearly the same. Some (`VAGUE`) do not say what kind of task it is: whoever routes by words must guess.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Share of prompts whose words do not tell their topic.
VAGUE: Final = 0.2
#: Things that one prompt is about.
THINGS: Final = 4

_OPENINGS: Final = (
    "Hello, could you please",
    "I would really like you to",
    "For a friend of mine,",
    "As quickly as you can,",
    "My question for today: can you",
    "If it is not too much trouble,",
    "We are stuck here, so",
    "Once more from the start:",
    "Before the weekend I need someone to",
    "Be so kind and",
    "Without any long preamble,",
    "It would be a great help to",
    "Somebody told me that you can",
    "This is for a class of beginners:",
    "Taking all the time you need,",
    "Just for fun,",
)
_WISHES: Final = (
    "keep it short",
    "give one example",
    "use plain words",
    "say what you are unsure of",
    "list the steps in order",
    "do not repeat yourself",
    "mention the usual mistakes",
    "start with the most important point",
    "end with a summary",
    "assume that I know nothing",
    "compare two ways of doing it",
    "leave out the obvious",
    "explain every choice you make",
    "answer in one paragraph",
    "be honest about the drawbacks",
    "tell me how to check it",
)
_VAGUE_TASKS: Final = (
    "help me with",
    "tell me more about",
    "think about",
    "look at this matter of",
    "continue where we stopped with",
    "say what you make of",
    "do the usual thing for",
    "sort out",
)
TASKS: Final[dict[str, tuple[str, ...]]] = {
    "coding": (
        "write a Python function that groups",
        "debug the JavaScript loop which counts",
        "write an SQL query that joins tables of",
        "refactor the source code that stores",
        "add unit tests to the parser of",
        "explain the traceback that mentions",
        "implement a recursive algorithm that sorts",
        "turn this shell script into a program that renames",
    ),
    "maths": (
        "solve the equation for the number of",
        "prove by induction a theorem about",
        "calculate the probability of drawing",
        "find the derivative of a polynomial that models",
        "work out the average and standard deviation of",
        "explain the geometry behind",
        "simplify the fractions in a recipe of prime numbers and",
        "set up the matrix that maps",
    ),
    "stories": (
        "write a short story about",
        "compose a poem that mentions",
        "invent a fable in which there are",
        "write a funny dialogue between",
        "write the lyrics of a song about",
        "imagine a tale for children with",
        "write a limerick that rhymes on",
        "continue a novel whose first chapter has",
    ),
    "cooking": (
        "plan a dinner around",
        "suggest a soup that tastes of",
        "find a substitute in the oven for",
        "season a vegetarian stew with",
        "bake a cake that goes with",
        "say how long to roast",
        "pickle and preserve",
        "write a shopping list for a breakfast of",
    ),
    "history": (
        "explain how medieval merchants traded",
        "describe the century in which people first collected",
        "compare the empires that fought over",
        "name the museums that exhibit",
        "tell how the Romans used",
        "date the oldest chronicle that mentions",
        "say which kings taxed",
        "trace the invention of",
    ),
    "nature": (
        "explain the biology of",
        "describe the climate that suits",
        "say which molecules make up",
        "explain why evolution led to",
        "describe the orbit and gravity of",
        "list the species that live on",
        "explain what the microscope shows of",
        "say how forests and rivers change",
    ),
    "travel": (
        "plan a week of hiking past",
        "recommend a train journey to see",
        "find a quiet hotel close to",
        "pack a suitcase for",
        "suggest a museum-free itinerary with",
        "say which visa and ferry I need for",
        "describe the island that is known for",
        "compare campsites that offer",
    ),
    "letters": (
        "draft an e-mail to my landlord concerning",
        "write a polite complaint to the shop about",
        "prepare me for a job interview on",
        "word an invitation that mentions",
        "correct the grammar in my note on",
        "write a reference for a colleague who handled",
        "translate into plain office language a memo on",
        "turn my bullet points into a report about",
    ),
}
_THINGS: Final = [
    "lanterns",
    "harbours",
    "saffron",
    "glaciers",
    "kites",
    "oboes",
    "lichen",
    "marble",
    "nettles",
    "quartz",
    "ravens",
    "sails",
    "umbrellas",
    "willows",
    "yeast",
    "zinc",
    "anchors",
    "basalt",
    "cellos",
    "dunes",
    "embers",
    "ferns",
    "geysers",
    "herons",
    "icebergs",
    "junipers",
    "knots",
    "moss",
    "needles",
    "orchards",
    "pollen",
    "quilts",
    "reeds",
    "salt",
    "tapestries",
    "urns",
    "velvet",
    "walnuts",
    "acorns",
    "bellows",
    "candles",
    "drums",
    "elms",
    "feathers",
    "gourds",
    "hinges",
    "ivory-tiles",
    "jars",
    "kelp",
    "looms",
    "mirrors",
    "nets",
    "olives",
    "pearls",
    "quills",
    "ropes",
    "shells",
    "thimbles",
    "vines",
    "wagons",
    "bridges",
    "bees",
    "amber",
    "chess-pieces",
]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt, and what it is about."""

    text: str
    topic: str


@dataclass(frozen=True, slots=True)
class Prompts:
    """Where the prompts of a simulation come from. given: those of the arena; invented: the share of new ones."""

    given: Sequence[str]
    invented: float

    def one(self, rng: random.Random) -> Prompt:
        """The next prompt."""
        if rng.random() < self.invented:
            return _invented(rng)
        text = rng.choice(self.given)
        return Prompt(text, _topic_of(text))

    @property
    def shares(self) -> dict[str, float]:
        """How often each topic comes up."""
        of_given = Counter(map(_topic_of, self.given))
        given = (1.0 - self.invented) / max(len(self.given), 1)
        return {topic: self.invented / len(TASKS) + given * of_given[topic] for topic in TASKS}


def _invented(rng: random.Random) -> Prompt:
    """A new prompt; all topics are equally likely."""
    topic = rng.choice(list(TASKS))
    task = rng.choice(_VAGUE_TASKS if rng.random() < VAGUE else TASKS[topic])
    things = ", ".join(rng.sample(_THINGS, THINGS))
    return Prompt(f"{rng.choice(_OPENINGS)} {task} {things}; {rng.choice(_WISHES)}.", topic)


def _topic_of(text: str) -> str:
    """The topic of a prompt that the arena gives: drawn by its text, so that it is the same each time."""
    return random.Random(f"topic {text}").choice(list(TASKS))
