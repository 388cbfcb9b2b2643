"""The environment of an installation under VAR: for the supervisor, and for `manage.py` beside a running demo."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ops.homes import secret
from ops.services import Postgres, Valkey
from ops.variables import given

DEFAULT_VAR: Final = Path("var")
#: What the demo starts itself where the environment does not name one.
SERVERS: Final[dict[str, type[Postgres] | type[Valkey]]] = {"DATABASE_URL": Postgres, "REDIS_URL": Valkey}


def site_environment(var: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Fill in what the person has not set; the secret key is made once and kept."""
    env = dict(environ)
    if not given(env, "ARENA_SECRET_KEY"):
        env["ARENA_SECRET_KEY"] = secret(var, "secret_key")
    if given(env, "S3_BUCKET"):
        env.setdefault("ARENA_STORAGE", "s3")
    if not any(given(env, name) for name in ("ARENA_HTTPS", "ARENA_ALLOWED_HOSTS")):
        # Nobody but this machine: the login link that the demo prints opens the admin by itself.
        env.setdefault("ARENA_ADMIN_SECOND_FACTOR", "0")
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

    A demo may run on servers that the environment names; its key is in VAR all the same.

    Returns:
        None where the environment is a deployment's, with a database and a key, or where no demo was ever started.
    """
    var = Path(environ.get("ARENA_VAR") or DEFAULT_VAR).resolve()
    deployed = all(given(environ, name) for name in ("DATABASE_URL", "ARENA_SECRET_KEY"))
    if deployed or not (var / "secrets" / "secret_key").exists():
        return None
    servers = {name: kind(var).url for name, kind in SERVERS.items() if not given(environ, name)}
    return site_environment(var, dict(environ) | servers)
