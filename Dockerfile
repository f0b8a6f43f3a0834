# One image for every process of Stet: web, worker, reconcile and migrate differ by their command only.
# docs/operators.md says how to run it, docs/decisions/0012-one-image.md why it is one.

FROM python:3.11-slim AS build
ENV PATH="/venv/bin:$PATH" \
    STET_STATIC=/srv/stet/staticfiles
WORKDIR /srv/stet
COPY requirements.txt ./
# Wheels only, with the hashes that are locked: nothing is compiled, and no package's code runs on installing it.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt
COPY manage.py CHANGELOG.md LICENSE ./
COPY deploy/healthy.py deploy/
COPY config config/
COPY claims claims/
COPY verification verification/
# The data folder, with the secret that a first start makes in it, is not kept.
RUN STET_DATA=/tmp/build python manage.py collectstatic --noinput \
    && rm -rf /tmp/build \
    && python -m compileall -q manage.py config claims verification

FROM python:3.11-slim
ENV PATH="/venv/bin:$PATH" \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    STET_DATA=/data \
    STET_STATIC=/srv/stet/staticfiles
# An optional reader: Debian's newest, for its files are hostile and their readers' repairs matter more than a fixed one.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libimage-exiftool-perl \
    && rm -rf /var/lib/apt/lists/*
# A fixed number, so that a volume keeps its owner from one image to the next.
RUN groupadd --gid 10001 stet \
    && useradd --uid 10001 --gid stet --no-log-init --no-create-home --home-dir /tmp --shell /usr/sbin/nologin stet \
    && install --directory --owner stet --group stet --mode 0700 /data
COPY --from=build /venv /venv
COPY --from=build /srv/stet /srv/stet
WORKDIR /srv/stet
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "deploy/healthy.py", "http://127.0.0.1:8000/healthz"]
# Many threads, for a few stalled answers hold as many threads.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "32", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "4", "config.wsgi:application"]
