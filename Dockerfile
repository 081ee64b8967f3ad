# docker build --tag reprompt-mock .
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
    && python -m venv --without-pip /opt/reprompt-mock \
    && pip --python /opt/reprompt-mock install --no-cache-dir /dist/*.whl

FROM ${BASE}
LABEL org.opencontainers.image.title="reprompt-mock" \
      org.opencontainers.image.description="A local, deterministic, controllable emulator of Reprompt's place enrichment batch API" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/reprompt-mock /opt/reprompt-mock
# Whoever runs it may write there, also where a volume takes over the folder's mode.
RUN mkdir --mode=1777 /data
# PYTHONDONTWRITEBYTECODE: the root may be read-only, and pip has compiled everything.
ENV PATH=/opt/reprompt-mock/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    REPROMPT_MOCK_HOST=0.0.0.0
VOLUME /data
WORKDIR /data
EXPOSE 8780
# A number, so that what wants no root can see it; any other will do.
USER 10001:10001
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s CMD ["reprompt-mock", "health"]
ENTRYPOINT ["reprompt-mock"]
CMD ["serve"]
