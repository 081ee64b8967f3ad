# docker build --tag reprompt-mock .
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
    && python -m venv --without-pip /opt/reprompt-mock \
    && pip --python /opt/reprompt-mock install --no-cache-dir --no-compile --constraint constraints.txt "$(ls /dist/*.whl)[postgres]"
# Symbols, and bytecode of what serving does not import, are half of it. Layers keep whole seconds; bytecode whose source
# has another time is not used.
RUN find /opt/reprompt-mock -name '*.so' -exec strip --strip-unneeded {} + \
    && find /opt/reprompt-mock -name '*.py' -exec touch --date=@1000000000 {} + \
    && /opt/reprompt-mock/bin/python -I -c 'from reprompt_mock import RepromptMock, cli, health; import reprompt_mock.dashboard.pages, reprompt_mock.store.postgres; RepromptMock().start().close()'

FROM ${BASE}
LABEL org.opencontainers.image.title="reprompt-mock" \
      org.opencontainers.image.description="A local, deterministic, controllable emulator of Reprompt's place enrichment batch API" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/reprompt-mock /opt/reprompt-mock
# Any user may write there; a new volume takes over the mode. TMPDIR has ephemeral data there too.
RUN mkdir --mode=1777 /data
ENV PATH=/opt/reprompt-mock/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/data \
    REPROMPT_MOCK_HOST=0.0.0.0
VOLUME /data
WORKDIR /data
EXPOSE 8780
# By number, so that Kubernetes sees that it is not root. Any other will do.
USER 10001:10001
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s CMD ["reprompt-mock", "health"]
ENTRYPOINT ["reprompt-mock"]
CMD ["serve"]
