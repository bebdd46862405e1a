# The exporter, and nothing else of this project: dist/, what it needs to run, package.json.
#
#   docker build -t quic-lb-exporter .
#
# Needs the base image and npm, no more: no frontend image ("syntax" line), no build secrets.

# The Node.js that the tests run on: test/stack-dockerfile.test.ts compares it with package-lock.json.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package's own scripts: the only one allowed elsewhere fetches a Node.js, and here is one already.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY qlog-parsers qlog-parsers
COPY exporter exporter
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
# A volume that is new takes the owner of the directory under it.
RUN install -d -o node -g node -m 0750 /var/lib/quic-lb-exporter
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# As a variable, so that arguments of one's own do not switch the state off.
ENV QUIC_LB_EXPORTER_STORAGE_PATH=/var/lib/quic-lb-exporter
VOLUME /var/lib/quic-lb-exporter
EXPOSE 19114
# The user "node" by number: a cluster can see that it is not root.
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "require('node:http').get('http://127.0.0.1:19114/-/healthy', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/exporter/main.js"]
