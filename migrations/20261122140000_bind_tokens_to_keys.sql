-- Tokens may be tied to a key that their sender has to hold (RFC 9449, RFC 8705): what `cnf` says, or null for a token
-- that whoever has it may use. Adding a column without a default rewrites no table.
alter table access_tokens add column confirmation jsonb;
alter table refresh_tokens add column confirmation jsonb;
