"""Releases of an arena's data: drafted, reviewed, published; never changed afterwards."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Battle

#: What an arena begins with; the privacy page says so.
EMBARGO_DAYS = 30
#: As long as a voter's cookie lasts.
WITHDRAWAL_DAYS = 365


class ReleaseState(models.TextChoices):
    """draft → reviewed → published → superseded or withdrawn; a draft may also be thrown away."""

    DRAFT = "draft", "draft"
    REVIEWED = "reviewed", "reviewed"
    PUBLISHED = "published", "published"
    SUPERSEDED = "superseded", "superseded"
    WITHDRAWN = "withdrawn", "withdrawn"


#: What was public at some time.
ONCE_PUBLIC = (ReleaseState.PUBLISHED, ReleaseState.SUPERSEDED, ReleaseState.WITHDRAWN)


class ReleasePolicy(models.Model):
    """How an arena releases its data; made with the defaults when it is first needed."""

    arena = models.OneToOneField(Arena, on_delete=models.PROTECT, primary_key=True, related_name="+")
    builds = models.BooleanField(default=True, help_text="Build a draft when a month's embargo has passed.")
    publishes = models.BooleanField(default=False, help_text="Publish it at once, without a review.")
    embargo_days = models.PositiveSmallIntegerField(default=EMBARGO_DAYS)
    # Without a recogniser of names the filter finds too few of them to release texts unasked.
    publishes_texts = models.BooleanField(
        default=False, help_text="Release texts with consent. The filter does not find names of persons."
    )
    min_voters = models.PositiveSmallIntegerField(default=20)
    licence = models.CharField(max_length=60, default="CC BY 4.0")
    withdrawal_days = models.PositiveSmallIntegerField(
        default=WITHDRAWAL_DAYS, help_text="So long after publication rows can be found again, to be taken out."
    )

    class Meta:
        verbose_name_plural = "release policies"
        constraints = [
            models.CheckConstraint(condition=Q(min_voters__gte=2), name="release_policy_merges"),
        ]

    def __str__(self) -> str:
        return f"releases of {self.arena}"


class Release(models.Model):
    """One release. `window_end` is the first day outside. The salt of its pseudonyms exists only until publication."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    # 2026-10, or 2026-10.r2 for a revision.
    name = models.CharField(max_length=20)
    window_start = models.DateField()
    window_end = models.DateField()
    revision = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, choices=ReleaseState.choices, default=ReleaseState.DRAFT)
    salt = models.BinaryField(max_length=32, null=True)
    embargo_days = models.PositiveSmallIntegerField()
    # The manifest as it was signed and the content of leaderboard.json; null until the draft is built.
    manifest = models.JSONField(null=True)
    leaderboard = models.JSONField(null=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    # Withdrawals of its window that were known when it was built.
    withdrawals = models.PositiveIntegerField(default=0)
    # Of a revision: how the counted votes that it took away had ended, as rows of `prior_tallies`.
    removed_tallies = models.JSONField(default=list)
    # Of a revision: the rows whose texts went, and those that went as a whole.
    settles = models.JSONField(default=dict)
    downloads = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "name"], name="release_name_unique"),
            models.UniqueConstraint(fields=["arena", "window_start", "revision"], name="release_once_per_period"),
            models.UniqueConstraint(
                fields=["arena", "window_start"], condition=Q(state="published"), name="release_one_public_per_period"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "reviewed"], published_at=None)
                | Q(state__in=["published", "superseded", "withdrawn"], published_at__isnull=False),
                name="release_published_has_a_time",
            ),
            # Whoever has the salt can try identities: it goes in the statement that publishes.
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(salt=None), name="release_published_has_no_salt"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(manifest__isnull=False), name="release_beyond_draft_is_built"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arena} {self.name}"


class ReleaseShard(models.Model):
    """A part of a build, from `start` up to before `end`, while the build runs. The lease belongs to `attempt`."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    start = models.DateTimeField()
    end = models.DateTimeField()
    # Of the database, exported by the builder; empty: the builder's own transaction.
    snapshot = models.CharField(max_length=64, blank=True)
    rules = models.JSONField()
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    # What the part says besides its tables.
    found = models.JSONField(default=dict)
    withdrawn = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "number"], name="release_shard_number_unique")]

    def __str__(self) -> str:
        return f"{self.release}, part {self.number}"


class Sha256(models.Func):
    """The digest of a text."""

    template = "sha256(convert_to(%(expressions)s, 'UTF8'))"
    output_field = models.BinaryField()


class TextReading(models.Model):
    """What was found out about a text when it arrived, by its digest: builds look it up instead of reading again.

    A cache: deleted with the text, or when it is old. Of prompts, `sketch` tells which are nearly equal, and `counts`
    become a vector.
    """

    sha256 = models.BinaryField(max_length=32, primary_key=True)
    # Another version than today's: to be read again.
    rules = models.CharField(max_length=40)
    # Kinds of personal data, one space between; empty: none; `unreadable`.
    kinds = models.CharField(max_length=200, blank=True)
    sketch = models.BinaryField(max_length=48, null=True)
    counts = models.BinaryField(max_length=512, null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="text_reading_age")]

    def __str__(self) -> str:
        return f"a text of {self.created_at:%Y-%m-%d}"


class ReadingMark(models.Model):
    """How far the texts of an arena have been read by which rules: battles that ended before `up_to`."""

    arena = models.OneToOneField(Arena, on_delete=models.PROTECT, primary_key=True, related_name="+")
    rules = models.CharField(max_length=40)
    up_to = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.arena} up to {self.up_to}"


class ReleasedBattle(models.Model):
    """Which row of a public release a battle became: kept so that it can be taken out, and only as long as it may be.

    `row` is its `battle_id` there, which the salt can no longer tell.
    """

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, primary_key=True, related_name="+")
    # The first revision; later ones keep the ids of rows.
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+")
    row = models.CharField(max_length=16)
    text_removed = models.BooleanField(default=False)
