"""Voters, their consents, and the tokens of programs."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ApiToken(models.Model):
    """A program's credential. Only the SHA-256 of the token is stored."""

    name = models.CharField(max_length=120, unique=True)
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    # None: the site's limits; 0: no limit. See `arena.integrity`.
    limits = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Voter(models.Model):
    """A pseudonymous visitor: a browser (by the hash of its cookie) or a program's user (by its own opaque id)."""

    cookie_sha256 = models.BinaryField(max_length=32, unique=True, null=True)
    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, null=True, related_name="+")
    external_id = models.CharField(max_length=200, blank=True)
    is_simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "external_id"], name="voter_unique_in_token"),
            models.CheckConstraint(
                condition=Q(cookie_sha256__isnull=False, token=None)
                | Q(cookie_sha256=None, token__isnull=False)
                | Q(is_simulated=True),
                name="voter_is_browser_program_or_simulated",
            ),
        ]

    def __str__(self) -> str:
        return f"voter {self.pk}"


class Consent(models.Model):
    """One answer to the consent question, kept with the version of the text that was shown. The newest row counts."""

    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, null=True, related_name="+")
    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, null=True, related_name="+")
    research = models.BooleanField()
    publication = models.BooleanField(default=False)
    age_16 = models.BooleanField()
    text_version = models.CharField(max_length=40)
    language = models.CharField(max_length=16)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(voter__isnull=False, token=None) | Q(voter=None, token__isnull=False),
                name="consent_of_a_voter_or_a_token",
            ),
        ]
        indexes = [models.Index(fields=["voter", "-id"]), models.Index(fields=["token", "-id"])]

    def __str__(self) -> str:
        return f"consent {self.pk}"
