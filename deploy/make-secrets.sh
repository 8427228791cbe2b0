#!/bin/sh
# Write the secrets docker-compose.yml hands to the services as files. Existing ones are kept.
set -eu
umask 077
folder="$(dirname "$0")/../secrets"
mkdir -p "$folder"
cd "$folder"

random() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c "$1"; }
keep() { [ -s "$1" ] || printf '%s' "$2" >"$1"; }

keep secret_key "$(random 64)"
keep postgres_password "$(random 32)"
keep owner_password "$(random 32)"
keep app_password "$(random 32)"
keep database_url "postgres://rochdale_app:$(cat app_password)@postgres:5432/rochdale"
keep database_owner_url "postgres://rochdale_owner:$(cat owner_password)@postgres:5432/rochdale"
keep email_host_password ""
[ -e email_host_password ] || : >email_host_password
# The services run as other users than yours and read these files; the folder itself is closed to everybody else.
chmod 0444 ./*
echo "The secrets are in $(pwd). Keep a copy of them apart from the database's backups."
