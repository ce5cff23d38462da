#!/usr/bin/env bash
# Run once by the PostgreSQL image on an empty volume: the roles and databases of Tournée and of its object store.
set -euo pipefail

# Passwords reach psql through its environment, never through a command line that others can list.
psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv owner_password TOURNEE_OWNER_PASSWORD
\getenv app_password TOURNEE_APP_PASSWORD
\getenv store_password TOURNEE_STORE_PASSWORD
CREATE ROLE tournee_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'owner_password';
CREATE ROLE tournee_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'app_password';
CREATE ROLE tournee_store LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'store_password';
CREATE DATABASE tournee OWNER tournee_owner;
CREATE DATABASE tournee_store OWNER tournee_store;
REVOKE CONNECT ON DATABASE tournee, tournee_store FROM PUBLIC;
GRANT CONNECT ON DATABASE tournee TO tournee_app;
SQL

# Backups copy the cluster as the superuser, from the inner network alone; the image lets in replication from itself only.
echo 'host replication postgres samenet scram-sha-256' >>"$PGDATA/pg_hba.conf"
