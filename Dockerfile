# syntax=docker/dockerfile:1
# One image for web server, workers, beat and migrations; docker-compose.yml gives each its command.

FROM node:20-bookworm-slim AS frontend
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/arena
COPY requirements/bootstrap.txt requirements/base.txt requirements/
RUN python -m venv /srv/venv \
 && /srv/venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/bootstrap.txt \
 && /srv/venv/bin/uv pip sync --no-cache --compile-bytecode --python /srv/venv/bin/python --require-hashes requirements/base.txt
COPY manage.py pyproject.toml ./
COPY arena/ arena/
COPY data_releases/ data_releases/
COPY workers/ workers/
COPY ops/ ops/
COPY --from=frontend /src/frontend/dist/ frontend/dist/
# Both commands read the settings and connect to nothing; the key lives for this line alone.
RUN find arena -name '*.po' -exec sh -c '/srv/venv/bin/pybabel -q compile -i "$1" -o "${1%.po}.mo"' _ {} \; \
 && ARENA_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" DATABASE_URL=postgresql://build@127.0.0.1:1/build \
    /srv/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && /srv/venv/bin/python -m compileall -q arena data_releases workers ops

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /srv/arena --no-create-home --shell /usr/sbin/nologin arena \
 && install -d -o arena -g arena /srv/var
WORKDIR /srv/arena
COPY --from=build /srv/venv/ /srv/venv/
COPY --from=build /srv/arena/ ./
ENV PATH=/srv/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=arena.config.settings \
    ARENA_VAR=/srv/var \
    OPENBLAS_NUM_THREADS=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-m", "ops.healthcheck"]
CMD ["python", "-m", "uvicorn", "arena.config.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--no-access-log", "--log-level", "warning", "--no-server-header", "--no-proxy-headers", \
     "--ws-per-message-deflate", "false", "--ws-max-size", "65536", "--http", "arena.config.protocol:PatientProtocol", \
     "--lifespan", "off", "--timeout-graceful-shutdown", "20"]
