# The image of every Rust binary. The context is a folder that holds the built binary and nothing else; BIN is its name:
# docker build --build-arg BIN=auth --file Dockerfile FOLDER
FROM debian:trixie-slim

# Before the binary: a new build of it installs nothing again.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && groupadd --gid 10001 app \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app

# An entry point cannot name an argument, a link can.
ARG BIN
RUN ln -s "$BIN" /usr/local/bin/app
COPY ${BIN} /usr/local/bin/${BIN}

USER 10001:10001
ENTRYPOINT ["/usr/local/bin/app"]
