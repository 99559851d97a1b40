# Runbell in a container: what the lock file pins, and nothing that can write to itself.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app

COPY requirements/runtime.lock requirements/runtime.lock
RUN pip install --disable-pip-version-check --require-hashes -r requirements/runtime.lock

COPY bot bot
COPY providers providers
COPY manifest.yml manifest.yml
RUN useradd --system --uid 10001 runbell
USER runbell

# The configuration is mounted, secrets come from the environment:
#   docker run -v ./runbell.yml:/etc/runbell/runbell.yml:ro --env-file .env runbell
# In HTTP mode set `http: {host: "0.0.0.0"}` in it, and publish the port.
ENV RUNBELL_CONFIG=/etc/runbell/runbell.yml
EXPOSE 3000
ENTRYPOINT ["python", "-m", "bot"]
CMD ["serve"]
