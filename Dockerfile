# One image for every subcommand:   docker build -t millrace .   docker run --rm millrace operator --help
# BASE_IMAGE: anything with Node 24 and npm, for places without a registry of images. Its npm configuration and
# certificates are used; nothing else is fetched than npm packages.
ARG BASE_IMAGE=node:24-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --workspaces=false
COPY tsconfig.json tsconfig.build.json ./
COPY kit/src kit/src
COPY src src
COPY docs docs
RUN node_modules/.bin/tsc -p tsconfig.build.json --declaration false \
 && cp -R src/console/page dist/src/console/ \
 && mkdir dist/docs && cp -R docs/*.md docs/runbooks dist/docs/

FROM ${BASE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# What only compilers and people read is a third of it.
RUN npm ci --omit=dev --ignore-scripts --workspaces=false \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.md' \) -delete

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Millrace" \
      org.opencontainers.image.description="Just enough RabbitMQ workers for every job to start within its promised wait" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Memory before speed (npm run bench:image): the small semi-space costs some garbage collections; the compile cache would
# win a tenth of a second at the start and keep 5 to 10 MB.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=1 NODE_DISABLE_COMPILE_CACHE=1
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /build/dist dist
COPY bin bin
# By number, so that a cluster can see that it is not root. Nothing is written but to mounted folders.
USER 65532:65532
ENTRYPOINT ["node", "/app/bin/millrace.mjs"]
CMD ["--help"]
