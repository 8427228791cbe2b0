#!/bin/sh
# Run once by the postgres image on an empty volume: two roles and one database, as coop/embedded_files.py makes them.
# The owner creates and migrates. The application logs in and owns nothing; migrate gives it what each table needs.
set -eu
owner="$(cat "${OWNER_PASSWORD_FILE:-/run/secrets/owner_password}")"
app="$(cat "${APP_PASSWORD_FILE:-/run/secrets/app_password}")"
psql -v ON_ERROR_STOP=1 -v owner="$owner" -v app="$app" --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
CREATE ROLE rochdale_owner LOGIN CREATEDB PASSWORD :'owner';
CREATE ROLE rochdale_app LOGIN PASSWORD :'app';
-- A secret paper must not stand in the server's log, not even after an error.
ALTER ROLE rochdale_app SET log_min_error_statement = 'panic';
ALTER ROLE rochdale_app SET log_statement = 'none';
ALTER ROLE rochdale_app SET log_min_duration_statement = -1;
CREATE DATABASE rochdale OWNER rochdale_owner;
REVOKE ALL ON DATABASE rochdale FROM PUBLIC;
GRANT CONNECT ON DATABASE rochdale TO rochdale_app;
SQL
