"""How the pages of the leaderboards are made: what is on each, and how it is computed."""

from django.utils.translation import gettext as _

from arena.web.texts.model import Section


def board_sections() -> tuple[Section, ...]:
    """The sections, in the order of the pages."""
    return (
        _categories(),
        _by_vote(),
        _fragility(),
        _style(),
        _history(),
        _matrix(),
        _value(),
        _transparency(),
        _own(),
        _certified(),
    )


def _categories() -> Section:
    return Section(
        "categories",
        _("Languages and kinds of prompts"),
        (
            _(
                "When a vote is counted, its prompts up to the voted turn are looked at once: the language by a "
                "classifier (texts under 20 characters stay undetermined), the kinds by rules that anybody can read. "
                "A song's kinds come from its requirement: whether it is sung, and the families of the genres named. "
                "Language, kinds and the version of the rules are stored; an erased prompt keeps them. A board of a "
                "language or kind is computed from its votes alone, by the same method."
            ),
        ),
    )


def _by_vote() -> Section:
    return Section(
        "by-vote",
        _("Voter by voter, and weighted by the draw"),
        (
            _(
                "Votes of one person may hang together. Intervals voter by voter take the sum of the scores of all "
                "votes of a person as one observation (clustered sandwich; Liang and Zeger, 1986, "
                "doi 10.1093/biomet/73.1.13). They need many voters: with a handful they are no better than a guess."
            ),
            _(
                "Some pairs are drawn more often than others. In a weighted board a vote weighs one over the logged "
                "probability that its pair was drawn, relative to the mean of these weights (Horvitz and Thompson, "
                "1952, doi 10.1080/01621459.1952.10483446): the ratings are then those of equally frequent pairs. "
                "Both need every single vote, so these boards follow the live one every few minutes, with even votes "
                "as half wins; together with other readings of even votes the command rank computes them."
            ),
        ),
    )


def _fragility() -> Section:
    return Section(
        "fragility",
        _("How fragile the first place is"),
        (
            _(
                "Every ten minutes the arena looks for the smallest sets of votes, and of voters, without which "
                "another system would be first. They are found by their influence on the lead, and verified by a new "
                "fit without them (Broderick, Giordano and Meager, 2020). That no smaller set exists is not proven."
            ),
        ),
    )


def _style() -> Section:
    return Section(
        "style",
        _("Ratings at equal form"),
        (
            _(
                "The same model with five more terms: the differences between both answers in length, headings, list "
                "items, bold text and code blocks, each relative to their sum. The ratings that remain are those at "
                "equal form; the terms say what a typical difference is worth. Computed every ten minutes from the "
                "newest 200,000 counted votes."
            ),
            _(
                "With x the five differences of a vote, each divided by its typical size (root mean square), the "
                "left answer is preferred with the probability 1 / (1 + exp(−(θ(L) − θ(R) + β·x))), a tie being half "
                "a win for each side. θ and β are those that make the votes most likely, without a penalty (after "
                "Li, Angelopoulos and Chiang, 2024, “Does style matter?”)."
            ),
            _(
                "Both clips of a battle of music are cut to one length and brought to one loudness before anybody "
                "hears them, so that neither can please by being longer or louder. What is left are differences of "
                "the originals, and two terms hold them equal: how much music a system gave, relative to the sum of "
                "both, and how loud the heard part was as it came (integrated loudness, ITU-R BS.1770-4), in loudness "
                "units. Loud originals are often denser and less dynamic, at any loudness. A clip of which one is not "
                "known makes no difference in it."
            ),
        ),
    )


def _history() -> Section:
    return Section(
        "history",
        _("Leaderboards of the past"),
        (
            _(
                "A leaderboard that was computed is never changed. Of every minute the last one is kept, after two "
                "days of every hour; of those made from single votes (voter by voter, or weighted) that of every "
                "day. Each names its votes, method and code; from the same votes the same leaderboard can be "
                "computed again, to the byte."
            ),
            _(
                "Who asks for a moment gets the last leaderboard kept before it. For a date, and for every full "
                "hour, that is exactly the one of then (of those made from single votes, for a date); in between, "
                "others may have followed in the same hour, in the last two days in the same minute. Whether a "
                "system is ranked, preliminary or retired is told as of today. The command rank computes "
                "the kept one again, to the byte; where others may have followed, it counts the votes cast until the "
                "moment instead, and says so. The database refuses to change a stored leaderboard, and to delete one "
                "that is the last of its hour, or, made from single votes, of its day."
            ),
        ),
    )


