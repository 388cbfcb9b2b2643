"""The rules of the built-in moderation: a versioned list. Pure data.

A rule refuses a sentence in which every one of its `all_of` patterns is found and its `unless` pattern is not.
Sentences are read after `guard.readings`: lower case, NFKC, no zero-width characters. Benign phrases are taken out
first, so that a bath bomb is none. Whoever changes a rule adds sentences to `tests/router/test_moderation_rules.py`
on both sides of the line, and raises VERSION.
"""

import re
from dataclasses import dataclass
from typing import Final

VERSION: Final = "2026-11-1"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, the code of its refusal, and the patterns."""

    id: str
    code: str
    all_of: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str]

    def is_broken_by(self, sentence: str) -> bool:
        """Whether all of it is found, and no excuse."""
        for pattern in self.all_of:
            if not pattern.search(sentence):
                return False
        return not self.unless.search(sentence)


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b")


BENIGN: Final = _words(
    r"(?:bath|cherry|photo|logic|fork|zip|glitter|seed|smoke|stink) ?-?bombs?",
    r"(?:water|cocoa|chocolate|f|yarn|sex|jager|time) ?-?bombs?",
    r"bomb (?:cyclone|calorimeter|shelter|disposal|squad|threat)s?",
    r"child(?:ren)? process(?:es)?",
    r"naked (?:mole|eye|truth)",
    r"nude (?:colou?r|lipstick|shade|heel)s?",
    r"(?:cut|cutting) myself (?:some slack|off|out|free|short)",
    r"bombes? (?:de |a |au )?(?:peinture|bain|chantilly|laque|aerosol)",
    r"suicide (?:squad|burn|prevention|hotline|door)s?",
)

_FICTION: Final = (
    r"(?:video ?|board ?)?games?|gaming|minecraft|roblox|terraria|fortnite|factorio|skyrim|zelda|dark souls",
    r"elden ring",
    r"the sims|npcs?|d&d|dnd|dungeons|level|quest|story|novel|film|movie|screenplay|poem|song|lyrics|cosplay",
    r"props?|lego",
)
_STUDY: Final = (
    r"prevent\w*|protect\w*|avoid\w*|stop|stopping|detect\w*|report\w*|block\w*|combat\w*|fight(?:ing)?|moderat\w*",
    r"illegal\w*|legal\w*|laws?|crimes?|criminal\w*|convict\w*|sentenced|charged|arrest\w*|victims?",
    r"survivors?|surviv\w+",
    r"statistics?|research\w*|stud(?:y|ies)|history|historical\w*|polic(?:y|ies)|news|awareness|warning signs?",
)

# --- Sexual content involving minors --------------------------------------------------------------------------------

_MINOR: Final = _words(
    r"child(?:ren)?|kids?|minors?|underage|under-age|toddlers?|infants?|pre-?teens?|tweens?|loli(?:ta|con)?s?",
    r"shota(?:con)?",
    r"(?:little|young|school|small) ?-?(?:girl|boy)s?|[5-9]th graders?|middle schoolers?",
    r"(?:[1-9]|1[0-7])[ -]?(?:years?|yrs?|y/?o)(?:[ -]olds?)?",
    r"enfants?|mineure?s?|fillettes?|petite fille|petit garcon",
)
_SEXUAL: Final = _words(
    r"erotic\w*|porn\w*|smut|hentai|nsfw|lewd|sex scenes?|having sex|sex with|sexy|orgasm\w*|masturbat\w*|blow ?jobs?",
    r"sexually (?:explicit|suggestive|arous\w+)|sexuali[sz]\w+|nudes|rape (?:scene|fantasy)|erotique\w*|scene de sexe",
    r"(?:naked|nude) (?:\w+ ){0,3}(?:child(?:ren)?|kids?|girls?|boys?|toddlers?|minors?|preteens?)",
)
_MINOR_EXCUSED: Final = _words(
    *_STUDY,
    r"educat\w*|lessons?|curriculum|teach(?:er|ers|ing)?|parents?|parenting|puberty|therap\w+|heal\w*|coping|cope",
    r"as a child|abused|traum\w+",
)

# --- Means of mass harm ---------------------------------------------------------------------------------------------

_ASKS_HOW: Final = _words(
    r"how (?:do|can|could|would|should|might) (?:i|we|you|one|someone|somebody)|how (?:to|2)",
    r"instructions?|step[ -]by[ -]step|recipes?|tutorial|blueprints?|teach me|show me|help me|tell me how",
    r"guide (?:to|for|on)",
    r"(?:best|easiest|simplest|cheapest) way to|i (?:want|need|would like) to",
    r"comment (?:faire|fabriquer|construire)|recette",
)
_ASKS_DETAIL: Final = _words(
    r"step[ -]by[ -]step",
    r"(?:detailed|exact|precise|full|complete) (?:\w+ )?(?:instructions?|steps?|recipes?|guide|procedure)",
)
_MAKES: Final = _words(
    r"mak(?:e|es|ing)|build(?:ing)?|construct\w*|assembl\w+|creat(?:e|es|ing)|produc(?:e|es|ing)|synthesi[sz]\w*",
    r"manufactur(?:e|es|ing)|cook(?:ing)?|brew(?:ing)?|cultur(?:e|ing)|weaponi[sz]\w+|enrich(?:ing)?",
    r"detonat(?:e|es|ing)",
    r"prepar(?:e|ing)|formulat(?:e|ing)|obtain(?:ing)?|acquir(?:e|ing)|releas(?:e|ing)|spread(?:ing)?",
    r"set(?:ting)? off",
    r"(?:instructions?|recipes?|recette|blueprints?|tutorial) (?:for|de|pour|to)|faire|fabriquer|construire",
)
_MASS_HARM: Final = _words(
    r"bombs?|ieds?|explosives|(?:improvised |home-?made )?explosive (?:device|charge|belt|vest)s?|molotov cocktails?",
    r"(?:nuclear|atomic|chemical|biological) (?:bomb|weapon|device|warhead)s?|bio-?weapons?|tatp|petn|rdx",
    r"nitroglycerine?",
    r"nerve (?:agent|gas)(?:es)?|sarin|vx gas|novichok|mustard gas|phosgene|chlorine gas|napalm|ricin|botulinum toxin",
    r"(?:weaponi[sz]ed|airborne) (?:anthrax|smallpox|plague|virus|pathogens?)|anthrax (?:spores?|powder)",
    r"bombes?|explosifs?",
)
_MASS_HARM_EXCUSED: Final = _words(
    *_STUDY,
    r"vaccines?|antidotes?|treat(?:ing|ment)?|defus\w+|disarm\w*|dispos\w+|shelters?|safety|accident\w*|neutrali\w+",
)

# --- Self-harm ------------------------------------------------------------------------------------------------------

_ASKS_WAYS: Final = _words(
    r"how (?:do|can|could|should|would|might) i|how (?:to|2)|ways? (?:to|of)|methods? (?:to|of|for)",
    r"instructions? (?:to|for|on)",
    r"tell me how|help me|show me how|teach me|pain(?:less|lessly|free)|what (?:pills?|dose|drugs?)|how (?:many|much)",
    r"comment (?:je peux |puis-je )?(?:me|m')|suicide (?:methods?|instructions?|techniques?)",
)
_SELF_HARM: Final = _words(
    r"kill(?:ing)? (?:myself|yourself|oneself)|(?:commit|committing) suicide",
    r"end(?:ing)? (?:my|your|one's) (?:own )?life",
    r"(?:hang|hanging|drown|drowning|cut|cutting|starve|starving|harm|harming|hurt|hurting|poison) myself",
    r"(?:painless|easy|quick) suicide|suicide (?:methods?|instructions?|techniques?)|lethal overdose",
    r"overdose myself|me suicider",
)
_SELF_HARM_EXCUSED: Final = _words(
    *_STUDY,
    r"not|don't|without|never|resist\w*|urges?|instead of|recover\w*|thoughts? of|accident\w*|laughing|while|when i",
    r"help (?:a|an|my|him|her|them|someone|somebody|people|friends?)|a friend",
    r"my (?:friend|son|daughter|brother|sister)",
    r"talk(?:ing)? (?:to|about)|support\w*",
)

# --- Threats and exposure -------------------------------------------------------------------------------------------

_PERSON: Final = (
    r"(?:my|his|her|their|the neighbou?r's) (?:\w+ )?(?:wife|husband|ex|ex-\w+|girlfriend|boyfriend|boss|neighbou?r"
    r"|teacher|classmates?|coworkers?|co-workers?|colleagues?|mother|mom|mum|father|dad|parents|brother|sister|roommate"
    r"|landlord)|someone|somebody|a (?:person|human|woman|man|girl|boy)|people|everyone"
)
_HARMS_PERSON: Final = re.compile(
    rf"\b(?:how (?:do|can|could|should|would) i|how to|best way to|help me|i (?:plan|intend|want) to) (?:\w+ ){{0,3}}"
    rf"(?:kill|murder|poison|stab|strangle|shoot|kidnap|assassinate) (?:{_PERSON})\b"
)
_ANNOUNCES: Final = re.compile(
    r"\bi(?:'m| am|'ll| will)? ?(?:going to|gonna|plan to|planning to|want to|about to)? (?:\w+ )?"
    r"(?:shoot up|blow up|bomb|massacre|open fire (?:at|in|on)|burn down)"
    r" (?:\w+ ){0,2}(?:school|church|mosque|synagogue|airport|hospital|office|mall|university|concert|train station)\b"
)
_THREAT_LETTER: Final = re.compile(
    r"\b(?:write|draft|compose|generate|send|help me write) (?:\w+ ){0,4}(?:death threats?"
    r"|threatening (?:letter|message|e-?mail|text|note)s?"
    r"|(?:letter|message|e-?mail|text|note) (?:that threatens|threatening))\b"
)
_EXPOSES: Final = re.compile(
    r"\b(?:(?:how (?:do|can) i|how to|help me|i want to|let's|please) dox+ "
    r"|dox+(?:ing)? (?:this|that|my|him|her|them|someone)"
    r"|(?:find|get|give me|tell me|dig up|reveal|publish|post|track down|look up) (?:out )?(?:\w+ ){0,4}"
    r"(?:(?:home|private|current) address|phone number|where (?:he|she|they) lives?)(?: (?:\w+ ){0,4}|'?s? ?)"
    r"(?:without (?:her|his|them|their) (?:knowing|knowledge|consent)"
    r"|so (?:that )?i can (?:hurt|scare|threaten|harass|visit)"
    r"|my ex|this (?:girl|woman|man|guy|streamer|journalist)|that (?:girl|woman|man|guy|streamer|journalist)))"
)
_THREAT_EXCUSED: Final = _words(
    *_FICTION,
    *_STUDY,
    r"remov\w+|got|received|receiv\w+|sent me|afraid|character|dream\w*|joke|kindness",
    r"cameras?|photos?|photo\w+|portraits?",
)

RULES: Final = (
    Rule("minors-1", "unsafe_minors", (_MINOR, _SEXUAL), _MINOR_EXCUSED),
    Rule(
        "mass-harm-1", "unsafe_weapons", (_ASKS_HOW, _MAKES, _MASS_HARM), _words(*_FICTION, _MASS_HARM_EXCUSED.pattern)
    ),
    # Details are details, in a story too.
    Rule("mass-harm-2", "unsafe_weapons", (_ASKS_DETAIL, _MAKES, _MASS_HARM), _MASS_HARM_EXCUSED),
    Rule("self-harm-1", "unsafe_self_harm", (_ASKS_WAYS, _SELF_HARM), _words(*_FICTION, _SELF_HARM_EXCUSED.pattern)),
    Rule("threat-1", "unsafe_threat", (_HARMS_PERSON,), _THREAT_EXCUSED),
    Rule("threat-2", "unsafe_threat", (_ANNOUNCES,), _THREAT_EXCUSED),
    Rule("threat-3", "unsafe_threat", (_THREAT_LETTER,), _THREAT_EXCUSED),
    Rule("exposure-1", "unsafe_threat", (_EXPOSES,), _THREAT_EXCUSED),
)
