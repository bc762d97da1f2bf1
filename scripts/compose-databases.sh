#!/bin/sh
# Makes the two databases when the PostgreSQL container starts for the first time.
set -eu
for name in saleor ponte; do
    case $name in saleor) password=$SALEOR_DB_PASSWORD ;; *) password=$PONTE_DB_PASSWORD ;; esac
    psql -v ON_ERROR_STOP=1 -v name="$name" -v password="$password" --username postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
SQL
done
