"""The environment of an installation under VAR: for the supervisor, and for `manage.py` beside a running demo."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ops.services import Postgres, Valkey, secret

DEFAULT_VAR: Final = Path("var")


def site_environment(var: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Fill in what the person has not set; the secret key is made once and kept."""
    env = dict(environ)
    if not _given(env, "ARENA_SECRET_KEY"):
        env["ARENA_SECRET_KEY"] = secret(var, "secret_key")
    if _given(env, "S3_BUCKET"):
        env.setdefault("ARENA_STORAGE", "s3")
    defaults = {
        "ARENA_HTTPS": "0",
        "ARENA_DEBUG": "0",
        "ARENA_LIMITS_OFF": "1",
        "ARENA_VAR": str(var),
        # numpy in every worker would otherwise start a thread for each core.
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return defaults | env | {"DJANGO_SETTINGS_MODULE": "arena.config.settings"}


def demo_environment(environ: Mapping[str, str]) -> dict[str, str] | None:
    """The environment of the demo in VAR (`ARENA_VAR`, else `var`), for one management command.

    Returns:
        None where the environment names a database itself, or where no demo was ever started.
    """
    var = Path(environ.get("ARENA_VAR") or DEFAULT_VAR).resolve()
    if _given(environ, "DATABASE_URL") or not (var / "secrets" / "secret_key").exists():
        return None
    servers = {"DATABASE_URL": Postgres(var).url, "REDIS_URL": Valkey(var).url}
    return site_environment(var, servers | dict(environ))


def _given(environ: Mapping[str, str], name: str) -> bool:
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))
