"""From votes to ratings: each formula, with its source."""

from django.utils.translation import gettext as _

from arena.web.texts.model import Section


def ratings() -> Section:
    """The model and its scale."""
    return Section(
        "ratings",
        _("From votes to ratings"),
        (
            _(
                "Ratings come from the Bradley–Terry model (Bradley and Terry, 1952, doi:10.2307/2334029): with "
                "strengths θ, system A is preferred to system B with the probability 1 / (1 + exp(θ(B) − θ(A))). A "
                "tie, and a vote that both are bad, count as half a win for each side. The strengths are those "
                "that make the votes most likely (maximum likelihood)."
            ),
            _(
                "The scale is that of chess: a rating is 1000 + (400 / ln 10) θ, so that a difference of 400 "
                "points means odds of ten to one and the average of all rated systems is 1000. At a difference of "
                "100 points the better system is preferred in about 64 of 100 battles."
            ),
            _(
                "Ratings need comparisons that connect all systems. While some systems never met the others, even "
                "through a chain of battles, or while one group won every battle against the rest, their difference "
                "is unknown or without bound. The leaderboard then says so. If one group holds more than half of all "
                "systems with votes, its members are rated among themselves; the others get no number."
            ),
            _(
                "A system is ranked from a number of votes on that its arena sets (30 unless it says otherwise); "
                "with fewer it is listed apart, with its rating and interval and without a rank. Under a second "
                "number (300) its rating is called preliminary. A system is marked as new for two weeks, or until "
                "its rating is no longer preliminary. Its votes count in the ratings of the others from the first "
                "on, and their rank ranges count it, too. Certified leaderboards and those of imported votes rank "
                "every system with a rating."
            ),
            _(
                "The computation is exact: Newton’s method runs until its last step is far below a millionth of a "
                "point, and the same votes give the same digits whenever they are computed again."
            ),
            _(
                "Page and programs also offer models in which a tie is an outcome of its own (Davidson, 1970, "
                "doi:10.1080/01621459.1970.10481082; Rao and Kupper, 1967, doi:10.1080/01621459.1967.10482901). Votes "
                "that both are bad can be a tie, be left out, or be told apart as a rate per system, which says how "
                "good it is by itself and not beside another. Such ratings are on a scale of their own and say how "
                "they were made."
            ),
            _(
                "With d = θ(A) − θ(B): in Davidson’s model A wins with the probability exp(d/2) / D, a tie has ν / "
                "D, and D = exp(d/2) + exp(−d/2) + ν. In Rao and Kupper’s, A wins with 1 / (1 + exp(η − d)), B with "
                "1 / (1 + exp(η + d)), and the rest are ties. ν or η is estimated together with the strengths."
            ),
            _(
                "Of n votes on a system, k of which say that both are bad, the rate is k / n; its interval is "
                "Wilson’s, (k + z²/2 ± z √(k (n − k) / n + z²/4)) / (n + z²) with z = 1.96 at 95 % (Wilson, 1927, "
                "doi:10.1080/01621459.1927.10502953; Brown, Cai and DasGupta, 2001, doi:10.1214/ss/1009213286)."
            ),
        ),
    )


def intervals() -> Section:
    """Intervals, ranks, sequences."""
    return Section(
        "intervals",
        _("How sure a rating is"),
        (
            _(
                "Each rating has an interval at a confidence of 95 %, about the system against the average of the "
                "board. With H the curvature of the log-likelihood and J the sum of the squared slopes of single "
                "votes, the covariance of the strengths is H⁺ J H⁺ (the sandwich estimator: Huber, 1967; White, "
                "1982, doi:10.2307/1912526). It does not rely on the model being exactly right. Where the votes on "
                "a system hardly vary, for example because it only ever tied, the model’s own H⁺ is used; no "
                "interval has a width of zero."
            ),
            _(
                "The rank ranges hold for all systems at once. From the joint distribution of the ratings follows "
                "the largest difference, in standard errors, that chance alone would show in 95 of 100 boards "
                "(max-t: Hothorn, Bretz and Westfall, 2008, doi:10.1002/bimj.200810425). A system counts as better "
                "than another only if their difference is larger. Its best rank is one more than the number of "
                "systems that are better, its worst rank leaves out those that are worse (Mogstad, Romano, Shaikh "
                "and Wilhelm, 2024, doi:10.1093/restud/rdad006). A tier holds a leader and all that follow until "
                "the first that is surely worse than the leader. Systems whose rank ranges overlap should not be "
                "told apart."
            ),
            _(
                "In symbols (Hothorn, Bretz and Westfall, as above): let x be normal with the covariance of the "
                "strengths. The 95 % point of the largest |x(A)| / s(A) over all systems is q, and the intervals "
                "rating ± q s hold for all systems at once. The 95 % point of the largest |x(A) − x(B)| / s(AB) over "
                "all pairs, s(AB) being the error of the difference, is q₂: A is better than B if (θ(A) − θ(B)) / "
                "s(AB) exceeds q₂. Both come from 1000 to 4000 draws with a stored seed."
            ),
            _(
                "Whoever looks at a board every day sees an ordinary interval miss sooner or later. A confidence "
                "sequence holds at all looks together: the rating ± s √((1 + 1/(I ρ²)) ln((I ρ² + 1) / α²)), with "
                "the standard error s, I = 1/s², α = 5 %, and ρ such that it is narrowest at a standard error of "
                "10 points (Waudby-Smith and others, 2024, doi:10.1214/24-AOS2408). It is about 1.6 times as wide."
            ),
            _(
                "Votes of one voter may hang together. Intervals can therefore also be computed from sums by voter "
                "(Liang and Zeger, 1986, doi:10.1093/biomet/73.1.13), or by a bootstrap that draws voters instead "
                "of votes. Every random draw has a stored seed."
            ),
        ),
    )
