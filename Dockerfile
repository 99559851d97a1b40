# Runbell in a container: what the lock file pins, and nothing that can write to itself.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app

COPY requirements/runtime.lock requirements/runtime.lock
RUN pip install --disable-pip-version-check --require-hashes -r requirements/runtime.lock

COPY bot bot
COPY providers providers
COPY manifest.yml manifest.yml
# The one place it writes to: what the watch remembers, unless that is in PostgreSQL.
RUN useradd --system --uid 10001 runbell \
    && install --directory --owner=runbell --mode=0700 /var/lib/runbell
USER runbell
VOLUME /var/lib/runbell

# The configuration is mounted, secrets come from the environment:
#   docker run -v ./runbell.yml:/etc/runbell/runbell.yml:ro \
#     -v runbell:/var/lib/runbell --env-file .env runbell
# In HTTP mode set `http: {host: "0.0.0.0"}` in it, and publish the port.
ENV RUNBELL_CONFIG=/etc/runbell/runbell.yml \
    RUNBELL_DATABASE_URL=sqlite:////var/lib/runbell/runbell.db
EXPOSE 3000
ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve"]
