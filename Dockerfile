# Two stages: the first builds the environment, the second holds it and nothing that could build anything.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.prod.lock .
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r requirements.prod.lock
COPY . .
ENV PATH=/venv/bin:$PATH
# Settings refuse to start without these; nothing here is kept or connected to.
RUN SECRET_KEY=only-to-collect-static DATABASE_URL=postgres://nobody@nowhere/none REDIS_URL=redis://nowhere \
    python manage.py collectstatic --noinput && python -m compileall -q .

FROM python:3.11-slim
RUN groupadd --gid 1000 rochdale && useradd --uid 1000 --gid rochdale --no-create-home --home-dir /data rochdale \
    && install -d -o rochdale -g rochdale /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 ROCHDALE_DATA=/data HOST=0.0.0.0
WORKDIR /app
USER rochdale
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "coop.wsgi:application"]
