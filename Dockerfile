# syntax=docker/dockerfile:1
# One image for every command of Gatehouse: `docker run gatehouse http`, `socket`, `grpc`, `migrate up`, …

FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-slim
LABEL org.opencontainers.image.title="Gatehouse" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    APP_ENV=prod \
    APP_HOST=0.0.0.0 \
    APP_DATA_DIR=/var/lib/gatehouse
WORKDIR /opt/gatehouse
# The state of a container: the embedded database, keys, certificates. Owned by whom the processes run as.
RUN install --directory --owner=node --group=node --mode=0700 /var/lib/gatehouse
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/configs ./configs
COPY --from=build /src/protos ./protos
COPY --from=build /src/assets ./assets
COPY --from=build /src/dist/bundle ./dist/bundle
USER node
VOLUME /var/lib/gatehouse
EXPOSE 8080 30000 9090
# SIGTERM drains; node as the first process gets it because nothing stands between.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/bundle/bin/app.js"]
CMD ["up"]