def _matrix() -> Section:
    return Section(
        "matrix",
        _("Who beats whom"),
        (
            _(
                "The probability that one system is preferred to another follows from the difference of their "
                "ratings; its interval from the error of this difference. It is a statement of the model. How often "
                "the two really met, and who won, is in the data beside it. The page takes every vote by itself; the "
                "command rank (--matrix) also computes it voter by voter, weighted by the draw, and with models of "
                "ties, where a tie is half a preference."
            ),
            _(
                "With d = θ(A) − θ(B) and V the covariance of the strengths, the probability is 1 / (1 + exp(−d)). "
                "The ends of its interval (95 %) come from the same formula with d ± 1.96 √(V(AA) + V(BB) − 2 "
                "V(AB)), as estimates from many votes are nearly normal (Wald, 1943, doi:10.2307/1990256). With a "
                "model of ties its formulas stand here instead, and ν or η is taken as known."
            ),
        ),
    )


def _value() -> Section:
    return Section(
        "value",
        _("Cost, speed and failures"),
        (
            _(
                "Every call of a system adds to hourly counters: answers, failures by class, tokens, cost, and times "
                "in steps of a quarter. The page sums the last seven days. The cost of an answer comes from its "
                "tokens and the listed prices. Cost per win divides it by the share of battles won, ties as halves. "
                "Failures are told by their class, never in the words of a system. The dotted line (Pareto front) "
                "joins the ranked systems to which no other is better without being dearer, or slower."
            ),
        ),
    )


def _transparency() -> Section:
    return Section(
        "transparency",
        _("Whether pairs were drawn as logged"),
        (
            _(
                "With each draw its pool and weights are stored. The number of draws of each system is compared with "
                "the sum of its logged probabilities by a chi-squared test with the exact covariance of all draws. "
                "The test sees whether the sampler did what it logged. The database refuses to delete a system, "
                "version, vote or voted battle; only its owner could lift that, or empty a whole table."
            ),
            _(
                "With O the numbers of draws, E the sums of the logged probabilities, and V the sum over all draws "
                "of P(AB) − π(A) π(B), where P(AB) is the probability of the pair and π(A) that of A being in it (on "
                "the diagonal π(A) − π(A)²), the statistic is (O − E)ᵀ V⁺ (O − E), with as many degrees of freedom "
                "as the rank of V (Rao, 1948, doi:10.1017/S0305004100023987)."
            ),
        ),
    )


def _own() -> Section:
    return Section(
        "own",
        _("Your own ratings"),
        (
            _(
                "Your votes are too few for ratings of their own, so they are combined with everybody’s: the ratings "
                "of all votes are the expectation (prior mean), and your votes move them. How far one person’s taste "
                "may be from everybody’s is estimated from your votes themselves (empirical Bayes)."
            ),
            _(
                "With μ everybody’s strengths and w(AB) how often you preferred A to B, ties as halves, your "
                "strengths θ maximise Σ w(AB) ln(1 / (1 + exp(θ(B) − θ(A)))) − Σ (θ(A) − μ(A))² / (2 τ²). Of six "
                "values from 12.5 to 400 points, τ is the one under which your votes are most likely (Laplace’s "
                "approximation), with 100 points as the expectation (Caron and Doucet, 2012, "
                "doi:10.1080/10618600.2012.638220; Efron and Morris, 1975, doi:10.1080/01621459.1975.10479864)."
            ),
        ),
    )


def _certified() -> Section:
    return Section(
        "certified",
        _("Live and certified"),
        (
            _(
                "The live leaderboard moves with every vote and can be checked by nobody else. A certified "
                "leaderboard belongs to a release and is computed from its published files alone; anybody can compute "
                "it again."
            ),
        ),
    )
