-- A role for emulators, which owns one schema and may do nothing else: psql --file deploy/role.sql, as a superuser or
-- the database's owner. Then set its password with psql's \password reprompt_mock, which never sends it in the clear.
-- For another emulator in the same database: replace the name everywhere.
CREATE ROLE reprompt_mock LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE SCHEMA reprompt_mock AUTHORIZATION reprompt_mock;
ALTER ROLE reprompt_mock SET search_path = reprompt_mock;
