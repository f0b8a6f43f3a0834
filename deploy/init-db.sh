#!/bin/sh
# What PostgreSQL runs once, on its first start: the role that the desk runs as. It owns nothing, so it can't drop the
# triggers that keep what only grows.
set -eu
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v password="$(cat /run/secrets/database_password)" <<'SQL'
CREATE ROLE stet_desk LOGIN PASSWORD :'password';
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO stet_desk;
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO stet_desk;
SQL
