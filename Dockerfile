FROM python:3.11-slim
WORKDIR /srv/brightpath
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY Makefile pyproject.toml constraints.txt constraints-dev.txt README.md ./
COPY app app
COPY bot bot
COPY core core
COPY db db
COPY migrations migrations
COPY sync sync
RUN make setup \
    && useradd --system --create-home --home-dir /var/lib/brightpath brightpath
USER brightpath
EXPOSE 8000
CMD [".venv/bin/brightpath", "run"]
